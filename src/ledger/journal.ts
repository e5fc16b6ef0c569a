import {
  negateUsd,
  type PicoUsd,
  subtractUsd,
  sumUsd,
  USD_AMOUNT_LIMIT,
  ZERO_USD,
} from "../money/pico-usd.ts";
import type { Correctable } from "./accounts-port.ts";
import { type CanonicalValue, canonicalObject } from "./canonical-text.ts";
import type { EndingDraft, HoldDraft, Itemised } from "./draft.ts";
import { endText, holdText } from "./entry-texts.ts";
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
  "move",
  "correction",
  "restore",
  "outcome",
  "statement",
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
  draft: HoldDraft,
  place: { readonly path: readonly string[]; readonly windows: Windows },
  origin: Origin,
): Entry {
  assertAmount(draft.amount, `hold ${draft.id}`);
  const of = { id: draft.id, kind: "hold", postings: holdPostings(draft.amount) } as const;
  return entryOf(of, origin, holdText(of, origin, { ...place, request: draft.text }));
}

/**
 * The entries of an ending, the settle or void first; the vendor's cost, an overrun and an exposure have
 * entries of their own, because each is closed on its own later.
 *
 * @throws Error when the ending breaks an invariant: a charge above the hold, lines that don't add up.
 */
export function endEntries(
  draft: EndingDraft,
  hold: HeldAmount,
  origin: Origin,
): readonly [Entry, ...Entry[]] {
  assertEnding(draft, hold);
  const { id, amount } = hold;
  const postings = endPostings(amount, draft.charge.total);
  const ended = { id: endingId(id), kind: draft.kind, postings } as const;
  const endedText = endText(ended, origin, { hold: id, amount, ending: draft.text });
  const end = entryOf(ended, origin, endedText);
  const others: Entry[] = [];
  const cost = draft.cost.total;
  if (cost !== ZERO_USD) {
    const of = { id: costId(id), kind: "cost", postings: costPostings(cost) } as const;
    others.push(entryOf(of, origin, endText(of, origin, { hold: id, amount: cost })));
  }
  if (draft.overrun !== ZERO_USD) {
    const of = { id: `${id}.overrun`, kind: "overrun", postings: [] } as const;
    others.push(entry(of, origin, { hold: id, amount: draft.overrun }));
  }
  if (draft.exposure !== null) {
    const of = { id: `${id}.exposure`, kind: "exposure", postings: [] } as const;
    others.push(entry(of, origin, { hold: id, ...draft.exposure }));
  }
  return [end, ...others];
}

/** The id of the entry that ends a hold: one per hold, so that a second ending has no place. */
export function endingId(holdId: string): string {
  return `${holdId}.end`;
}

/** The id of the entry that says what an ended call costs the house. */
export function costId(holdId: string): string {
  return `${holdId}.cost`;
}

/** The id of what came after recovery had ended the hold. */
export function lateId(holdId: string): string {
  return `${holdId}.late`;
}

/**
 * A result that came after recovery had ended its hold: free for the account, its known cost is the
 * house's. Carries the whole ending, so that the cost can be recomputed. Undefined when nothing is known.
 *
 * @throws Error when the cost breaks an invariant: out of range, lines that don't add up.
 */
