import type { Basis } from "../billing/charge.ts";
import type { BilledLeg } from "../billing/legs.ts";
import type { Margin } from "../billing/margin.ts";
import type { MissingReason, UsageItem } from "../billing/usage.ts";
import type { Mark, Meter } from "../catalog/schema.ts";
import type { JsonValue } from "../json.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import type {
  Account,
  ApiKey,
  CorrectionRequest,
  CorrectionResult,
  Credits,
  FundRequest,
  FundResult,
  HouseLimits,
  KeyPolicy,
  Move,
  MoveResult,
  NewAccount,
  NewAccountResult,
  NewKey,
  NodeChange,
} from "./accounts-port.ts";
import type { LedgerOutcomes, Outcome } from "./outcomes-port.ts";
import type { Alert, Correction, LedgerReports } from "./reports-port.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { LedgerRuns } from "./runs-port.ts";
import type { LedgerStatements } from "./statements-port.ts";

/**
 * What the gateway needs from a ledger, whatever stores it: SQLite or PostgreSQL, the same journal, the
 * same decisions. MONEY §4-§8 is the specification.
 *
 * Every method that changes something resolves only when it is durable. `LedgerUnavailable` is thrown when
 * the store can't be reached or can't commit; anything else thrown is a bug.
 */
export type Ledger = LedgerCalls &
  LedgerAccounts &
  LedgerReports &
  LedgerOutcomes &
  LedgerRuns &
  LedgerStatements & { close(): Promise<void> };

/** Holds and what becomes of them. */
export type LedgerCalls = {
  /** Reserves the ceiling, or says why not. Posting one id twice is one posting. */
  hold(request: HoldRequest): Promise<HoldResult>;
  /** Ends a hold: once. A second ending with the same content is the same posting; a recovery's void wins. */
  end(ending: Ending): Promise<PostedEnding>;
  /** Remembers a vendor's asynchronous task before its first poll, so that recovery can ask for it. */
  noteTask(task: TaskMemo): Promise<void>;
  /** Offers a call, whose client left before anything reached it, to the next one that asks the same. */
  noteAdoptable(call: AdoptableCall): Promise<void>;
  /** Whether an `Idempotency-Key` stands for this hold. */
  hasIntent(holdId: string): Promise<boolean>;
  /** A hold and, once there is one, its ending. Undefined for an id that isn't there. */
  call(holdId: string): Promise<LedgerCall | undefined>;
  /** Holds without an ending, oldest first; of one process or of all. */
  openHolds(of?: { readonly process?: string }): Promise<readonly OpenHold[]>;
  /** Says that a process lives. Missing where the store has one owner anyway. */
  readonly beats?: Beats;
};

/** How several processes on one store know of each other: counters that the living raise (MONEY §6). */
export type Beats = {
  /** Raises this process's counter. */
  raise(process: string): Promise<void>;
  /** Every process that has beaten, with its counter. */
  all(): Promise<ReadonlyMap<string, bigint>>;
  /** Forgets a process none of whose holds are open any more. */
  forget(process: string): Promise<void>;
};

/** The tree of accounts and keys, its limits and funds. */
export type LedgerAccounts = {
  createAccount(request: NewAccount): Promise<NewAccountResult>;
  account(accountId: string): Promise<Account | undefined>;
  /** All of them, or one with all below it; parents before children, then by age. */
  listAccounts(below?: string): Promise<readonly Account[]>;
  credits(accountId: string): Promise<Credits | undefined>;
  /** Undefined for an account that isn't there. */
  createKey(request: NewKey): Promise<ApiKey | undefined>;
  /** The key with this public id, revoked and expired ones included, with what its accounts say. */
  findKey(keyId: string): Promise<KeyPolicy | undefined>;
  /** Of one account, or all. */
  listKeys(accountId: string | undefined): Promise<readonly ApiKey[]>;
  revokeKey(request: {
    readonly keyId: string;
    readonly actor: string;
  }): Promise<ApiKey | undefined>;
  /** Changes name, limits or settings of an account or a key. False for an id that isn't there. */
  changeNode(change: NodeChange): Promise<boolean>;
  /** Hangs an account, with all below it, below another one of the same root. History stays where it was. */
  moveAccount(move: Move): Promise<MoveResult>;
  fund(request: FundRequest): Promise<FundResult>;
  correct(request: CorrectionRequest): Promise<CorrectionResult>;
  /** Says in every root that this ledger was restored from a backup. Its open holds are recovery's. */
  noteRestore(restore: { readonly actor: string; readonly note: string }): Promise<void>;
};

