import type { ImageFacts, RateState } from "../ledger/port.ts";
import type { Refusal } from "../refusals.ts";
import type { ResultHead, ResultWriter } from "../results/port.ts";
import type { ImageSink } from "../vendors/port.ts";
import type { LegFailure, MadeOutcome, Settlement } from "./judge.ts";
import type { Waiting } from "./once.ts";
import type { Prepared } from "./prepare.ts";

/** A refusal as it leaves. */
export type ErrorText = ResultHead & { readonly body: string };

/** Where the answer goes, whatever the surface. */
export type Client = Waiting & {
  /** Opens the way for pictures once they are held for; nothing leaves before the commit point. */
  readonly open: (held: {
    readonly receiptId: string;
    readonly prepared: Prepared;
    /** What the key has left of its rate, null where it has none. */
    readonly rate: RateState | null;
    /** More that the answer's headers say of its account. */
    readonly headers: Readonly<Record<string, string>>;
    /** The URL of picture `index` (0-based), where the order asks for URLs. */
    readonly urlOf: (index: number, facts: ImageFacts) => string;
  }) => Opened;
};

export type Opened = {
  readonly sink: ImageSink;
  /** What has passed so far, and whether anybody is there to read it. */
  readonly delivered: () => { readonly images: readonly ImageFacts[]; readonly gone: boolean };
  /** Whether part of the answer has left already. */
  readonly committed: () => boolean;
  /** From its first byte on the answer goes there too. Not once part of it has left. */
  readonly copyTo: (copy: Pick<ResultWriter, "write">) => void;
  /** What `finish` sends. */
  readonly endOf: (made: Finished) => AnswerEnd;
  readonly finish: (end: AnswerEnd) => void;
  /** What `refuse` sends. */
  readonly errorOf: (refusal: Refusal) => ErrorText;
  /** Says no; breaks the answer off when part of it has left already. */
  readonly refuse: (refusal: Refusal) => void;
  /** Says nothing at all: another call answers. Not once part of it has left. */
  readonly abandon: () => void;
};

export type Finished = {
  readonly outcome: MadeOutcome;
  readonly settlement: Settlement;
  readonly failures: readonly LegFailure[];
  /** Nothing was charged after all: recovery had ended the hold. */
  readonly late: boolean;
};

/** The last of a good answer: all of its headers, and what follows the last image's base64. */
export type AnswerEnd = {
  readonly headers: Readonly<Record<string, string>>;
  readonly tail: Buffer;
};
