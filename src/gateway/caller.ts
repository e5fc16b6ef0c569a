import type { RowName } from "../ledger/port.ts";
import type { Surface } from "../ledger/request-facts.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import type { OrderPolicy } from "./prepared-for.ts";
import type { Sameness } from "./same.ts";

/** Who asks, already known by a key. */
export type Caller = {
  readonly accountId: string;
  /** The account's id and those of all above it, up to the root. */
  readonly accountPath: readonly string[];
  readonly keyId: string;
  readonly requestId: string;
  readonly surface: Surface;
  /** What the key's owner has set. */
  readonly policy: OrderPolicy;
  /** Headers that go on to the vendor: fault switches, in the sandbox only. */
  readonly vendorHeaders: Readonly<Record<string, string>>;
  /** By what an earlier request is known to be the same. */
  readonly same: Sameness;
  /** The row of a run that it asks for; undefined for a request of its own. */
  readonly run?: RowCalled;
};

/** A row of a run, as it was claimed. */
export type RowCalled = {
  readonly name: RowName;
  /** What is reserved for it under the run's cap: no hold is made for more. */
  readonly ceiling: PicoUsd;
};
