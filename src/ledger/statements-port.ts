import type { PicoUsd } from "../money/pico-usd.ts";
import type { Chain } from "./port.ts";
import type { Page, PageRequest } from "./reports-port.ts";

/**
 * Monthly statements: what was posted to an account's charge within a month of its root's journal, told once
 * and for good.
 *
 * A month of a journal ends before the first entry that the store's clock dated in a later month. So every
 * entry lies in exactly one month, in the order of the chain, and a clock that is set back can't slip an entry
 * into a month that is over.
 */
export type LedgerStatements = {
  /** Where a UTC month (YYYY-MM) lies in the journal of an account's root. Undefined: no such account. */
  journalMonth(of: {
    readonly accountId: string;
    readonly month: string;
  }): Promise<JournalMonth | undefined>;
  /** Looks through a part of a root's journal, a slice at a time, for what moved the money of an account. */
  movements(query: MovementsQuery): Promise<Movements>;
  /** What a root's account had at a place of its journal: funded, less what was charged; held or not. */
  balanceAt(of: { readonly root: string; readonly sequence: number }): Promise<PicoUsd>;
  /** Issues a statement under the next number of its root and month, or says which one stands already. */
  issueStatement(draft: StatementDraft): Promise<IssueResult>;
  /** Issued ones of one account, newest first. @throws InvalidPage */
  statements(
    of: PageRequest & { readonly accountId: string },
  ): Promise<Page<Omit<StoredStatement, "json">>>;
  statement(of: {
    readonly accountId: string;
    readonly number: string;
  }): Promise<StoredStatement | undefined>;
};

/** A month in the journal of a root: the entries after `opening`, up to and with `closing`. */
export type JournalMonth = {
  readonly root: string;
  /** The last entry before the month; sequence 0 and the chain's beginning where there is none. */
  readonly opening: Chain;
  /** Its last entry: `opening` where it has none. */
  readonly closing: Chain;
  /** No entry of a later month follows yet: what is posted next may still belong to it. */
  readonly isHead: boolean;
  /** What was issued for this account before, so that a correction can name it. */
  readonly issued: readonly IssuedSpan[];
};

/** The part of a journal that an issued statement tells. */
export type IssuedSpan = {
  readonly number: string;
  readonly month: string;
  readonly opening: number;
  readonly closing: number;
};

export type MovementsQuery = {
  readonly root: string;
  /** This account and all below it, by the path at the time of the call. */
  readonly accountId: string;
  /** Entries after this sequence, */
  readonly after: number;
  /** up to and with this one. */
  readonly until: number;
};

/** What a slice of a journal held. It may hold nothing and not be the last. */
export type Movements = {
  readonly settled: readonly SettledMovement[];
  /** Calls that ended without a charge. */
  readonly voided: number;
  /** Of charges: those of the whole root, so that they can be numbered. Of fundings: the root's. */
  readonly corrections: readonly CorrectionMovement[];
  readonly fundings: readonly FundingMovement[];
  /** Give it back as `after`; null after the last slice. */
  readonly next: number | null;
};

/** What of a call a statement tells it by. */
export type StatedCall = {
  readonly holdId: string;
  readonly accountId: string;
  readonly model: string;
  /** The quality that was billed; null where the model has none. */
  readonly quality: string | null;
  readonly tags: { readonly [name: string]: string };
  /** The run that it was made for; null for a call by itself. */
  readonly run: string | null;
  /** The UTC month in whose limits the call counts: that of its hold. */
  readonly month: string;
  readonly images: number;
};

export type SettledMovement = StatedCall & {
  /** As it was posted, whatever was corrected since. */
  readonly charge: PicoUsd;
};

export type CorrectionMovement = {
  readonly entryId: string;
  readonly corrects: string;
  readonly createdMs: number;
  readonly before: PicoUsd;
  readonly after: PicoUsd;
  readonly reason: string;
} & (
  | { readonly of: "fund" }
  | {
      readonly of: "charge";
      readonly call: StatedCall;
      /** Whether the call is of the account that is asked for. */
      readonly within: boolean;
      /** Where and when the corrected charge was posted. */
      readonly settledSequence: number;
      readonly settledMs: number;
    }
);

export type FundingMovement = {
  readonly entryId: string;
  readonly createdMs: number;
  readonly amount: PicoUsd;
};

/** What a statement comes to: what its memo in the journal says of it. */
export type StatementFigures = {
  readonly calls: number;
  readonly images: number;
  /** Charges as they were posted in the month. */
  readonly settled: PicoUsd;
  /** What corrections within the month took from charges of the same month: zero or less. */
  readonly corrected: PicoUsd;
  /** What they took from charges of earlier months, as credit notes: zero or less. */
  readonly credited: PicoUsd;
  /** The three together: what the month changed in the books. Below zero where more was given back. */
  readonly total: PicoUsd;
  /** Prepaid roots: opening + funded + fundsCorrected - total = closing. */
  readonly balance: StatementBalance | null;
};

export type StatementBalance = {
  readonly opening: PicoUsd;
  readonly funded: PicoUsd;
  /** Zero or less. */
  readonly fundsCorrected: PicoUsd;
  readonly closing: PicoUsd;
};

/** A statement without the number and the instant that the ledger gives it. */
export type StatementDraft = {
  readonly accountId: string;
  readonly month: string;
  readonly actor: string;
  readonly opening: Chain;
  readonly closing: Chain;
  readonly isHead: boolean;
  readonly figures: StatementFigures;
  /** The members of its JSON but `number` and `issued_at`: each as the JSON text that it is stored as. */
  readonly members: { readonly [name: string]: string };
};

export type IssueResult =
  | { readonly kind: "issued"; readonly statement: StoredStatement; readonly isNew: boolean }
  /** An entry was posted since the draft was made that may belong to its month: draw it up anew. */
  | { readonly kind: "moved" }
  | { readonly kind: "refused"; readonly reason: "unknown_account" | "month_not_over" };

/** A statement as it was issued. */
export type StoredStatement = {
  /** `2026-11-0001`: month, and its place among those of the same root and month, without gaps. */
  readonly number: string;
  readonly accountId: string;
  readonly month: string;
  readonly total: PicoUsd;
  /** SHA-256 of `json` in UTF-8, lower-case hex. */
  readonly sha256: string;
  /** Canonical: sorted keys, no spaces; money as decimal strings. The bytes that are handed out. */
  readonly json: string;
  readonly issuedMs: number;
  /** Its memo in the journal. */
  readonly entryId: string;
  readonly chain: Chain;
};
