import type { Readable } from "node:stream";

/** Answers that are kept to be given again, by the receipt of their call. */
export type ResultStore = {
  /** Begins to keep an answer. Never throws: what goes wrong shows when it is sealed. */
  readonly begin: (receiptId: string) => ResultWriter;
  /** Undefined when it isn't there, is no longer there, or can't be read whole. */
  readonly read: (receiptId: string, kind: ResultKind) => Promise<StoredResult | undefined>;
};

/** Pictures were made, or an error came of it. Both may lie there for one call: the ledger says which is true. */
export type ResultKind = "made" | "error";

/** What stands before an answer's body. */
export type ResultHead = {
  readonly status: number;
  /** Lower-case names. Only those of the answer itself, none of the request that it answered. */
  readonly headers: Readonly<Record<string, string>>;
};

export type ResultWriter = {
  /**
   * Adds to the body. A promise asks the writer to wait, never longer than a few seconds in all; the
   * buffer must stay untouched.
   */
  readonly write: (bytes: Buffer) => Promise<void> | undefined;
  /**
   * Adds the last of the body, which is not empty, and resolves once all of it is on the disk under its
   * receipt's id: true. False when that can't be, or takes too long. Called once.
   */
  readonly seal: (kind: ResultKind, head: ResultHead, tail: Buffer) => Promise<boolean>;
  /** Throws away what was written. What is sealed stays. */
  readonly discard: () => Promise<void>;
};

/** An answer to be given again. Whoever has it reads the body to its end or destroys it. */
export type StoredResult = ResultHead & {
  readonly bytes: number;
  readonly body: Readable;
};
