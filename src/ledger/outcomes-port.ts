import type { PicoUsd } from "../money/pico-usd.ts";

/**
 * What became of delivered pictures: kept or not, as whoever looked at them says. Memos in the journal, which
 * move no money. Of one picture the last one counts; all of them stay.
 */

export type LedgerOutcomes = {
  /**
   * Notes outcomes of one receipt's pictures: all of them or, where one is refused, none. An outcome that stands
   * already is no second entry.
   */
  noteOutcomes(noted: NotedOutcomes): Promise<NotedResult>;
  /** What may be judged of these receipts; those that aren't there are left out. */
  judgeable(holdIds: readonly string[]): Promise<readonly Judgeable[]>;
  /** What was judged, by model and quality. */
  judged(query: JudgedQuery): Promise<readonly JudgedModel[]>;
};

/** A verdict on one picture. */
export type ImageOutcome = {
  /** Its place among the delivered pictures of its receipt, from 0. */
  readonly image: number;
  readonly kept: boolean;
  /** A word or a few, as `isOutcomeReason` takes them; null for none. */
  readonly reason: string | null;
};

export type NotedOutcomes = {
  readonly holdId: string;
  readonly outcomes: readonly ImageOutcome[];
  /** Who says so: a key's id, or who administers. */
  readonly actor: string;
};

export type NotedResult =
  | {
      readonly kind: "noted";
      /** Entries that were appended. */
      readonly posted: number;
      /** Outcomes that stood already. */
      readonly unchanged: number;
    }
  | {
      readonly kind: "refused";
      /** `not_settled`: still open, or ended without a picture. */
      readonly reason: "unknown_receipt" | "not_settled";
    }
  | {
      readonly kind: "refused";
      readonly reason: "no_such_image" | "judged_too_often";
      readonly image: number;
      /** Pictures that were delivered. */
      readonly images: number;
    };

/** The outcome that counts of one picture. */
export type Outcome = ImageOutcome & {
  readonly actor: string;
  /** How many outcomes of this picture there were, this one included. */
  readonly revision: number;
  readonly createdMs: number;
};

/** A receipt as far as its pictures may be judged. */
export type Judgeable = {
  readonly holdId: string;
  readonly accountId: string;
  /** Pictures that were delivered; null while it is open and where it ended without one. */
  readonly images: number | null;
};

/** Which outcomes to add up. */
export type JudgedQuery = {
  /** Absent is everything. */
  readonly rootId?: string | undefined;
  /** This account and all below it, by the path at the time of the call. Goes with its root. */
  readonly accountId?: string | undefined;
};

/** Pictures that were judged, and what was charged for them. */
export type Judged = {
  readonly outcomes: number;
  readonly kept: number;
  /**
   * What was charged for the judged pictures, corrections included: of a call's charge the judged pictures' part
   * of all that were delivered, rounded up to a picodollar a call.
   */
  readonly judgedCharge: PicoUsd;
};

export type JudgedModel = Judged & {
  readonly model: string;
  /** The quality that was made; null where the model has none. */
  readonly quality: string | null;
};

/** What a reason may be: words of small letters and digits with - or _ between, so that reasons can be counted. */
const OUTCOME_REASON = /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/;
export const OUTCOME_REASON_MAX = 64;

/** Outcomes of one picture; each is an entry for ever, and nobody changes his mind more often in good faith. */
export const REVISIONS_MAX = 100;

export function isOutcomeReason(text: string): boolean {
  return text.length <= OUTCOME_REASON_MAX && OUTCOME_REASON.test(text);
}
