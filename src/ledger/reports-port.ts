import type { PicoUsd } from "../money/pico-usd.ts";
import type { Correctable } from "./accounts-port.ts";
import type { Judged } from "./outcomes-port.ts";
import type { Ending, HoldRequest } from "./port.ts";

/** What the ledger tells of many calls at once. Lists are newest first and come in pages. */

export type LedgerReports = {
  /** @throws InvalidPage for a `before` that no page of this list gave out. */
  exposures(of: PageRequest & { readonly open: boolean }): Promise<Page<Exposure>>;
  overruns(of: PageRequest): Promise<Page<Overrun>>;
  corrections(of: PageRequest): Promise<Page<Correction>>;
  alerts(of: PageRequest): Promise<Page<Alert>>;
  /** @throws TooManyRows for more than `query.most`. */
  usage(query: UsageQuery): Promise<readonly UsageRow[]>;
  /** Looks through all calls, a slice at a time, for those that were priced by one version. */
  pricedCalls(query: PricedCallsQuery): Promise<PricedCalls>;
  /** Looks through all calls, a slice at a time, for those of some days that were settled. */
  settledCalls(query: SettledCallsQuery): Promise<SettledCalls>;
  /** Looks through all calls, a slice at a time, for those over one connection that ended within a time. */
  connectionCalls(query: ConnectionCallsQuery): Promise<ConnectionCalls>;
  /** The newest head of every root. */
  heads(): Promise<readonly ChainHead[]>;
};

export type Page<Item> = {
  readonly items: readonly Item[];
  /** Give it back as `before` for the next page; null on the last. */
  readonly next: string | null;
};

export type PageRequest = {
  /** Exposures and overruns: this account and all below it, by the path at their time. Others: it alone. */
  readonly accountId?: string | undefined;
  readonly before?: string | undefined;
  /** 1 to 1,000. */
  readonly most: number;
};

/** A `before` that no page of this list gave out. */
export class InvalidPage extends Error {
  override readonly name = "InvalidPage";
}

/** What of a call the house may have to pay though nobody is charged. */
export type Exposure = {
  readonly entryId: string;
  readonly holdId: string;
  readonly accountId: string;
  readonly vendor: string;
  readonly connection: string;
  readonly model: string;
  readonly amount: PicoUsd;
  readonly reason: string;
  readonly openedMs: number;
  /** Closed by a correction that says what the vendor billed. */
  readonly billed: PicoUsd | null;
};

/** What usage came to beyond the ceiling. */
export type Overrun = {
  readonly entryId: string;
  readonly holdId: string;
  readonly accountId: string;
  readonly vendor: string;
  readonly connection: string;
  readonly model: string;
  readonly ceiling: PicoUsd;
  readonly amount: PicoUsd;
  readonly createdMs: number;
};

export type Correction = {
  readonly entryId: string;
  readonly corrects: string;
  readonly of: Correctable;
  readonly accountId: string;
  /** Null for a funding. */
  readonly holdId: string | null;
  readonly before: PicoUsd;
  readonly after: PicoUsd;
  readonly reason: string;
  readonly actor: string;
  readonly createdMs: number;
};

/** A limit of which 50, 80 or 100 % are used: said once a window and threshold. */
export type Alert = {
  readonly nodeId: string;
  readonly limit: "prepaid" | "day" | "month" | "total" | "range";
  /** `2026-11-22`, `2026-11`, `total`, `range`; for a prepaid balance what was funded, in picodollars. */
  readonly window: string;
  readonly threshold: 50 | 80 | 100;
  readonly used: PicoUsd;
  readonly of: PicoUsd;
  readonly createdMs: number;
};

/** What usage may be told apart by. `tag:NAME` is the value of one tag. */
export type UsageDimension =
  | "day"
  | "model"
  | "vendor"
  | "connection"
  | "quality_asked"
  | "quality_billed"
  | "size"
  | "account"
  | "key"
  | "user"
  | "run"
  | `tag:${string}`;