/** The store can't take or give anything now: new orders get 503 `ledger_unavailable`, endings go to the spool. */
export class LedgerUnavailable extends Error {
  override readonly name = "LedgerUnavailable";
}

/** A price version as the ledger stores it at first use: canonical JSON under its SHA-256 (lower-case hex). */
export type StoredPrice = {
  readonly id: string;
  readonly sha256: string;
  readonly json: string;
};

export type HoldRequest = {
  /** `rcpt_…`, made by the gateway before the first try; the receipt bears the same id. */
  readonly id: string;
  readonly requestId: string;
  readonly accountId: string;
  readonly keyId: string;
  /** The ceiling, margin included: what is reserved. Above zero unless the model is free. */
  readonly amount: PicoUsd;
  /** The ceiling without the margin: the most that the vendor is expected to bill. Absent: `amount`. */
  readonly vendorAmount?: PicoUsd;
  /** Frozen here for the charge. Absent or null: none. */
  readonly margin?: Margin | null;
  readonly expected: PicoUsd;
  readonly model: string;
  readonly vendor: string;
  readonly connection: string;
  /** The catalog's day, YYYY-MM-DD. */
  readonly asOf: string;
  readonly price: StoredPrice;
  readonly ratingVersion: number;
  readonly facts: RequestFacts;
  readonly ceilingItems: readonly UsageItem[];
  readonly resolved: readonly JsonValue[];
  readonly sent: { readonly [param: string]: JsonValue };
  readonly marks: readonly Mark[];
  readonly warnings: readonly string[];
  readonly tags: { readonly [name: string]: string };
  readonly user: string | null;
  /** The run, and its row, that it is made for; absent for a call by itself. */
  readonly run?: RowName;
  /** What the decision needs beside what the journal records; null or absent where it plays no part. */
  readonly admission?: Admission;
};

/** A row of a run, by their names. */
export type RowName = {
  /** `run_…` */
  readonly id: string;
  /** Unique within the run: the caller's own. */
  readonly row: string;
};

/** Circumstances of a hold that decide whether it is made, and are not part of its entry. */
export type Admission = {
  /** The gateway process that will end it. */
  readonly process?: string;
  /** The house's limits on this connection, per root. */
  readonly connectionLimits?: HouseLimits;
  /** An `Idempotency-Key`: its row is written in the hold's transaction (MONEY §7). */
  readonly intent?: Intent | null;
  /** Takes over a call of the same key and body whose client left, instead of making a hold. */
  readonly adopt?: string | null;
};

export type Intent = {
  /** SHA-256 (hex) of API key, route and `Idempotency-Key`. */
  readonly scope: string;
  /** SHA-256 (hex) of all that was sent. */
  readonly body: string;
};

export type HoldResult =
  | {
      readonly kind: "held";
      readonly createdMs: number;
      /** Where the key has a rate limit: what it has left in this minute. */
      readonly rate: RateState | null;
      /** Thresholds that this hold was the first to reach. */
      readonly alerts: readonly Alert[];
    }
  | {
      readonly kind: "refused";
      /** `prepaid` for a root's balance, `day`, `month`, `total` for a limit, `range` near 9*10^18. */
      readonly limit: "prepaid" | "day" | "month" | "total" | "range";
      /** The account or key whose limit it is. */
      readonly node: string;
      readonly required: PicoUsd;
      readonly available: PicoUsd;
    }
  /** The house has lost or owes too much already (MONEY §5). */
  | {
      readonly kind: "house_refused";
      readonly limit: keyof HouseLimits;
      /** Null for the root's own limit. */
      readonly connection: string | null;
      readonly required: PicoUsd;
      readonly available: PicoUsd;
    }
  | { readonly kind: "rate_limited"; readonly rate: RateState }
  /** The same intent was held before; or its key stands for another body. */
  | { readonly kind: "intent"; readonly state: "running" | "ended"; readonly holdId: string }
  | { readonly kind: "intent_reused"; readonly holdId: string }
  | { readonly kind: "adopted"; readonly holdId: string }
  /** Its run's row isn't claimed for it: nobody, or another process, has it by now. */
  | { readonly kind: "not_claimed" }
  | { readonly kind: "unknown_account" };

/** A key's clock minute. What isn't limited is null. */
export type RateState = {
  readonly requests: { readonly limit: number; readonly left: number } | null;
  readonly images: { readonly limit: number; readonly left: number } | null;
  /** Until the next minute by the store's clock: 1 to 60,000. */
  readonly resetMs: number;
};

