import { candidatesFor, modeOf, resolutionOf } from "../candidates.ts";
import { capable } from "../constraints.ts";
import { type Evidence, evidenceFor, standing, VOTES } from "../evidence.ts";
import type { Market } from "../market.ts";
import { type Lever, leverOf, type Situation } from "./lever.ts";

/**
 * The cheapest other model whose rating is level with or better than this order's own; empty where this one
 * has no rating that counts. Quality words mean nothing across models, so that every tier of others is looked at.
 */
export function otherModel(at: Situation, market: Market): readonly Lever[] {
  const { accepted, priceable, margin, quote } = at;
  const { order, prompt } = accepted;
  const { ratings } = market;
  const mode = modeOf(order);
  const own = evidenceFor(
    {
      ...{ model: priceable.model, mode, asOf: market.asOf },
      ...{ quality: accepted.quality, resolution: resolutionOf(accepted) },
    },
    ratings,
  );
  if (own === undefined || own.uncounted !== undefined) return [];
  const { board } = ratings.bands[mode];
  const rated = market.models.filter(
    ({ model }) =>
      model.id !== priceable.model.id &&
      ratings.ratings.some((each) => each.board === board && each.model === model.id),
  );
  const { quality: _, ...open } = order;
  const candidates = candidatesFor({ order: open, prompt, margin }, { ...market, models: rated });
  const { model } = priceable;
  const tier = accepted.quality ?? null;
  const atLeast = { name: model.id, model, tier, evidence: { [mode]: own } };
  const [best] = capable(candidates, { atLeast: [atLeast] }, market);
  const priced = best?.priced?.quote;
  const { evidence } = best ?? {};
  if (best === undefined || priced === undefined || evidence === undefined) return [];
  if (priced.expected.total >= quote.expected.total) return [];
  const value = best.quality === null ? best.model.id : `${best.model.id}:${best.quality}`;
  const stands = standing(evidence.rating, own.rating, ratings);
  const why = `rated ${stands}: ${told(evidence)} against ${told(own)} on ${board}; ${VOTES}`;
  return [leverOf(at, priced, { kind: "other_model", param: "model", value, why })];
}

function told({ rating, atLeast }: Evidence): string {
  const { score, ci, snapshot } = rating;
  const interval = ci === null ? "" : ` ±${ci}`;
  return `${atLeast ? "at least " : ""}${score}${interval} (${snapshot})`;
}
