import { byExpectedPrice, type Candidate, modeOf } from "../advisor/candidates.ts";
import { blockersFor } from "../advisor/constraints.ts";
import { VOTES } from "../advisor/evidence.ts";
import type { Blocker } from "../advisor/market.ts";
import { byPricePerKept, OWN_OUTCOMES, type OwnOutcomes } from "../advisor/own-outcomes.ts";
import { keptFigures } from "../advisor/price-per-kept.ts";
import { type RequirementCost, requirementCosts } from "../advisor/requirements.ts";
import type { Bill } from "../billing/rate.ts";
import type { ImageOrder } from "../gates/order.ts";
import { divideUp, formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { Deps } from "./deps.ts";
import type { PreparedFor } from "./prepared-for.ts";
import { measurePrompt } from "./prompt.ts";
import { staleWarnings } from "./proven.ts";
import { isChosen, type Looked, lookAround } from "./search.ts";

/** Every model for one order, as somebody would have to choose among them. */
export type Comparison = {
  readonly looked: Looked;
  /** Those that could be chosen first, then those that something blocks; each the cheapest first. */
  readonly entries: readonly Entry[];
  readonly requirements: readonly RequirementCost[];
  readonly rankedBy: RankedBy;
  readonly outcomes: OwnOutcomes;
};

/** What decides the order: the expected price, or the price per kept picture of the account's own outcomes. */
export const rankings = ["price", "kept"] as const;
export type RankedBy = (typeof rankings)[number];

type Entry = {
  readonly candidate: Candidate;
  /** From 1; null where something blocks it. */
  readonly rank: number | null;
  readonly blockers: readonly Blocker[];
};

/**
 * Ranks every model and tier for an order by expected price, with what blocks each, and says what each
 * requirement of the order costs. The first is the one that `model: "auto"` takes, unless the ranking is by kept
 * pictures. Spends nothing.
 *
 * @throws Refusal for an order that names a model, and for constraints as `auto` refuses them.
 */
export async function compare(
  order: ImageOrder,
  by: PreparedFor,
  { rankedBy, outcomes }: Pick<Comparison, "rankedBy" | "outcomes">,
): Promise<Comparison> {
  if (!isChosen(order.model)) {
    const why = `model=${order.model}: every model is compared; leave model out, or bound the choice by spotmeter.allow`;
    throw new Refusal("unsupported_combination", why, {
      param: "model",
      sent: order.model,
      allowed: ["auto"],
    });
  }
  const looked = lookAround(order, await measurePrompt(order.prompt), by);
  const { search, market, candidates } = looked;
  const byRank = rankedBy === "kept" ? byPricePerKept(outcomes) : byExpectedPrice;
  const judged = candidates
    .map((candidate) => ({
      candidate,
      blockers: blockersFor(candidate, search.constraints, market),
    }))
    .toSorted((left, right) => byRank(left.candidate, right.candidate));
  const open = judged.filter(({ blockers }) => blockers.length === 0);
  const blocked = judged.filter(({ blockers }) => blockers.length > 0);
  const cheapest = open.map(({ candidate }) => candidate).toSorted(byExpectedPrice)[0];
  return {
    ...{ looked, rankedBy, outcomes },
    entries: [
      ...open.map((each, index) => ({ ...each, rank: index + 1 })),
      ...blocked.map((each) => ({ ...each, rank: null })),
    ],
    requirements: requirementCosts(search, market, cheapest),
  };
}

/** A comparison as answered. Amounts of one image are the total's share, rounded up to a picodollar. */
export function comparisonJson(comparison: Comparison, deps: Deps) {
  const { looked, entries, requirements, rankedBy, outcomes } = comparison;
  const { order } = looked.search.asked;
  const { ratings, asOf } = looked.market;
  const mode = modeOf(order);
  return {
    object: "image.comparison",
    as_of: asOf,
    currency: "USD",
    n: order.n,
    mode,
    board: ratings.boards.find(({ id }) => id === ratings.bands[mode].board)?.name ?? null,
    ratings_are: VOTES,
    warnings: staleWarnings(looked.search.constraints),
    ranked_by: rankedBy,
    own_outcomes_are: OWN_OUTCOMES,
    models: entries.map((entry) => entryJson(entry, { n: order.n, outcomes })),
    requirements: requirements.map(requirementJson),
    emulated: deps.world === "sandbox",
  };
}

function entryJson(
  { candidate, rank, blockers }: Entry,
  { n, outcomes }: { readonly n: number; readonly outcomes: OwnOutcomes },
) {
  const { model, quality, priced, band, mark, warnings } = candidate;
  const quote = priced?.quote;
  const judged = outcomes(model.id, quality);
  return {
    model: model.id,
    quality,
    vendor: model.vendor,
    rank,
    expected: quote === undefined ? null : amountsJson(quote.expected, n),
    ceiling: quote === undefined ? null : amountsJson(quote.ceiling, n),
    rating: ratingJson(candidate),
    band,
    own_outcomes: judged === undefined ? null : keptFigures(judged),
    blocked_by: blockers.map(({ code, param, sent, allowed, why }) => ({
      ...{ code, param, sent, allowed },
      why,
    })),
    marks: mark === undefined ? [] : [mark],
    price_version: quote?.frozen.price.id ?? null,
    warnings,
  };
}

function amountsJson({ total }: Bill, n: number) {
  return { total: formatUsd(total), per_image: formatUsd(divideUp(total, BigInt(n))) };
}

/** Null is unrated. */
function ratingJson({ evidence }: Candidate) {
  if (evidence === undefined) return null;
  const { rating, atLeast, uncounted } = evidence;
  return {
    board: rating.board,
    score: rating.score,
    ci: rating.ci,
    tier: rating.tier,
    resolution: rating.resolution,
    date: rating.snapshot,
    at_least: atLeast,
    not_counted: uncounted ?? null,
  };
}

function requirementJson({ param, value, with: kept, without, costs }: RequirementCost) {
  return {
    param,
    value,
    with: chosenJson(kept),
    without: chosenJson(without),
    costs: costs === undefined ? null : formatUsd(costs),
  };
}

function chosenJson(candidate: Candidate | undefined) {
  if (candidate?.priced === undefined) return null;
  const { model, quality, priced } = candidate;
  return { model: model.id, quality, total: formatUsd(priced.quote.expected.total) };
}
