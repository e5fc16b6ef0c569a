import { byExpectedPrice, type Candidate } from "./candidates.ts";
import { type JudgedPictures, type PricePerKept, pricePerKept } from "./price-per-kept.ts";

/** What an account's own outcomes say of a model at a tier. A measure of its own: no rating enters it. */

/** Said wherever such figures stand. */
export const OWN_OUTCOMES =
  "measured from your own outcomes: pictures of this account and all below it that somebody judged, at what was charged for them, whatever they showed; no rating enters";

/** Judged pictures of a model; null is the tier of a model without any. */
export type JudgedModel = JudgedPictures & {
  readonly model: string;
  readonly quality: string | null;
};

/** Finds what was judged of a model at a tier. */
export type OwnOutcomes = (model: string, quality: string | null) => JudgedPictures | undefined;

export function ownOutcomes(judged: readonly JudgedModel[]): OwnOutcomes {
  const byName = new Map(judged.map((each) => [nameOf(each.model, each.quality), each]));
  return (model, quality) => byName.get(nameOf(model, quality));
}

function nameOf(model: string, quality: string | null): string {
  return JSON.stringify([model, quality]);
}

/** Nobody has judged anything. */
export const NO_OUTCOMES: OwnOutcomes = () => undefined;

/**
 * Cheapest per kept picture first; those of which that isn't known after them, the cheapest expected first.
 * The same price per kept picture is decided by the expected price.
 */
export function byPricePerKept(
  outcomes: OwnOutcomes,
): (left: Candidate, right: Candidate) => number {
  const priceOf = ({ model, quality }: Candidate): PricePerKept["price"] => {
    const judged = outcomes(model.id, quality);
    return (judged === undefined ? undefined : pricePerKept(judged))?.price ?? null;
  };
  return (left, right) => {
    const [one, other] = [priceOf(left), priceOf(right)];
    if (one === other) return byExpectedPrice(left, right);
    if (one === null || other === null) return one === null ? 1 : -1;
    return one < other ? -1 : 1;
  };
}
