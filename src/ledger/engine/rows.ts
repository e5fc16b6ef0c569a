import type { PicoUsd } from "../../money/pico-usd.ts";
import type { Correctable } from "../accounts-port.ts";
import type { Book } from "../journal.ts";
import type { Alert } from "../reports-port.ts";

/**
 * The rows of a ledger as both stores keep them: projections of the journal, and the little that is no
 * money and stands in no entry (intents, adoptable calls, rates, alerts). Root id leads every key.
 */

/** A root: head of its chain, its books. */
export type RootRow = {
  readonly root: string;
  readonly sequence: bigint;
  readonly hash: string;
  /** Raised by every transaction that changes anything of the root, so that a kept copy can be trusted. */
  readonly version: bigint;
  readonly books: { readonly [book in Book]: PicoUsd };
  /** No call can be adopted any more after this instant. */
  readonly adoptableUntilMs: number;
};

/** A node of the tree: an account or a key. */
export type NodeRow = {
  readonly root: string;
  readonly id: string;
  readonly parent: string | null;
  readonly kind: "account" | "key";
  readonly name: string;
  readonly prepaid: boolean;
  readonly limits: NodeLimits;
  /** Canonical text of `NodeSettings`. */
  readonly settings: string;
  readonly createdMs: number;
  readonly sha256: string | null;
  readonly revokedMs: number | null;
};

/** Unlimited is null. */
export type NodeLimits = {
  readonly day: PicoUsd | null;
  readonly month: PicoUsd | null;
  readonly total: PicoUsd | null;
};

/** What a node has used in a window. The house counts vendor cost at nodes of its own (`house.ts`). */
export type CounterRow = {
  readonly root: string;
  readonly node: string;
  readonly window: string;
  readonly settled: PicoUsd;
  readonly held: PicoUsd;
};

/** A call: what its ending, its recovery and the reports need of hold and ending. */
export type CallRow = {
  readonly root: string;
  readonly id: string;
  readonly account: string;
  readonly key: string;
  /** Node ids from the key to the root, joined by spaces. */
  readonly path: string;
  readonly day: string;
  readonly month: string;
  readonly amount: PicoUsd;
  readonly vendorAmount: PicoUsd;
  readonly vendor: string;
  readonly connection: string;
  readonly model: string;
  readonly process: string | null;
  readonly qualityAsked: string | null;
  readonly size: string | null;
  readonly user: string | null;
  /** Canonical text of the tags. */
  readonly tags: string;
  /** The run and its row that it was made for; both null for a call by itself. */
  readonly run: string | null;
  readonly runRow: string | null;
  readonly sequence: bigint;
  readonly createdMs: number;
  readonly task: string | null;
  readonly ended: EndedCall | null;
};

/** What an ending made of a call; charge, cost and exposure as corrections left them. */
export type EndedCall = {
  readonly endedMs: number;
  readonly endSequence: bigint;
  /** `made`, or why not. */
  readonly outcome: string;
  readonly charge: PicoUsd;
  readonly vendorCost: PicoUsd;
  readonly overrun: PicoUsd;
  readonly exposure: PicoUsd;
  readonly exposureReason: string | null;
  /** What the vendor billed of it; null while it is open. */
  readonly exposureBilled: PicoUsd | null;
  readonly qualityBilled: string | null;
  readonly images: number;
};

/** An entry as stored: the text, and its place in the chain. */
export type EntryRow = {
  readonly root: string;
  readonly sequence: bigint;
  readonly id: string;
  readonly kind: string;
  readonly createdMs: number;
  readonly text: string;
  readonly hash: string;
};

/** An `Idempotency-Key` and the hold that it stands for. */
export type IntentRow = {
  readonly root: string;
  readonly scope: string;
  readonly body: string;
  readonly hold: string;
  readonly createdMs: number;
};

/** A call whose client left before anything reached it. */
export type AdoptableRow = {
  readonly root: string;
  readonly key: string;
  readonly body: string;
  readonly hold: string;
  readonly sinceMs: number;
  readonly claimed: boolean;
  /** Not a column: this change takes a claim back. */
  readonly again?: true;
};

/** What a key has used of its newest clock minute. */
export type RateRow = {
  readonly root: string;
  readonly node: string;
  /** Whole minutes since 1970. */
  readonly minute: number;
  readonly requests: number;
  readonly images: number;
};

export type AlertRow = Alert & { readonly root: string };

/** The outcome that counts of a picture. */
export type OutcomeRow = {
  readonly root: string;
  readonly hold: string;
  readonly image: number;
  readonly kept: boolean;
  readonly reason: string | null;
  /** Pictures that its call delivered. */
  readonly images: number;
  readonly actor: string;
  readonly revision: number;
  readonly sequence: bigint;
  readonly createdMs: number;
};

export type CorrectionRow = {
  readonly root: string;
  readonly id: string;
  readonly corrects: string;
  readonly of: Correctable;
  readonly account: string;
  readonly hold: string | null;
  readonly before: PicoUsd;
  readonly after: PicoUsd;
  readonly reason: string;
  readonly actor: string;
  readonly sequence: bigint;
  readonly createdMs: number;
};

/** An issued statement. */
export type StatementRow = {
  readonly root: string;
  /** Of its memo. */
  readonly id: string;
  readonly number: string;
  /** Its place among those of its root and month, from 1. */
  readonly ordinal: number;
  readonly account: string;
  readonly month: string;
  /** Sequences of the last entry before the month, and of its last one. */
  readonly opening: bigint;
  readonly closing: bigint;
  readonly total: PicoUsd;
  readonly sha256: string;
  readonly json: string;
  readonly sequence: bigint;
  readonly createdMs: number;
};
