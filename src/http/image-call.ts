import type { IncomingMessage, ServerResponse } from "node:http";
import { checkKey } from "../gateway/api-keys.ts";
import type { Caller } from "../gateway/caller.ts";
import type { Deps } from "../gateway/deps.ts";
import type { Sameness } from "../gateway/same.ts";
import type { KeyPolicy } from "../ledger/accounts-port.ts";
import type { Surface } from "../ledger/request-facts.ts";
import type { Runs } from "../runs/engine/runs.ts";
import { type HeaderReader, presentedKey } from "./credentials.ts";
import { readSameness } from "./same-request.ts";

/** What the hot routes have in common, on whatever surface: who asks, and when nobody listens any more. */

/** What the server gives to a hot route beside the request. */
export type HotCall = {
  readonly deps: Deps;
  readonly runs: Runs;
  /** What every answer carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
  /**
   * Lets a client that asked first (`Expect: 100-continue`) send its body; to be called once nothing speaks
   * against reading it. Does nothing for any other client.
   */
  readonly invite: () => void;
};

/** Headers that go on to the emulators, never to a real vendor. */
const EMULATOR_HEADERS = ["x-emulate", "x-emulate-leg"];

/** Reads the headers of a request; of one that was sent twice the first. */
export function headersOf(request: IncomingMessage): HeaderReader {
  return (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
}

/**
 * Who asks, by the key that is presented; the body's identity (`bodyIdentity`) is given later, when it has
 * been read.
 *
 * @param as what an `Idempotency-Key` is bound to, whichever path is called (`route`), and how the answer is
 * written.
 * @throws Refusal for a key that doesn't open this world, or a header of another form.
 */
export async function knowCaller(
  header: HeaderReader,
  call: Pick<HotCall, "deps" | "requestId">,
  as: { readonly route: string; readonly surface: Surface },
): Promise<(identity: string) => Caller> {
  const { deps, requestId } = call;
  const key = await checkKey(presentedKey(header), deps.world, deps.ledger);
  const samenessOf = readSameness(header, { keyId: key.id, route: as.route });
  return (identity) => ({
    accountId: key.accountId,
    accountPath: key.accountPath,
    keyId: key.id,
    requestId,
    surface: as.surface,
    policy: key,
    vendorHeaders: emulatorHeaders(header, deps),
    same: retainable(samenessOf(identity), key),
  });
}

/** An account that keeps no answers has none to be taken over. */
function retainable(same: Sameness, { retain }: Pick<KeyPolicy, "retain">): Sameness {
  return retain === "none" ? { ...same, adopt: null } : same;
}

function emulatorHeaders(header: HeaderReader, deps: Deps): Record<string, string> {
  if (deps.world !== "sandbox") return {};
  return Object.fromEntries(
    EMULATOR_HEADERS.flatMap((name) => {
      const value = header(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Aborted once the client has hung up before it had everything. */
export function leftSignal(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  // It may have hung up while its body was read: no event tells of it any more.
  if (response.destroyed) left.abort();
  response.on("close", () => {
    if (!response.writableFinished) left.abort();
  });
  return left.signal;
}
