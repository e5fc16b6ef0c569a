import type { KeyTemplate } from "./key-template.ts";

/** Where pictures go that callers choose to keep. */
export type OutputStore = {
  /**
   * Puts something there under a key that nobody has: `kept`, whole and to stay. `taken`: something else lies
   * there, and stays as it is.
   *
   * @throws what the store says when it can't.
   */
  readonly put: (output: Output) => Promise<"kept" | "taken">;
};

export type Output = {
  readonly key: string;
  readonly contentType: string;
  readonly cacheControl: string | undefined;
  readonly bytes: OutputBytes;
};

/** What is put there; may be read again for another try. */
export type OutputBytes = {
  readonly length: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly read: () => AsyncIterable<Buffer>;
};

/** What the owner has configured about outputs. */
export type Outputs = {
  readonly store: OutputStore;
  /** As its owner would write it: a folder or `s3://bucket/prefix/`. */
  readonly place: string;
  /** Where a request names no key of its own. */
  readonly key: KeyTemplate;
  readonly cacheControl: string | undefined;
};
