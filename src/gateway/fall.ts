import type { Candidate } from "../advisor/candidates.ts";
import { Refusal } from "../refusals.ts";
import type { Outcome } from "../vendors/port.ts";
import type { Caller } from "./caller.ts";
import { choiceOf, nameOf } from "./choose-model.ts";
import type { Client } from "./client.ts";
import type { Lease } from "./connections.ts";
import type { Deps } from "./deps.ts";
import type { Dispatched } from "./dispatch.ts";
import { type Prepared, priceChosen } from "./prepare.ts";

/**
 * What is tried next where a model was chosen and nothing was spent on it (MONEY §2): gated and quoted anew, its
 * ceiling within what was held first. It gets a hold of its own in place of that one, so that its price version,
 * its connection and its receipt are its own.
 */

/** So often one request falls at most: its client waits all the while. */
const FALLS_MAX = 2;

/** Why a candidate came to nothing, all of it before anything was spent. */
export type Unspent = Extract<Outcome, { kind: "unspent" }>["why"] | "no_room";

/** An order with a connection that has room for it. */
export type Placed = { readonly prepared: Prepared; readonly lease: Lease };

/** Why calls that are all known to be unspent were; undefined where anything may have been spent. */
export function unspentWhy(calls: readonly Dispatched[]): Unspent | undefined {
  const whys = calls.map(({ outcome }) => (outcome.kind === "unspent" ? outcome.why : undefined));
  return whys.every((why) => why !== undefined) ? whys[0] : undefined;
}

/**
 * Takes a place for an order; under `auto` for the next candidate where the chosen one's vendor has no room.
 *
 * @throws Refusal `connection_busy`.
 */
export async function takePlace(
  prepared: Prepared,
  { caller, client }: { readonly caller: Caller; readonly client: Client },
  deps: Deps,
): Promise<Placed> {
  const call = {
    vendor: prepared.callable.vendor.id,
    accountPath: caller.accountPath,
    images: prepared.accepted.order.n,
    signal: client.left,
    isOfRun: caller.run !== undefined,
  };
  try {
    return { prepared, lease: await deps.connections.take(call) };
  } catch (cause) {
    const isBusy = cause instanceof Refusal && cause.code === "connection_busy";
    const next =
      isBusy && !client.left.aborted ? nextAfter(prepared, { why: "no_room" }) : undefined;
    if (next === undefined) throw cause;
    return await takePlace(next, { caller, client }, deps);
  }
}

/** The next candidate with a place; undefined where there is none, or nobody waits for it any more. */
export async function placeNext(
  prepared: Prepared,
  failed: { readonly why: Unspent; readonly receiptId: string },
  to: { readonly caller: Caller; readonly client: Client },
  deps: Deps,
): Promise<Placed | undefined> {
  if (to.client.left.aborted) return undefined;
  const next = nextAfter(prepared, failed);
  if (next === undefined) return undefined;
  try {
    const placed = await takePlace(next, to, deps);
    const { callable } = placed.prepared;
    deps.log.warn(
      { receipt: failed.receiptId, why: failed.why, next: callable.model.id },
      "auto falls to the next candidate",
    );
    return placed;
  } catch (cause) {
    // What the first came to is what the caller is told.
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

function nextAfter(
  prepared: Prepared,
  failed: { readonly why: Unspent; readonly receiptId?: string },
): Prepared | undefined {
  const { chosen } = prepared;
  if (chosen === undefined || chosen.falls.length >= FALLS_MAX) return undefined;
  const { candidate, others } = chosen.choice;
  const most = prepared.quote.ceiling.total;
  const left = others.filter((other) => mayFollow(other, candidate, failed.why));
  const falls = [...chosen.falls, fallText(candidate, failed)];
  for (const [index, next] of left.entries()) {
    const choice = choiceOf(next, left.slice(index + 1), chosen.looked, falls);
    const found = tryPrice({ ...chosen, choice, falls });
    if (found !== undefined && found.quote.ceiling.total <= most) return found;
  }
  return undefined;
}

/** A vendor that can't be reached has no other model either; one that is busy may be busy with this one alone. */
function mayFollow(other: Candidate, failed: Candidate, why: Unspent): boolean {
  return why === "unreachable" || why === "no_room"
    ? other.model.vendor !== failed.model.vendor
    : other.model.id !== failed.model.id;
}

function tryPrice(chosen: Parameters<typeof priceChosen>[0]): Prepared | undefined {
  try {
    return priceChosen(chosen);
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

const whyTexts: Readonly<Record<Unspent, string>> = {
  no_room: "every connection to its vendor was busy",
  unreachable: "its vendor could not be reached",
  throttled: "its vendor limits our rate",
  overloaded: "its vendor was overloaded",
};

function fallText(
  candidate: Candidate,
  { why, receiptId }: { readonly why: Unspent; readonly receiptId?: string },
): string {
  const receipt = receiptId === undefined ? "" : `, receipt ${receiptId}`;
  return `not ${nameOf(candidate)}: ${whyTexts[why]}; nothing was spent${receipt}`;
}