export function lateEntry(draft: EndingDraft, origin: Origin): Entry | undefined {
  assertCost(draft);
  const { holdId, text } = draft;
  const cost = draft.cost.total;
  if (cost === ZERO_USD) return undefined;
  const of = { id: lateId(holdId), kind: "cost", postings: costPostings(cost) } as const;
  return entry(of, origin, { hold: holdId, amount: cost, flags: ["late"] }, { ending: text });
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

/**
 * A correction. `posted` is what of `before` stands in the books: nothing of an exposure that was open,
 * else all of it.
 */
export function correctionEntry(
  of: {
    readonly id: string;
    readonly corrects: string;
    readonly of: Correctable;
    readonly hold: string | null;
    readonly before: PicoUsd;
    readonly posted: PicoUsd;
    readonly after: PicoUsd;
    readonly reason: string;
    readonly actor: string;
  },
  origin: Origin,
): Entry {
  const { id, posted, after } = of;
  assertAmount(after, `correction ${id}`);
  assertStorable(of.reason);
  const postings = correctionPostings(of.of, subtractUsd(after, posted));
  const { corrects, hold, before, reason, actor } = of;
  const body = { corrects, of: of.of, hold: hold ?? undefined, before, after, reason, actor };
  return entry({ id, kind: "correction", postings }, origin, body);
}

/** A charge or funding is given back, a cost or exposure becomes what the vendor billed. */
export function correctionPostings(of: Correctable, by: PicoUsd): readonly Posting[] {
  switch (of) {
    case "charge":
      return move({ from: "available", to: "revenue", amount: by });
    case "fund":
      return move({ from: "cash", to: "available", amount: by });
    case "cost":
    case "exposure":
      return costPostings(by);
    default:
      return of satisfies never;
  }
}

type NewEntry = Pick<Entry, "id" | "kind" | "postings">;

/** Makes an entry whose text is the canonical one. */
export function entry(
  of: NewEntry,
  origin: Origin,
  body: { readonly [key: string]: CanonicalValue | undefined },
  texts: { readonly [key: string]: string } = {},
): Entry {
  const { root, account, createdMs, emulated } = origin;
  const { id, kind, postings } = of;
  const members = { ...body, id, kind, postings, root, account, createdMs, emulated };
  return entryOf(of, origin, canonicalObject(members, texts));
}

function entryOf({ id, kind, postings }: NewEntry, { createdMs }: Origin, text: string): Entry {
  assertBalanced(id, postings);
  return { id, kind, createdMs, postings, text };
}

/** Double entry: what leaves one book enters another. */
export function assertBalanced(id: string, postings: readonly Posting[]): void {
  const sum = sumUsd(postings.map((posting) => posting.amount));
  if (sum !== ZERO_USD) throw new Error(`entry ${id}: postings sum to ${sum} p$, not to zero`);
}

function assertEnding(draft: EndingDraft, hold: HeldAmount): void {
  const { id, amount } = hold;
  const charge = draft.charge.total;
  if (charge < ZERO_USD) throw new Error(`hold ${id}: negative charge ${charge} p$`);
  if (charge > amount) {
    throw new Error(`hold ${id}: charge ${charge} p$ exceeds the held ${amount} p$`);
  }
  assertLines(id, "charge", draft.charge);
  assertAmount(draft.overrun, `overrun of ${id}`);
  if (draft.exposure !== null) assertAmount(draft.exposure.amount, `exposure of ${id}`);
  assertCost(draft);
}

function assertCost({ holdId, cost }: EndingDraft): void {
  assertAmount(cost.total, `vendor cost of ${holdId}`);
  assertLines(holdId, "vendor cost", cost);
}

function assertLines(id: string, what: string, { total, lines }: Itemised): void {
  if (lines !== total) {
    throw new Error(`hold ${id}: lines of the ${what} sum to ${lines} p$, not ${total} p$`);
  }
}

/** One amount is below 1,000,000 USD. */
export function assertAmount(amount: PicoUsd, what: string): void {
  if (amount < ZERO_USD || amount >= USD_AMOUNT_LIMIT) {
    throw new Error(`${what}: ${amount} p$ is not an amount from 0 to below ${USD_AMOUNT_LIMIT}`);
  }
}

/** A name is also a column, and a text column keeps neither lone surrogates nor what follows a NUL. */
export function assertStorable(name: string): void {
  if (/\p{Surrogate}/u.test(name) || name.includes("\0")) {
    throw new Error(`not a storable name: ${JSON.stringify(name)}`);
  }
}