export type UsageQuery = {
  /** This account and all below it, by the path at the time of the call; absent is everything. */
  readonly accountId?: string | undefined;
  readonly keyId?: string | undefined;
  /** First and last UTC day of the holds, both included, YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
  readonly by: readonly UsageDimension[];
  /** Rows beyond which nothing is told; at least 1. Absent: however many there are. */
  readonly most?: number;
};

/** A report of more rows than were to be told at most. */
export class TooManyRows extends Error {
  override readonly name = "TooManyRows";
}

export type UsageRow = Judged & {
  /** In the order of `by`; null where a call says nothing of it. */
  readonly keys: readonly (string | null)[];
  readonly calls: number;
  /** Calls that made an image and were charged. */
  readonly settled: number;
  readonly images: number;
  readonly charge: PicoUsd;
  readonly held: PicoUsd;
  readonly vendorCost: PicoUsd;
  readonly overrun: PicoUsd;
  /** Open ones. */
  readonly exposure: PicoUsd;
};

/** Which calls to look for: those whose hold, or whose ending's echoed price, cites a price version. */
export type PricedCallsQuery = {
  readonly priceId: string;
  /** This account and all below it, by the path at the time of the call; absent is everything. */
  readonly accountId?: string | undefined;
  /** First UTC day of the holds, YYYY-MM-DD. */
  readonly from?: string | undefined;
  /** Where the slice before ended: its `next`. */
  readonly after?: string | undefined;
};

/** What a slice of the calls held, root by root, oldest first. It may be empty and not the last. */
export type PricedCalls = {
  /** Ended calls only: an open one has been billed nothing yet. */
  readonly holdIds: readonly string[];
  /** Null after the last slice. */
  readonly next: string | null;
};

/** Which calls a vendor may have billed: those over one connection that ended within a time. */
export type ConnectionCallsQuery = {
  readonly connection: string;
  /** The first instant, and the one after the last, in milliseconds since 1970. */
  readonly fromMs: number;
  readonly beforeMs: number;
  /** Where the slice before ended: its `next`. */
  readonly after?: string | undefined;
};

/** What a call comes to after all corrections. */
export type CallStanding = {
  readonly holdId: string;
  readonly charge: PicoUsd;
  /** Everything that the house pays for it: what came late and what its exposure was billed at included. */
  readonly vendorCost: PicoUsd;
  /** Null while the exposure is open, and where there is none. */
  readonly exposureBilled: PicoUsd | null;
};

/** What a slice of the calls held, root by root, oldest first. It may be empty and not the last. */
export type ConnectionCalls = {
  readonly calls: readonly CallStanding[];
  /** Null after the last slice. */
  readonly next: string | null;
};

/** Which settled calls to tell. */
export type SettledCallsQuery = {
  /** First and last UTC day of the holds, both included, YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
  /** This account and all below it, by the path at the time of the call; absent is everything. */
  readonly accountId?: string | undefined;
  readonly keyId?: string | undefined;
  /** Where the slice before ended: its `next`. */
  readonly after?: string | undefined;
};

/** A call that made an image and was charged. */
export type SettledCall = {
  readonly hold: HoldRequest;
  readonly ending: Extract<Ending, { readonly kind: "settle" }>;
  /** As corrections have left it. */
  readonly charge: PicoUsd;
};

/** What a slice of the calls held, root by root, oldest first. It may hold none and not be the last. */
export type SettledCalls = {
  readonly calls: readonly SettledCall[];
  /** Calls of the days that ended without a picture, and were charged nothing. */
  readonly voided: number;
  /** Calls of the days that haven't ended. */
  readonly open: number;
  /** Calls of any day that the slice looked at. */
  readonly looked: number;
  /** Null after the last slice. */
  readonly next: string | null;
};

/** A place of a root's chain and the hash it had: an anchor, once it is kept where nobody rewrites it. */
export type ChainHead = {
  readonly root: string;
  readonly sequence: number;
  /** SHA-256, lower-case hex. */
  readonly hash: string;
};
