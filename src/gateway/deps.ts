import type { Confirmations } from "../audit/reconcile/confirmations.ts";
import type { Catalog } from "../catalog/find.ts";
import type { Ratings } from "../catalog/ratings.ts";
import type { ChoiceAsked } from "../gates/order.ts";
import type { AutoAs } from "../ledger/accounts-port.ts";
import type { World } from "../ledger/open.ts";
import type { Chain, Ending, Ledger } from "../ledger/port.ts";
import type { Outputs } from "../outputs/port.ts";
import type { ResultStore } from "../results/port.ts";
import type { Connections } from "./connections.ts";
import type { PictureUrls } from "./picture-urls.ts";
import type { RunningCalls } from "./running-calls.ts";

/** What the main path works with: handed in, never looked up. */
export type Deps = {
  readonly world: World;
  readonly catalog: Catalog;
  /** What people preferred on public boards; `catalog/ratings.json`. */
  readonly ratings: Ratings;
  /** Prices that stood on a vendor's bill. */
  readonly confirmations: Confirmations;
  /** The day as which the catalog is read, YYYY-MM-DD. */
  readonly asOf: () => string;
  /** The day that it is, UTC, YYYY-MM-DD. */
  readonly today: () => string;
  /** Defaults for an open quality or size where neither key nor account sets one; `spotmeter.yaml`. */
  readonly autoAs: AutoAs;
  /** Models that are gone and what the owner lets stand for them; `spotmeter.yaml`. */
  readonly legacy: LegacyAliases;
  /** What the owner's presets ask of a choice, by name: `auto/NAME`; `routes` in `spotmeter.yaml`. */
  readonly presets: ReadonlyMap<string, ChoiceAsked>;
  readonly connections: Connections;
  readonly ledger: Ledger;
  /** The name of this gateway process in the ledger: its holds bear it. */
  readonly process: string;
  /** Ends a hold in the ledger or, while that is away, in the spool. */
  readonly end: EndHold;
  /** Answers and pictures that may be asked for again. */
  readonly results: ResultStore;
  /** Under which URLs the pictures among them are served. */
  readonly pictureUrls: PictureUrls;
  /** Where pictures go that callers choose to keep; undefined where the owner has configured nothing. */
  readonly outputs: Outputs | undefined;
  readonly running: RunningCalls;
  readonly vendorTimeoutMs: number;
  /** How long a request waits for the running one with the same `Idempotency-Key`. */
  readonly waitForSameMs: number;
  readonly log: Log;
};

/** Old model ids, each with the model that is called in its place. */
export type LegacyAliases = ReadonlyMap<string, string>;

/** Never rejects for the store's sake: `spooled` waits on disk, `lost` went nowhere and leaves the hold to recovery. */
export type EndHold = (
  ending: Ending,
) => Promise<
  | { readonly kind: "posted" | "late"; readonly chain: Chain }
  | { readonly kind: "spooled" }
  | { readonly kind: "lost" }
>;

/** A log line: facts by name, then words. Prompts, images and keys never go in. */
export type Log = {
  info(facts: Readonly<Record<string, unknown>>, text: string): void;
  warn(facts: Readonly<Record<string, unknown>>, text: string): void;
  /** Somebody has to look at it: the alarm. */
  error(facts: Readonly<Record<string, unknown>>, text: string): void;
};
