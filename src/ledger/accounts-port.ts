import type { Margin } from "../billing/margin.ts";
import { type PicoUsd, picoUsd } from "../money/pico-usd.ts";

/** Accounts and keys as the ledger knows them (MONEY §5): a tree, limits at every node. */

/** Spending limits; windows are UTC days and months, `total` is for ever. One that is left out does not limit. */
export type Limits = {
  readonly day?: PicoUsd;
  readonly month?: PicoUsd;
  readonly total?: PicoUsd;
};

/**
 * What the house is ready to lose or to owe. `exposureHour`: uncharged cost and open exposures that began
 * within a UTC hour. `vendorCost…`: settled, held and open exposures at their maximum, by day and month.
 */
export type HouseLimits = {
  readonly exposureHour?: PicoUsd;
  readonly vendorCostDay?: PicoUsd;
  readonly vendorCostMonth?: PicoUsd;
};

/**
 * A root may lose so much an hour where nothing else is said (MONEY §5): 5 USD. A connection of which nothing
 * is said may lose what its root may.
 */
export const EXPOSURE_HOUR_DEFAULT = picoUsd(5_000_000_000_000n);

/** Accepted orders a key may place within a clock minute (UTC). */
export type RateLimit = {
  readonly requestsPerMinute?: number;
  readonly imagesPerMinute?: number;
};

/** An owner's defaults for what a request leaves out or calls `auto` (MONEY §3). */
export type AutoAs = { readonly quality?: string; readonly size?: string };

/** What an owner has set at a node beside its limits. Absent means not set here. */
export type NodeSettings = {
  readonly autoAs?: AutoAs;
  /** Keys: ids of the models that may be called; absent allows all. */
  readonly allowedModels?: readonly string[];
  /** Keys: tags of every call that doesn't set the same ones itself. */
  readonly tags?: { readonly [name: string]: string };
  /** Keys: from this instant on they open nothing. */
  readonly expiresMs?: number;
  readonly rate?: RateLimit;
  /** Accounts: counts for everything below that sets none of its own. */
  readonly margin?: Margin;
  /** Roots. */
  readonly house?: HouseLimits;
  /** Accounts: no answer of theirs, and of all below them, is kept to be given again. */
  readonly retain?: "none";
};

/** A change of settings: null takes a setting away, absent leaves it. */
export type SettingsChange = {
  readonly [Name in keyof NodeSettings]?: NodeSettings[Name] | null;
};

/** A change of limits: null takes a limit away, absent leaves it. */
export type LimitsChange = { readonly [Name in keyof Limits]?: PicoUsd | null };

/** Settled grows with every charge and sinks by corrections; available is null when nothing limits the account. */
export type Credits = {
  readonly settled: PicoUsd;
  readonly held: PicoUsd;
  readonly available: PicoUsd | null;
  readonly prepaid: boolean;
};

export type Account = {
  readonly id: string;
  readonly rootId: string;
  readonly parentId: string | null;
  readonly name: string;
  /** Roots only. */
  readonly prepaid: boolean;
  readonly limits: Limits;
  readonly settings: NodeSettings;
  readonly createdMs: number;
  readonly credits: Credits;
};

/** A key at rest: its public id and the SHA-256 of the whole key (lower-case hex), never the key. */
export type ApiKey = {
  readonly id: string;
  readonly accountId: string;
  readonly rootId: string;
  readonly name: string;
  readonly sha256: string;
  readonly createdMs: number;
  readonly revokedMs: number | null;
  readonly limits: Limits;
  readonly settings: NodeSettings;
};

/** A key with what the accounts above it say, for one request. */
export type KeyPolicy = ApiKey & {
  /** Account ids from its own account up to the root. */
  readonly accountPath: readonly string[];
  /** Each parameter from the nearest node that sets it. */
  readonly autoAs: AutoAs & {
    readonly by: { readonly [param in keyof AutoAs]?: "key" | "account" };
  };
  /** From the nearest account that sets one. */
  readonly margin: Margin | null;
  /** "none" when any account above says so; nothing below can take it back. */
  readonly retain: "none" | null;
};

export type NewAccount = {
  readonly name: string;
  /** Null or absent makes a root. */
  readonly parentId?: string | null;
  readonly prepaid: boolean;
  readonly limits: Limits;
  readonly settings?: NodeSettings;
  readonly actor: string;
};

export type NewAccountResult =
  | { readonly kind: "created"; readonly account: Account }
  | {
      readonly kind: "refused";
      /** `too_deep`: below six levels of accounts. `prepaid_below_root`: only a root may be prepaid. */
      readonly reason: "unknown_parent" | "too_deep" | "prepaid_below_root";
    };

/** Accounts stand at most so many levels deep; keys are leaves below them. */
export const LEVELS_MAX = 6;

export type NewKey = {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly sha256: string;
  readonly limits?: Limits;
  readonly settings?: NodeSettings;
  readonly actor: string;
};

/** Changes an account or a key; every part that is given gets an entry with before and after. */
export type NodeChange = {
  readonly nodeId: string;
  readonly actor: string;
  readonly name?: string;
  readonly limits?: LimitsChange;
  readonly settings?: SettingsChange;
};

export type Move = {
  readonly accountId: string;
  readonly parentId: string;
  readonly actor: string;
};

export type MoveResult =
  | { readonly kind: "moved" }
  | {
      readonly kind: "refused";
      readonly reason:
        | "unknown_account"
        | "unknown_parent"
        /** A root stays a root. */
        | "is_root"
        | "another_root"
        /** Into itself or below itself. */
        | "cycle"
        | "too_deep";
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
  | {
      readonly kind: "refused";
      /** `entry_reused`: its entry id stands for something else already. */
      readonly reason: "unknown_account" | "not_prepaid" | "entry_reused" | "range";
    };

/**
 * Mends a posted entry by a new one that names it (MONEY §4): lowers a charge, sets what a vendor really
 * billed for a cost or an exposure (zero: not billed), lowers a funding.
 */
export type CorrectionRequest = {
  /** The same id posts once. */
  readonly entryId: string;
  /** The entry that is mended: `<receipt>.end`, `<receipt>.cost`, `<receipt>.late`, `<receipt>.exposure` or a funding. */
  readonly corrects: string;
  /** What it should have been. */
  readonly amount: PicoUsd;
  readonly reason: string;
  readonly actor: string;
};

/** What of an entry a correction mends. */
export type Correctable = "charge" | "cost" | "exposure" | "fund";

export type CorrectionResult =
  | {
      readonly kind: "corrected";
      readonly entryId: string;
      readonly of: Correctable;
      readonly before: PicoUsd;
      readonly after: PicoUsd;
    }
  | {
      readonly kind: "refused";
      readonly reason:
        | "unknown_entry"
        /** Its own entry id stands for something else already. */
        | "entry_reused"
        /** An entry of a kind that moves no money of its own. */
        | "not_correctable"
        /** A charge or a funding may only become less. */
        | "not_lower"
        /** The funding that is left would not cover what is charged and held. */
        | "below_held"
        | "range";
      /** What the entry comes to now; null when it isn't there. */
      readonly now: PicoUsd | null;
    };
