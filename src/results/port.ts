import type { Readable } from "node:stream";

/** Answers and pictures that are kept to be given again, by the receipt of their call. */
export type ResultStore = {
  /** Begins to keep something. Never throws: what goes wrong shows when it is sealed. */
  readonly begin: (receiptId: string, kind: ResultKind) => ResultWriter;
  /**
   * Undefined when it isn't there, is no longer there, or can't be read whole.
   *
   * @param choose which of its bytes are wanted, once its head is known; all of them when it is left out.
   */
  readonly read: (
    receiptId: string,
    kind: ResultKind,
    choose?: ChoosePart,
  ) => Promise<StoredResult | undefined>;
  /** Bytes for which there is room now, at least 0; null where nobody can say. */
  readonly roomBytes: () => Promise<number | null>;
};

/** A store that is kept clean. */
export type SweptStore = ResultStore & {
  /** Removes what is kept no longer, and what crashes left half written. */
  readonly sweep: () => Promise<Swept>;
};

/** What a sweep did. */
export type Swept = {
  /** Files or objects removed. */
  readonly removed: number;
  /** Bytes that this process knows to be taken up now; null where nobody counts them. */
  readonly bytes: number | null;
  /** There is more to remove: it is the next sweep's. */
  readonly more: boolean;
};

/**
 * An answer after which pictures were made, or an error; both may lie there for one call: the ledger says
 * which is true. Or the call's picture of this number, from 0.
 */
export type ResultKind = "made" | "error" | `picture-${number}`;

/** What stands before the bytes of an answer or a picture. */
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
   * Adds the last of the body, which is not empty as a whole, and resolves once all of it lies there for
   * good under its receipt's id: true. False when that can't be, or takes too long. Called once.
   */
  readonly seal: (head: ResultHead, tail: Buffer) => Promise<boolean>;
  /** Throws away what was written. What is sealed stays. */
  readonly discard: () => Promise<void>;
};

/** Something kept, without its bytes. */
export type StoredHead = ResultHead & { readonly bytes: number };

/** Bytes from `start` to `end`, both included, counted from 0; undefined for none at all. */
export type BytePart = { readonly start: number; readonly end: number };
export type ChoosePart = (stored: StoredHead) => BytePart | undefined;

/** Something to be given again. Whoever has it reads the body to its end or destroys it. */
export type StoredResult = StoredHead & {
  /** The part that was asked for. */
  readonly body: Readable;
};