export type AdoptableCall = {
  readonly holdId: string;
  /** So long it may still run. */
  readonly untilMs: number;
  /** SHA-256 (hex) of all that was sent. */
  readonly body: string;
  /** It was taken over, by a client that left with nothing too. Without this, what was taken stays taken. */
  readonly again?: true;
};

/** One try at the vendor, as the journal keeps it: no prompt, no image, no vendor prose. */
export type Attempt = {
  readonly vendorRequestId: string | null;
  /** HTTP status, null when none arrived. */
  readonly status: number | null;
  readonly outcome: string;
  readonly ms: number;
};

/** What is known of one image. `sha256` only where bytes rest in a store. */
export type ImageFacts = {
  readonly width: number | null;
  readonly height: number | null;
  readonly format: string | null;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly contentCredentials: boolean;
  readonly flags: readonly string[];
};

/** A line as posted; amounts in picodollars. */
export type PostedLine = {
  readonly meter: Meter | "overrun" | "margin";
  readonly quantity: bigint;
  readonly unitPrice: PicoUsd;
  readonly amount: PicoUsd;
};

/** Facts that both kinds of ending share. */
type EndingFacts = {
  readonly holdId: string;
  readonly attempts: readonly Attempt[];
  /** The vendor's own JSON text of its usage, unread; null when there was none. At most 64 KiB. */
  readonly usage: string | null;
  readonly servedModel: string | null;
  /** Stored beside the frozen one when the vendor served another model. */
  readonly echoedPrice: StoredPrice | null;
  /** What the vendor will bill the house; null when unknown. Zero is not posted. */
  readonly vendorCost: { readonly total: PicoUsd; readonly lines: readonly PostedLine[] } | null;
  /** What the vendor may bill the house though nobody is charged. */
  readonly exposure: { readonly amount: PicoUsd; readonly reason: string } | null;
  readonly imagesMade: number;
  readonly imagesDelivered: number;
  /** The quality that the vendor says it made, else the one that was priced; null where there is none; absent as in `RequestFacts`. */
  readonly qualityBilled?: string | null;
  readonly flags: readonly string[];
  /** Each vendor call by itself, where there were several; the figures here are their sums. */
  readonly legs?: readonly LegFacts[];
};

/** One of several vendor calls under one hold, in the order of their images. */
export type LegFacts = BilledLeg & {
  /** The refusal that the caller would have been answered with it alone; null where it made its image. */
  readonly code: string | null;
};

export type Ending =
  | (EndingFacts & {
      readonly kind: "settle";
      readonly basis: Basis;
      readonly reason: MissingReason | null;
      /** At most the hold's amount; the margin is one of its lines. */
      readonly charge: PicoUsd;
      readonly overrun: PicoUsd;
      readonly lines: readonly PostedLine[];
      /** What was rated; empty when usage was missing. */
      readonly items: readonly UsageItem[];
      readonly images: readonly ImageFacts[];
    })
  | (EndingFacts & {
      readonly kind: "void";
      readonly outcome: "refused" | "our_account" | "unspent" | "failed" | "unknown" | "recovered";
      /** The refusal that the caller was answered. */
      readonly code: string;
      /** What the known vendor cost was rated from. */
      readonly items: readonly UsageItem[];
    });

export type Chain = { readonly sequence: number; readonly hash: string };

export type PostedEnding =
  | { readonly kind: "posted"; readonly chain: Chain }
  /** Recovery ended the hold first: the account owes nothing, the known cost was booked to the house, flagged `late`. */
  | { readonly kind: "late"; readonly chain: Chain };

export type TaskMemo = {
  readonly holdId: string;
  readonly taskId: string;
};

export type LedgerCall = {
  readonly hold: HoldRequest & { readonly createdMs: number; readonly chain: Chain };
  readonly taskId: string | null;
  readonly ending: (Ending & { readonly createdMs: number; readonly chain: Chain }) | undefined;
  /** Oldest first. The ending is what was posted; what corrections made of it stands here. */
  readonly corrections: readonly Correction[];
  /** What counts of each judged picture, in the order of the pictures. */
  readonly outcomes: readonly Outcome[];
};

export type OpenHold = {
  readonly holdId: string;
  readonly accountId: string;
  readonly vendor: string;
  readonly connection: string;
  readonly amount: PicoUsd;
  /** Without the margin: what the house fears when nothing is known. */
  readonly vendorAmount: PicoUsd;
  readonly createdMs: number;
  readonly taskId: string | null;
  /** The process that made it; null in a ledger from before processes were told apart. */
  readonly process: string | null;
};
