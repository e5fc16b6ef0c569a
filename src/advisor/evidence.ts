import {
  type Band,
  type Rating,
  type RatingMode,
  type Ratings,
  type ResolutionClass,
  ratedBands,
  resolutionClasses,
  UNSTATED,
} from "../catalog/ratings.ts";
import type { Model } from "../catalog/schema.ts";

/** What is to be rated: a model at a tier and a size class, as of a day. */
export type Rated = {
  readonly model: Model;
  /** The tier that goes out; undefined where it is left open, or the model has none. */
  readonly quality: string | undefined;
  readonly mode: RatingMode;
  /** Undefined where nobody knows what the model will make of an open size. */
  readonly resolution: ResolutionClass | undefined;
  /** YYYY-MM-DD: later tables are not known yet. */
  readonly asOf: string;
};

/** What is known of a model at a tier. */
export type Evidence = {
  readonly rating: Rating;
  /** It was earned by a cheaper tier or a smaller size of the same model: this one is at least that good. */
  readonly atLeast: boolean;
  /** Why it counts for no band and no comparison; undefined where it counts. */
  readonly uncounted: string | undefined;
};

/** Says what is known of a model at a tier; undefined where it knows nothing. */
type EvidenceSource = (of: Rated, ratings: Ratings) => Evidence | undefined;

/**
 * Where evidence comes from, the strongest first: an owner's own proof, then the outcomes of its own calls,
 * then boards. The first that counts is taken. Boards are all there is so far.
 */
const sources: readonly EvidenceSource[] = [boardEvidence];

/** The best evidence for a model at a tier; undefined without any. */
export function evidenceFor(of: Rated, ratings: Ratings): Evidence | undefined {
  const found = sources.flatMap((source) => source(of, ratings) ?? []);
  return found.find(({ uncounted }) => uncounted === undefined) ?? found[0];
}

/**
 * The rating that a model at a tier may claim: its own tier's, else that of the dearest cheaper tier, marked
 * `atLeast`. A rating whose tier the board doesn't state, or that was earned at a larger size, is told but
 * counts for nothing.
 */
function boardEvidence(of: Rated, ratings: Ratings): Evidence | undefined {
  const { board } = ratings.bands[of.mode];
  const known = ratings.ratings
    .filter((each) => each.board === board && each.model === of.model.id)
    .filter(({ snapshot }) => snapshot <= of.asOf)
    .toSorted((left, right) => (left.snapshot > right.snapshot ? -1 : 1))
    .map((rating) => claim(rating, of));
  const counted = known.filter(({ uncounted }) => uncounted === undefined);
  const { tiers = [] } = of.model.capabilities.quality ?? {};
  const rank = ({ rating: { tier } }: Evidence) => tiers.indexOf(tier ?? "");
  // The sort is stable: of equally near tiers the newest table stays first.
  return counted.toSorted((left, right) => rank(right) - rank(left))[0] ?? known[0];
}

function claim(rating: Rating, of: Rated): Evidence {
  const size = sizeClaim(rating, of);
  const tier = tierClaim(rating, of);
  return {
    rating,
    atLeast: size === "larger" || tier === "dearer",
    uncounted: whyNot(rating, { size, tier }),
  };
}

type SizeClaim = "same" | "larger" | "smaller" | "open";
type TierClaim = "same" | "dearer" | "cheaper" | "open" | "unstated";

function whyNot(
  rating: Rating,
  { size, tier }: { readonly size: SizeClaim; readonly tier: TierClaim },
): string | undefined {
  if (tier === "unstated") return "the board doesn't say which quality tier was voted on";
  if (tier === "open") return `rated at quality ${rating.tier} only; quality is left open`;
  if (tier === "cheaper") return `rated at quality ${rating.tier} only, which is dearer`;
  if (size === "open") return `rated at ${rating.resolution} only; size is left open`;
  if (size === "smaller") return `rated at ${rating.resolution} only, which is larger`;
  return undefined;
}

function sizeClaim({ resolution: rated }: Rating, { resolution: asked }: Rated): SizeClaim {
  if (rated === null || rated === asked) return "same";
  if (asked === undefined) return "open";
  return resolutionClasses.indexOf(asked) > resolutionClasses.indexOf(rated) ? "larger" : "smaller";
}

function tierClaim({ tier: rated }: Rating, { model, quality: asked }: Rated): TierClaim {
  if (rated === UNSTATED) return "unstated";
  if (rated === null || rated === asked) return "same";
  if (asked === undefined) return "open";
  const { tiers = [] } = model.capabilities.quality ?? {};
  return tiers.indexOf(asked) > tiers.indexOf(rated) ? "dearer" : "cheaper";
}

/** What every use of a board's rating has to say with it. */
export const VOTES = "votes of strangers on general prompts, not on your pictures";

/** How one rating stands to another. `level`: within noise or the intervals; `incomparable`: nobody can say. */
export type Standing = "better" | "worse" | "level" | "incomparable";

/** Boards are never mixed; two tables of one board are compared across the gap that the data asks for. */
export function standing(
  left: Rating,
  right: Rating,
  { noiseGap, snapshotGap }: Ratings,
): Standing {
  if (left.board !== right.board) return "incomparable";
  const gap = left.score - right.score;
  const size = gap < 0 ? -gap : gap;
  const sided = gap > 0 ? "better" : "worse";
  if (left.snapshot !== right.snapshot) return size >= snapshotGap ? sided : "incomparable";
  const intervals = (left.ci ?? 0) + (right.ci ?? 0);
  return size < noiseGap || size <= intervals ? "level" : sided;
}

/** The best band that evidence earns; `draft` without any. */
export function bandOf(evidence: Evidence | undefined, mode: RatingMode, ratings: Ratings): Band {
  if (evidence === undefined || evidence.uncounted !== undefined) return "draft";
  const { score, snapshot } = evidence.rating;
  const earned = ratedBands.filter((band) => {
    const threshold = ratings.bands[mode][band];
    const gap = threshold.snapshot === snapshot ? 0 : ratings.snapshotGap;
    return score >= threshold.score + gap;
  });
  return earned.at(-1) ?? "draft";
}

/** Output areas up to which a picture is called 1K and 2K: halfway, in doublings, between 1024², 2048² and 4096². Ours. */
const AREA_1K_MAX = 2_097_152;
const AREA_2K_MAX = 8_388_608;

/** The size class of an output area in pixels. */
export function resolutionClassOf(areaPixels: number): ResolutionClass {
  if (areaPixels <= AREA_1K_MAX) return "1K";
  return areaPixels <= AREA_2K_MAX ? "2K" : "4K";
}
