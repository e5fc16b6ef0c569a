import type { Mark, Model } from "../catalog/schema.ts";
import type { BillLine, BillProblem, CountLine } from "./line.ts";

/** The time zone in which a vendor's days begin, and how that is known. */
export type BillZone = {
  /** IANA name. */
  readonly name: string;
  readonly source: string;
  readonly checkedOn: string;
  readonly mark: Mark;
};

/** What a reader is told beside the text. */
export type BillContext = {
  readonly file: string;
  /** The vendor's time zone, or the one that the owner says. */
  readonly zone: string;
  /** The vendor's models. */
  readonly models: readonly Model[];
};

export type ReadBill = {
  readonly lines: readonly BillLine[];
  readonly counts: readonly CountLine[];
  /** Worth knowing, and no obstacle. */
  readonly notes: readonly string[];
  readonly problems: readonly BillProblem[];
};

/** One format in which a vendor hands its bills out. */
export type BillFormat = {
  /** Lower case with hyphens; what `--format` takes. */
  readonly id: string;
  /** For people, with where it is to be had. */
  readonly name: string;
  readonly zone: BillZone;
  /** Encodings to try, in turn, where the text is no UTF-8. */
  readonly encodings: readonly string[];
  /** Whether a text looks like it; asked in turn, the first that says yes reads it. */
  readonly recognises: (text: string) => boolean;
  /** Reads all of it, problems included. Never throws for the file's sake. */
  readonly read: (text: string, context: BillContext) => ReadBill;
};
