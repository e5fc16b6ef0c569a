import { allows } from "../../gateway/connected-vendor.ts";
import { type Prepared, prepare } from "../../gateway/prepare.ts";
import { PictureRoom } from "../../intake/picture.ts";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import type { RowClaim, Run, RunRow } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";
import type { EngineGiven } from "./engine-given.ts";
import { type Verdict, verdictOfRefusal } from "./row-verdict.ts";
import { CONCURRENCY_DEFAULT, CONCURRENCY_DEFAULT_MAX } from "./settings.ts";
import { type Stop, stopOf } from "./stop.ts";
import { type AskedRow, wholeOrder } from "./whole-order.ts";

/** A row that passed its gates today, with its price: ready to be claimed. */
export type Boarding = {
  readonly row: RunRow;
  readonly prepared: Prepared;
  readonly claim: RowClaim;
  readonly key: KeyPolicy;
  readonly emulate: string | null;
  /** Its pictures, until its call is over. */
  readonly room: PictureRoom;
};

/** Pictures need so many bytes where they rest, beside those that are on their way. */
const ROOM_BYTES_MIN = 256 * 1024 ** 2;

/** Whether rows may go at all now. */
export type Open =
  | { readonly kind: "open"; readonly key: KeyPolicy; readonly concurrency: number }
  | { readonly kind: "closed"; readonly stop: Stop };

/** Looks at what every row needs: a key that still opens, and room where pictures rest. */
export async function lookAhead(run: Run, { deps }: EngineGiven): Promise<Open> {
  const key = await deps.ledger.findKey(run.keyId);
  const refused = refusedKey(key);
  if (key === undefined || refused !== undefined) {
    const stop = stopOf(refused ?? new Refusal("invalid_api_key", GONE), null);
    if (stop === undefined) throw new Error("a key that doesn't open stops a run");
    return { kind: "closed", stop };
  }
  // An account that keeps nothing needs no room either.
  const roomBytes = key.retain === "none" ? null : await deps.results.roomBytes();
  if (roomBytes !== null && roomBytes < ROOM_BYTES_MIN) {
    const message = `there is room for ${roomBytes} bytes where pictures rest, and a run needs at least ${ROOM_BYTES_MIN}: make room, then start it again`;
    return { kind: "closed", stop: { reason: "disk", message, row: null } };
  }
  return { kind: "open", key, concurrency: concurrencyOf(key, deps) };
}

const GONE = "the API key of this run is gone";

function refusedKey(key: KeyPolicy | undefined): Refusal | undefined {
  if (key === undefined) return undefined;
  if (key.revokedMs !== null) {
    return new Refusal("revoked_api_key", "the API key of this run was revoked");
  }
  const { expiresMs } = key.settings;
  if (expiresMs === undefined || Date.now() < expiresMs) return undefined;
  return new Refusal("expired_api_key", "the API key of this run has expired");
}

/** Calls in flight where nobody says: what the account's connections let through together, within reason. */
function concurrencyOf({ accountPath }: KeyPolicy, { connections }: EngineGiven["deps"]): number {
  const limits = connections.all.flatMap((each) =>
    allows(each, accountPath) ? (each.pace.concurrent ?? []) : [],
  );
  const sum = limits.reduce((total, limit) => total + limit, 0);
  return Math.min(CONCURRENCY_DEFAULT_MAX, Math.max(CONCURRENCY_DEFAULT, sum));
}

/**
 * A row as it would be ordered now: its pictures in hand, gated and quoted anew. What it can cost is claimed, so that
 * a price that has changed since the run was priced is under the cap too.
 */
export async function board(
  asked: AskedRow,
  key: KeyPolicy,
  { deps, files, signal }: Pick<EngineGiven, "deps" | "files"> & { readonly signal: AbortSignal },
): Promise<Boarding | Verdict> {
  const { row } = asked;
  const room = new PictureRoom();
  try {
    const { order, kept } = await wholeOrder(asked, { files, room, signal }, deps);
    const by = { deps, accountPath: key.accountPath, policy: key };
    const prepared = await prepare(order, by);
    const claim = { row: row.row, intent: row.intent, ceiling: prepared.quote.ceiling.total };
    return { row, prepared, claim, key, emulate: kept.emulate, room };
  } catch (cause) {
    room[Symbol.dispose]();
    if (!(cause instanceof Refusal)) throw cause;
    return verdictOfRefusal(row.row, cause);
  }
}
