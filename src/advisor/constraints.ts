import { type Band, bands, type RatingMode } from "../catalog/ratings.ts";
import type { Mark, Model, PriceVersion } from "../catalog/schema.ts";
import type { ProvenAsked } from "../gates/order.ts";
import { formatUsd, type PicoUsd } from "../money/pico-usd.ts";
import { byExpectedPrice, type Candidate } from "./candidates.ts";
import { type Evidence, standing } from "./evidence.ts";
import type { Blocker, Market } from "./market.ts";

/** What a caller asks of the model that is chosen for it. What is absent asks for nothing. */
export type Constraints = {
  readonly band?: Band;
  /** Models, each of which it must be level with or above. */
  readonly atLeast?: readonly AtLeast[];
  /** Bounds the ceiling of the whole request. */
  readonly maxCost?: PicoUsd;
  /** Ids of the only models that may be chosen. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** The model must be callable in one of them. */
  readonly regions?: readonly string[];
  /** The pixels asked for are the pixels delivered. */
  readonly exactSize?: true;
  /** Models without a rating that counts may win every band. */
  readonly allowUnrated?: true;
  /** Prices that were guessed, or told by one third party alone, may win. */
  readonly allowWeakPrices?: true;
  /** Only these, which an owner's proof stands behind. */
  readonly proven?: Proven;
};

/** Candidates of a proof, and what changed since: that is said with every use and changes no choice. */
export type Proven = Pick<ProvenAsked, "preset" | "proof" | "day" | "candidates"> & {
  readonly stale: readonly string[];
};

/** A model to be level with, at its tier where it has some. */
export type AtLeast = {
  /** As it was named. */
  readonly name: string;
  readonly model: Model;
  /** Null where the model has no tiers. */
  readonly tier: string | null;
  /** What the boards say of it; missing where theirs says nothing that counts. */
  readonly evidence: Readonly<Partial<Record<RatingMode, Evidence>>>;
};

/** What stands in the way of choosing a candidate, its own blockers first. */
export function blockersFor(
  candidate: Candidate,
  constraints: Constraints,
  market: Market,
): readonly Blocker[] {
  const rules = [
    unproven,
    outsideAllow,
    inDeny,
    elsewhere,
    tooCoarse,
    belowBand,
    belowOther,
    tooDear,
  ];
  const own = rules.flatMap((rule) => rule(candidate, constraints, market) ?? []);
  return [...candidate.blockedBy, ...doubts(candidate, constraints), ...own];
}

type Rule = (of: Candidate, by: Constraints, market: Market) => Blocker | undefined;

/** The candidates that nothing stands in the way of, cheapest expected price first. */
export function capable(
  candidates: readonly Candidate[],
  constraints: Constraints,
  market: Market,
): readonly Candidate[] {
  return candidates
    .filter((each) => blockersFor(each, constraints, market).length === 0)
    .toSorted(byExpectedPrice);
}

/** What keeps a model from being chosen for somebody though it could be ordered by name. */
function doubts(
  { model, entry, priced, mark }: Candidate,
  { allowWeakPrices }: Constraints,
): readonly Blocker[] {
  const found: Blocker[] = [];
  if (entry.doubtful) {
    const why = entry.warnings[0] ?? "the vendor may not answer for it";
    found.push({ code: "life_cycle", param: "model", sent: model.id, allowed: null, why });
  }
  if (priced === undefined || allowWeakPrices === true) return found;
  if (!isWeak(mark, priced.quote.frozen.price)) return found;
  const why =
    mark === "guess" ? "its price is a guess" : "its price was told by one third party alone";
  const allowed = "two independent sources, or allow_weak_prices";
  return [...found, { code: "weak_price", param: "model", sent: mark, allowed, why }];
}

/** A price that nobody should be led to by: guessed, or told by one third party alone. */
export function isWeak(mark: Mark | undefined, { alsoSources }: PriceVersion): boolean {
  return mark === "guess" || (mark === "third" && alsoSources.length === 0);
}

const unproven: Rule = ({ model, quality }, { proven }) => {
  const named = proven?.candidates ?? [];
  const isProven = named.some((each) => each.model === model.id && each.quality === quality);
  if (proven === undefined || isProven) return undefined;
  const allowed = named.map((each) => nameOf(each.model, each.quality));
  const why = `proof ${proven.proof} chose ${allowed.join(", ")}`;
  return { code: "not_proven", param: "preset", sent: nameOf(model.id, quality), allowed, why };
};

