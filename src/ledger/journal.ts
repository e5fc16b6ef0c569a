import {
  negateUsd,
  type PicoUsd,
  subtractUsd,
  sumUsd,
  USD_AMOUNT_LIMIT,
  ZERO_USD,
} from "../money/pico-usd.ts";
import { type CanonicalValue, canonicalText, plainJson } from "./canonical-text.ts";
import type { Ending, HoldRequest, Limits, PostedLine } from "./port.ts";
import type { Windows } from "./windows.ts";

/**
 * The semantics of the journal, whatever stores it (MONEY §4): which entries an event makes, what each
 * moves between the books, and what must be true before a hold may end. Pure.
 */

/** The books of a root. Money moves between them; their sum is always zero. */
export const books = ["cash", "available", "held", "revenue", "house", "vendor_payable"] as const;
export type Book = (typeof books)[number];

/** What an entry adds to one book. The postings of an entry sum to zero. */
export type Posting = { readonly book: Book; readonly amount: PicoUsd };

export const entryKinds = [
  "fund",
  "hold",
  "settle",
  "void",
  "cost",
  "task",
  "overrun",
  "exposure",
  "limit",
  "account",
  "key",
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** An entry before it has its place in the chain. */
export type Entry = {
  readonly id: string;
  readonly kind: EntryKind;
  readonly createdMs: number;
  readonly postings: readonly Posting[];
  /** The canonical text: what is hashed and stored; columns are projections of it. */
  readonly text: string;
};

/** Where and when an entry is written. */
export type Origin = {
  readonly root: string;
  readonly account: string;
  readonly createdMs: number;
  /** True in the sandbox: such money was never real. */
  readonly emulated: boolean;
};

/** What an ending needs to know of its hold. */
export type HeldAmount = { readonly id: string; readonly amount: PicoUsd };

/** Funding adds to a prepaid balance: cash -> available. */
export function fundPostings(amount: PicoUsd): readonly Posting[] {
  return move({ from: "cash", to: "available", amount });
}

/** A hold reserves: available -> held. */
export function holdPostings(amount: PicoUsd): readonly Posting[] {
  return move({ from: "available", to: "held", amount });
}

/** An ending empties the hold: the charge becomes revenue, the rest is available again. */
export function endPostings(amount: PicoUsd, charge: PicoUsd): readonly Posting[] {
  return nonZero([
    { book: "held", amount: negateUsd(amount) },
    { book: "revenue", amount: charge },
    { book: "available", amount: subtractUsd(amount, charge) },
  ]);
}

/** What a vendor will bill is the house's: house -> vendor payable. */
export function costPostings(amount: PicoUsd): readonly Posting[] {
  return move({ from: "house", to: "vendor_payable", amount });
}

function move(of: { from: Book; to: Book; amount: PicoUsd }): readonly Posting[] {
  return nonZero([
    { book: of.from, amount: negateUsd(of.amount) },
    { book: of.to, amount: of.amount },
  ]);
}

function nonZero(postings: readonly Posting[]): readonly Posting[] {
  return postings.filter((posting) => posting.amount !== ZERO_USD);
}

/** A hold with the path of nodes it counts at and the windows it belongs to, both for good. */
export function holdEntry(
  request: HoldRequest,
  place: { readonly path: readonly string[]; readonly windows: Windows },
  origin: Origin,
): Entry {
  assertAmount(request.amount, `hold ${request.id}`);
  return entry({ id: request.id, kind: "hold", postings: holdPostings(request.amount) }, origin, {
    path: place.path,
    windows: place.windows,
    request: holdBody(request),
  });
}

/**
 * The entries of an ending, the settle or void first; the vendor's cost, an overrun and an exposure have
 * entries of their own, because each is closed on its own later.
 *
 * @throws Error when the ending breaks an invariant: a charge above the hold, lines that don't add up.
 */
export function endEntries(
  ending: Ending,
  hold: HeldAmount,
  origin: Origin,
): readonly [Entry, ...Entry[]] {
  const charge = chargeOf(ending);
  assertEnding(ending, hold.amount, charge);
  const id = hold.id;
  const end = entry(
    { id: endingId(id), kind: ending.kind, postings: endPostings(hold.amount, charge) },
    origin,
    { hold: id, amount: hold.amount, ending: endingBody(ending) },
  );
  const others: Entry[] = [];
  const cost = ending.vendorCost;
  if (cost !== null && cost.total !== ZERO_USD) {
    others.push(costEntry(ending, { id: `${id}.cost`, total: cost.total }, origin));
  }
  if (ending.kind === "settle" && ending.overrun !== ZERO_USD) {
    const of = { id: `${id}.overrun`, kind: "overrun", postings: [] } as const;
    others.push(entry(of, origin, { hold: id, amount: ending.overrun }));
  }
  if (ending.exposure !== null) {
    const of = { id: `${id}.exposure`, kind: "exposure", postings: [] } as const;
    others.push(entry(of, origin, { hold: id, ...ending.exposure }));
  }
  return [end, ...others];
}

/** The id of the entry that ends a hold: one per hold, so that a second ending has no place. */
export function endingId(holdId: string): string {
  return `${holdId}.end`;
}

/** The id of what came after recovery had ended the hold. */
export function lateId(holdId: string): string {
  return `${holdId}.late`;
}

/**
 * A result that came after recovery had ended its hold: free for the account, its known cost is the
 * house's. Carries the whole ending, so that the cost can be recomputed. Undefined when nothing is known.
 */
export function lateEntry(ending: Ending, origin: Origin): Entry | undefined {
  const cost = ending.vendorCost;
  if (cost === null || cost.total === ZERO_USD) return undefined;
  assertVendorCost(ending);
  return costEntry(ending, { id: lateId(ending.holdId), total: cost.total, late: true }, origin);
}

function costEntry(
  ending: Ending,
  cost: { readonly id: string; readonly total: PicoUsd; readonly late?: true },
  origin: Origin,
): Entry {
  const of = { id: cost.id, kind: "cost", postings: costPostings(cost.total) } as const;
  const late = cost.late === true ? { flags: ["late"], ending: endingBody(ending) } : {};
  return entry(of, origin, { hold: ending.holdId, amount: cost.total, ...late });
}

/** The vendor's own id of an asynchronous task, before its first poll. */
export function taskEntry(
  task: { readonly holdId: string; readonly taskId: string },
  origin: Origin,
): Entry {
  const of = { id: `${task.holdId}.task`, kind: "task", postings: [] } as const;
  return entry(of, origin, { hold: task.holdId, task: task.taskId });
}

export function fundEntry(
  fund: { readonly entryId: string; readonly amount: PicoUsd; readonly actor: string },
  origin: Origin,
): Entry {
  if (fund.amount <= ZERO_USD) throw new Error(`fund ${fund.entryId}: ${fund.amount} p$`);
  assertAmount(fund.amount, `fund ${fund.entryId}`);
  const postings = fundPostings(fund.amount);
  const body = { amount: fund.amount, actor: fund.actor };
  return entry({ id: fund.entryId, kind: "fund", postings }, origin, body);
}

export function accountEntry(
  account: {
    readonly name: string;
    readonly prepaid: boolean;
    readonly limits: Limits;
    readonly actor: string;
  },
  origin: Origin,
): Entry {
  assertStorable(account.name);
  const { name, prepaid, actor } = account;
  const body = { name, prepaid, actor, limits: limitsBody(account.limits) };
  return entry({ id: origin.account, kind: "account", postings: [] }, origin, body);
}

export function limitEntry(
  limit: { readonly entryId: string; readonly limits: Limits; readonly actor: string },
  origin: Origin,
): Entry {
  const body = { actor: limit.actor, limits: limitsBody(limit.limits) };
  return entry({ id: limit.entryId, kind: "limit", postings: [] }, origin, body);
}

export function keyEntry(
  key: {
    readonly id: string;
    readonly name: string;
    readonly sha256: string;
    readonly actor: string;
  },
  origin: Origin,
): Entry {
  assertStorable(key.name);
  const { id, name, sha256, actor } = key;
  const body = { key: id, event: "created", name, sha256, actor };
  return entry({ id, kind: "key", postings: [] }, origin, body);
}

export function revokeEntry(
  key: { readonly id: string; readonly actor: string },
  origin: Origin,
): Entry {
  const body = { key: key.id, event: "revoked", actor: key.actor };
  return entry({ id: `${key.id}.revoked`, kind: "key", postings: [] }, origin, body);
}

/** What a hold's entry records of the request. */
export function holdBody(request: HoldRequest): CanonicalValue {
  const { price, sent, resolved, ...rest } = request;
  return {
    ...rest,
    price: { id: price.id, sha256: price.sha256 },
    sent: plainJson(sent),
    resolved: plainJson(resolved),
  };
}

/** What an ending's entry and the spool record of it. */
export function endingBody(ending: Ending): CanonicalValue {
  const { echoedPrice, ...rest } = ending;
  const reference =
    echoedPrice === null ? null : { id: echoedPrice.id, sha256: echoedPrice.sha256 };
  return { ...rest, echoedPrice: reference };
}

/** What the account pays for an ending. */
export function chargeOf(ending: Ending): PicoUsd {
  return ending.kind === "settle" ? ending.charge : ZERO_USD;
}

function limitsBody(limits: Limits): CanonicalValue {
  for (const limit of [limits.day, limits.month, limits.total]) {
    if (limit !== undefined) assertAmount(limit, "a limit");
  }
  return { day: limits.day, month: limits.month, total: limits.total };
}

function entry(
  of: { readonly id: string; readonly kind: EntryKind; readonly postings: readonly Posting[] },
  origin: Origin,
  body: { readonly [key: string]: CanonicalValue | undefined },
): Entry {
  assertBalanced(of.id, of.postings);
  const { root, account, createdMs, emulated } = origin;
  const { id, kind, postings } = of;
  const text = canonicalText({ ...body, id, kind, postings, root, account, createdMs, emulated });
  return { id, kind, createdMs, postings, text };
}

/** Double entry: what leaves one book enters another. */
export function assertBalanced(id: string, postings: readonly Posting[]): void {
  const sum = sumUsd(postings.map((posting) => posting.amount));
  if (sum !== ZERO_USD) throw new Error(`entry ${id}: postings sum to ${sum} p$, not to zero`);
}

function assertEnding(ending: Ending, amount: PicoUsd, charge: PicoUsd): void {
  const id = ending.holdId;
  if (charge < ZERO_USD) throw new Error(`hold ${id}: negative charge ${charge} p$`);
  if (charge > amount) {
    throw new Error(`hold ${id}: charge ${charge} p$ exceeds the held ${amount} p$`);
  }
  if (ending.kind === "settle") {
    assertLines({ id, what: "charge", total: charge, lines: ending.lines });
    assertAmount(ending.overrun, `overrun of ${id}`);
  }
  if (ending.exposure !== null) assertAmount(ending.exposure.amount, `exposure of ${id}`);
  assertVendorCost(ending);
}

function assertVendorCost(ending: Ending): void {
  const cost = ending.vendorCost;
  if (cost === null) return;
  assertAmount(cost.total, `vendor cost of ${ending.holdId}`);
  assertLines({ id: ending.holdId, what: "vendor cost", total: cost.total, lines: cost.lines });
}

function assertLines(of: {
  readonly id: string;
  readonly what: string;
  readonly total: PicoUsd;
  readonly lines: readonly PostedLine[];
}): void {
  const sum = sumUsd(of.lines.map((line) => line.amount));
  if (sum !== of.total) {
    throw new Error(`hold ${of.id}: lines of the ${of.what} sum to ${sum} p$, not ${of.total} p$`);
  }
}

function assertAmount(amount: PicoUsd, what: string): void {
  if (amount < ZERO_USD || amount >= USD_AMOUNT_LIMIT) {
    throw new Error(`${what}: ${amount} p$ is not an amount from 0 to below ${USD_AMOUNT_LIMIT}`);
  }
}

/** A name is also a column, and a text column keeps neither lone surrogates nor what follows a NUL. */
function assertStorable(name: string): void {
  if (/\p{Surrogate}/u.test(name) || name.includes("\0")) {
    throw new Error(`not a storable name: ${JSON.stringify(name)}`);
  }
}
