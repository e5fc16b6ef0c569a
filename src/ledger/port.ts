import type { Basis } from "../billing/charge.ts";
import type { PricedFacts } from "../billing/rate.ts";
import type { MissingReason, UsageItem } from "../billing/usage.ts";
import type { Mark, Meter } from "../catalog/schema.ts";
import type { JsonValue } from "../json.ts";
import type { PicoUsd } from "../money/pico-usd.ts";

/**
 * What the gateway needs from a ledger, whatever stores it. SQLite is the first store; PostgreSQL keeps
 * the same port and the same journal. MONEY §4-§8 is the specification.
 *
 * Every method resolves only when what it did is durable. `LedgerUnavailable` is thrown when the store
 * can't be reached or can't commit; anything else thrown is a bug.
 */
export type Ledger = {
  /** Reserves the ceiling, or says which limit it doesn't fit. Posting one id twice is one posting. */
  hold(request: HoldRequest): Promise<HoldResult>;
  /** Ends a hold: once. A second ending with the same content is the same posting; a recovery's void wins. */
  end(ending: Ending): Promise<PostedEnding>;
  /** Remembers a vendor's asynchronous task before its first poll, so that recovery can ask for it. */
  noteTask(task: TaskMemo): Promise<void>;
  /** A hold and, once there is one, its ending. Undefined for an id that isn't there. */
  call(holdId: string): Promise<LedgerCall | undefined>;
  credits(accountId: string): Promise<Credits | undefined>;
  /** The key with this public id, revoked ones included. */
  findKey(keyId: string): Promise<ApiKey | undefined>;
  createAccount(request: NewAccount): Promise<Account>;
  listAccounts(): Promise<readonly Account[]>;
  fund(request: FundRequest): Promise<FundResult>;
  /** Replaces the limits of an account. */
  setLimits(request: LimitRequest): Promise<Account | undefined>;
  createKey(request: NewKey): Promise<ApiKey | undefined>;
  listKeys(accountId: string | undefined): Promise<readonly ApiKey[]>;
  revokeKey(request: {
    readonly keyId: string;
    readonly actor: string;
  }): Promise<ApiKey | undefined>;
  /** Holds without an ending, oldest first. */
  openHolds(): Promise<readonly OpenHold[]>;
  close(): Promise<void>;
};

/** The store can't take or give anything now: new orders get 503 `ledger_unavailable`, endings go to the spool. */
export class LedgerUnavailable extends Error {
  override readonly name = "LedgerUnavailable";
}

/** Everything that the price of a request depends on, as far as it is known before the call (MONEY §4). */
export type RequestFacts = {
  readonly surface: "generations";
  readonly n: number;
  readonly size: {
    readonly asked: string | null;
    readonly pixels: string | null;
    readonly label: string | null;
    readonly ratio: string | null;
  };
  readonly priced: PricedFacts;
  readonly promptBytes: number;
  readonly promptTokens: number;
};

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
  /** The ceiling: what is reserved. Above zero unless the model is free. */
  readonly amount: PicoUsd;
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
};

export type HoldResult =
  | { readonly kind: "held"; readonly createdMs: number }
  | {
      readonly kind: "refused";
      /** `prepaid` for a root's balance, `day`, `month`, `total` for a limit, `range` near 9*10^18. */
      readonly limit: "prepaid" | "day" | "month" | "total" | "range";
      /** The account or key whose limit it is. */
      readonly node: string;
      readonly required: PicoUsd;
      readonly available: PicoUsd;
    }
  | { readonly kind: "unknown_account" };

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
  readonly meter: Meter | "overrun";
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
  readonly flags: readonly string[];
};

export type Ending =
  | (EndingFacts & {
      readonly kind: "settle";
      readonly basis: Basis;
      readonly reason: MissingReason | null;
      /** At most the hold's amount. */
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
};

export type OpenHold = {
  readonly holdId: string;
  readonly accountId: string;
  readonly vendor: string;
  readonly connection: string;
  readonly amount: PicoUsd;
  readonly createdMs: number;
  readonly taskId: string | null;
};

/** Settled grows for ever; available is null when nothing limits the account. */
export type Credits = {
  readonly settled: PicoUsd;
  readonly held: PicoUsd;
  readonly available: PicoUsd | null;
  readonly prepaid: boolean;
};

/** Spending limits; windows are UTC days and months, `total` is for ever. */
export type Limits = {
  readonly day?: PicoUsd;
  readonly month?: PicoUsd;
  readonly total?: PicoUsd;
};

export type Account = {
  readonly id: string;
  readonly name: string;
  readonly prepaid: boolean;
  readonly limits: Limits;
  readonly createdMs: number;
  readonly credits: Credits;
};

export type NewAccount = {
  readonly name: string;
  readonly prepaid: boolean;
  readonly limits: Limits;
  readonly actor: string;
};

export type FundRequest = {
  readonly accountId: string;
  readonly amount: PicoUsd;
  readonly actor: string;
  /** The same id posts once. */
  readonly entryId: string;
};

export type FundResult =
  | { readonly kind: "funded"; readonly entryId: string; readonly available: PicoUsd | null }
  | { readonly kind: "refused"; readonly reason: "unknown_account" | "not_prepaid" | "range" };

export type LimitRequest = {
  readonly accountId: string;
  readonly limits: Limits;
  readonly actor: string;
};

/** A key at rest: its public id and the SHA-256 of the whole key (lower-case hex), never the key. */
export type ApiKey = {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly sha256: string;
  readonly createdMs: number;
  readonly revokedMs: number | null;
};

export type NewKey = {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly sha256: string;
  readonly actor: string;
};