function nameOf(model: string, quality: string | null): string {
  return quality === null ? model : `${model}:${quality}`;
}

const outsideAllow: Rule = ({ model }, { allow }) => {
  if (allow === undefined || allow.includes(model.id)) return undefined;
  const why = `allow names ${allow.join(", ")} only`;
  return { code: "not_allowed", param: "allow", sent: model.id, allowed: allow, why };
};

const inDeny: Rule = ({ model }, { deny }) => {
  if (deny === undefined || !deny.includes(model.id)) return undefined;
  const why = `deny names ${model.id}`;
  return { code: "denied", param: "deny", sent: model.id, allowed: null, why };
};

const elsewhere: Rule = ({ entry: { regions: here } }, { regions }) => {
  if (regions === undefined || here.some((region) => regions.includes(region))) return undefined;
  const why = `it is called in ${here.join(", ")}`;
  return { code: "other_region", param: "regions", sent: regions, allowed: here, why };
};

const tooCoarse: Rule = ({ priced }, { exactSize }) => {
  if (exactSize !== true || priced === undefined) return undefined;
  if (priced.accepted.size.pixels !== undefined) return undefined;
  const why = "the pixels that it will deliver are its own choice";
  return { code: "not_exact_size", param: "exact_size", sent: true, allowed: false, why };
};

const belowBand: Rule = (candidate, { band, allowUnrated }) => {
  if (band === undefined || bands.indexOf(candidate.band) >= bands.indexOf(band)) return undefined;
  const unrated = counted(candidate) === undefined;
  if (unrated && allowUnrated === true) return undefined;
  const why = unrated ? unratedWhy(candidate) : `its rating earns ${candidate.band}`;
  return { code: "below_band", param: "band", sent: band, allowed: candidate.band, why };
};

const belowOther: Rule = (candidate, { atLeast = [], allowUnrated }, { ratings }) =>
  atLeast
    .map((named) => below(candidate, named, { ratings, allowUnrated }))
    .find((blocker) => blocker !== undefined);

function below(
  candidate: Candidate,
  atLeast: AtLeast,
  by: Pick<Market, "ratings"> & { readonly allowUnrated: boolean | undefined },
): Blocker | undefined {
  if (isItself(candidate, atLeast)) return undefined;
  const rating = counted(candidate);
  const named = atLeast.evidence[candidate.mode];
  const refuse = (why: string): Blocker => ({
    ...{ code: "below_at_least", param: "at_least", sent: atLeast.name },
    allowed: null,
    why,
  });
  if (rating === undefined) {
    return by.allowUnrated === true ? undefined : refuse(unratedWhy(candidate));
  }
  if (named === undefined) return refuse(`no board of this kind rates ${atLeast.name}`);
  const stands = standing(rating.rating, named.rating, by.ratings);
  if (stands === "better" || stands === "level") return undefined;
  const { score } = rating.rating;
  const other = named.rating.score;
  return refuse(
    stands === "worse"
      ? `rated ${score}, ${atLeast.name} ${other}`
      : `rated ${score}, ${atLeast.name} ${other} on tables of two days: too near to tell`,
  );
}

/** A model is as good as itself, and its dearer tiers at least as good, whatever boards say. */
function isItself({ model, quality }: Candidate, { model: named, tier }: AtLeast): boolean {
  if (model.id !== named.id) return false;
  const { tiers = [] } = named.capabilities.quality ?? {};
  return tier === null || (quality !== null && tiers.indexOf(quality) >= tiers.indexOf(tier));
}

const tooDear: Rule = ({ priced }, { maxCost }) => {
  if (maxCost === undefined || priced === undefined) return undefined;
  const { total } = priced.quote.ceiling;
  if (total <= maxCost) return undefined;
  const [sent, is] = [formatUsd(maxCost), formatUsd(total)];
  const why = `its ceiling is ${is} USD`;
  return { code: "above_max_cost", param: "max_cost", sent, allowed: is, why };
};

function counted({ evidence }: Candidate): Evidence | undefined {
  return evidence?.uncounted === undefined ? evidence : undefined;
}

function unratedWhy({ evidence }: Candidate): string {
  return evidence?.uncounted === undefined ? "unrated" : `no rating counts: ${evidence.uncounted}`;
}
