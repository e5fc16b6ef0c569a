import type { Command, Reply } from "../engine/commands.ts";
import type { Reading, Row } from "../sql/rows.ts";

/** What the threads of the SQLite store say to each other. */

/** A price version by name and content. */
export type PriceReference = { readonly id: string; readonly sha256: string };

/** What the thread that owns the file is started with. */
export type WriterStart = {
  readonly file: string;
  readonly world: "sandbox" | "live";
  readonly createdMs: number;
  readonly catalogPrices: readonly PriceReference[];
  /** Entries of a root from one checkpoint to the next. */
  readonly checkpointEvery: bigint;
};

/** Commands that share a transaction, and the instant by the store's clock. */
export type Batch = {
  readonly kind: "batch";
  readonly nowMs: number;
  readonly commands: readonly Command[];
  /** Whether it is answered when its commit is synced; else as soon as it is committed. */
  readonly sync: boolean;
};

/** To the writer: a batch; or that the log is to be copied into the file, which isn't answered. */
export type ToWriter = Batch | { readonly kind: "copy_log" } | { readonly kind: "close" };

/** From the writer: `replies` in the order of the batches. */
export type FromWriter =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "replies"; readonly replies: readonly Reply[] }
  | { readonly kind: "fatal"; readonly message: string }
  | { readonly kind: "closed" };

/** To the reader: statements that see one instant; or that the log is to be copied, answered with no rows. */
export type ToReader =
  | { readonly kind: "read"; readonly id: number; readonly readings: readonly Reading[] }
  | { readonly kind: "copy_log"; readonly id: number }
  | { readonly kind: "close" };

export type FromReader =
  | { readonly kind: "rows"; readonly id: number; readonly rows: readonly (readonly Row[])[] }
  | { readonly kind: "failed"; readonly id: number; readonly message: string }
  | { readonly kind: "closed" };
