import type { PicoUsd } from "../money/pico-usd.ts";

/** What readers of usage exports share: one reader a kind of file, whoever writes it. */

/** A record of a file. Numbers are the text that stood there, so that no amount passes through a float. */
export type SourceRecord = {
  readonly file: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly fields: Fields;
};

/** A JSON object, or a row of a table under the names of its columns. */
export type Fields = { readonly [name: string]: Field };
export type Field = string | boolean | null | Fields | readonly Field[];

/** Use of one kind in one place of a file: pictures of one model on one UTC day. */
export type PastUsage = {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  /** As the file names it. */
  readonly model: string;
  /** Whose use it was, as the file names it: a key, a project. */
  readonly key: string | null;
  /** Null where the file doesn't say. */
  readonly requests: number | null;
  readonly images: number | null;
  /** `WxH` or a label. */
  readonly size: string | null;
  readonly quality: string | null;
  /** Text tokens of one request's prompt. */
  readonly promptTokens: number | null;
  /** Output tokens of all pictures together, where that is what the vendor counts. */
  readonly outputTokens: bigint | null;
};

/** What of a file is no use that could be re-rated, and why, in a word. */
export type LeftOutReason =
  | "not_images"
  | "failed"
  | "cached"
  | "edits"
  | "batch"
  | "no_dollars"
  | "not_charged"
  | "no_usage"
  | "other_currency"
  | "unknown_model"
  | "unpriced"
  | "size_unknown"
  | "not_made"
  | "unexplained"
  | "ambiguous";

export type UsageFound =
  /** Use that was billed together: its parts share the dollars. */
  | {
      readonly kind: "usage";
      readonly parts: readonly [PastUsage, ...PastUsage[]];
      readonly dollars: PicoUsd;
      /** Of the dollars those for the pictures themselves, where the file tells them apart. */
      readonly outputDollars: PicoUsd | null;
    }
  | {
      readonly kind: "left_out";
      readonly reason: LeftOutReason;
      readonly images: number | null;
      readonly dollars: PicoUsd | null;
    }
  | BadRecord;

/** A record that can't be read. */
export type BadRecord = {
  readonly kind: "bad";
  readonly file: string;
  readonly line: number;
  /** Undefined where the record as a whole is broken. */
  readonly column?: string;
  /** What was there and what is allowed. */
  readonly why: string;
};

/** What a caller says about a file. */
export type ReadBy = {
  /** Our column -> the file's. Empty: the file's columns bear our names. */
  readonly map: ReadonlyMap<string, string>;
};

/** A reader of one kind of export. */
export type UsageReader = {
  /** As `--from` names it. */
  readonly id: string;
  /** `pages`: JSON objects whose arrays hold the records. */
  readonly forms: readonly ("rows" | "pages" | "table")[];
  /** The columns or fields that are read; others of the file are named to its owner. */
  readonly known: readonly string[];
  /** The fields of a record without which nothing can be read. */
  readonly required: readonly string[];
  /** Reads record after record; may keep sums by day and model until the end. */
  read(records: AsyncIterable<SourceRecord>, by: ReadBy): AsyncGenerator<UsageFound>;
};
