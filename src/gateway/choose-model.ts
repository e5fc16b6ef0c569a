import { byExpectedPrice, type Candidate } from "../advisor/candidates.ts";
import { blockersFor, capable, type Proven } from "../advisor/constraints.ts";
import { type Evidence, VOTES } from "../advisor/evidence.ts";
import type { Blocker } from "../advisor/market.ts";
import {
  cautionsOf,
  cheapestOf,
  type Requirement,
  requirementsOf,
} from "../advisor/requirements.ts";
import type { Quote } from "../billing/quote.ts";
import type { RouteFacts } from "../ledger/request-facts.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import { choiceFields } from "./choice-fields.ts";
import type { Looked } from "./search.ts";

/** A model that was chosen, why, and what else would have done. */
export type Choice = {
  readonly candidate: Candidate;
  readonly route: RouteFacts;
  /** The other candidates that would have done, cheapest expected price first. */
  readonly others: readonly Candidate[];
};

/**
 * The cheapest capable model at expected price. The same catalog, ratings and constraints always give the
 * same one.
 *
 * @throws Refusal `no_capable_model` naming what stands in the way, and the nearest candidates.
 */
export function chooseModel(looked: Looked): Choice {
  const { search, market, candidates } = looked;
  const [best, ...others] = capable(candidates, search.constraints, market);
  if (best === undefined) throw noCapableModel(looked);
  return choiceOf(best, others, looked);
}

/** A candidate as the choice, with its reasons; `before` are those that came first. */
export function choiceOf(
  candidate: Candidate,
  others: readonly Candidate[],
  looked: Pick<Looked, "search" | "market" | "preset">,
  before: readonly string[] = [],
): Choice {
  const { search, preset } = looked;
  const runnerUp = others.find(({ model }) => model.id !== candidate.model.id);
  const count = others.length + 1;
  const quote = quoteOf(candidate);
  const price = `${formatUsd(quote.expected.total)} USD expected`;
  return {
    candidate,
    others,
    route: {
      requested: search.asked.order.model,
      preset,
      chosen: candidate.model.id,
      quality: candidate.quality,
      reasons: [
        ...before,
        `${before.length === 0 ? "the cheapest" : "the next"} of ${count} capable (a model at a tier counts as one): ${price}`,
        ...constraintReasons(candidate, quote, looked),
      ],
      runnerUp:
        runnerUp === undefined
          ? null
          : {
              model: runnerUp.model.id,
              quality: runnerUp.quality,
              total: quoteOf(runnerUp).expected.total,
            },
    },
  };
}

function quoteOf({ model, priced }: Candidate): Quote {
  if (priced === undefined) throw new Error(`${model.id} was chosen without a price`);
  return priced.quote;
}

function constraintReasons(
  candidate: Candidate,
  quote: Quote,
  { search: { constraints }, market }: Pick<Looked, "search" | "market">,
): readonly string[] {
  const { band, atLeast, maxCost, proven } = constraints;
  const rated = ratingText(candidate.evidence, market.ratings.boards);
  return [
    ...(proven === undefined ? [] : [provenText(candidate, proven)]),
    ...(band === undefined || band === "draft" ? [] : [`band ${band}: ${rated}`]),
    ...(atLeast ?? []).map(({ name }) => `at_least ${name}: ${rated}`),
    ...(maxCost === undefined
      ? []
      : [`max_cost ${formatUsd(maxCost)}: its ceiling is ${formatUsd(quote.ceiling.total)} USD`]),
  ];
}

/** What a proof says of the candidate that it chose, and what changed since. */
function provenText({ model, quality }: Candidate, proven: Proven): string {
  const found = proven.candidates.find(
    (each) => each.model === model.id && each.quality === quality,
  );
  const stale = proven.stale.length === 0 ? "" : `; stale: ${proven.stale.join("; ")}`;
  return `proof ${proven.proof}, ${proven.day}: ${found?.kept ?? "not of this candidate"}${stale}`;
}

/** A rating in words, with what every use of one has to say. */
function ratingText(
  evidence: Evidence | undefined,
  boards: Looked["market"]["ratings"]["boards"],
): string {
  if (evidence === undefined || evidence.uncounted !== undefined) return "unrated, and allowed";
  const { rating, atLeast } = evidence;
  const board = boards.find(({ id }) => id === rating.board)?.name ?? rating.board;
  const tier = rating.tier === null ? "" : ` at quality ${rating.tier}`;
  const score = `${atLeast ? "at least " : ""}${rating.score}`;
  return `rated ${score}${tier} on ${board}, ${rating.snapshot} (${VOTES})`;
}

/** So many are named to whom nothing could be given. */
const NEAREST_MAX = 3;

/** Says which requirement stands in the way: the one without which the cheapest model would come through. */
function noCapableModel(looked: Looked): Refusal {
  const { search, market } = looked;
  const ways = [...requirementsOf(search), ...cautionsOf(search)]
    .flatMap((requirement) => {
      const best = cheapestOf(requirement.without, market);
      return best === undefined ? [] : [{ requirement, best }];
    })
    .toSorted((left, right) => byExpectedPrice(left.best, right.best));
  const nearest = nearestOf(looked);
  const said = nearest.map(
    ({ candidate, blockers }) => `${nameOf(candidate)} (${blockers.map(blockerText).join("; ")})`,
  );
  const near = said.length === 0 ? "" : `. Nearest: ${said.join(", ")}`;
  const details = {
    nearest: nearest.map(({ candidate, blockers }) => ({
      model: candidate.model.id,
      quality: candidate.quality,
      total: candidate.priced ? formatUsd(candidate.priced.quote.expected.total) : null,
      blocked_by: blockers.map(({ code, param, sent, allowed }) => ({
        code,
        param,
        sent,
        allowed,
      })),
    })),
  };
  const [way] = ways;
  if (way === undefined) {
    const why = `no model can do this as it was asked, and leaving out any one requirement does not help${near}`;
    return new Refusal("no_capable_model", why, { param: "model", ...details });
  }
  const { requirement, best } = way;
  const { param, value } = requirement;
  const total = formatUsd(quoteOf(best).expected.total);
  const named = `${pathOf(requirement)}=${typeof value === "string" ? value : JSON.stringify(value)}`;
  const more = ways.slice(1).map((each) => pathOf(each.requirement));
  const also = more.length === 0 ? "" : `; so it would without any one of ${more.join(", ")}`;
  const message = `no model can do this as it was asked: without ${named} ${nameOf(best)} could, for ${total} USD expected${also}${near}`;
  return new Refusal("no_capable_model", message, {
    param: pathOf({ param }),
    sent: value,
    suggestedModel: best.model.id,
    ...details,
  });
}

/** Gates name their parameter themselves. */
function blockerText({ param, why }: Blocker): string {
  return why.startsWith(param) ? why : `${param}: ${why}`;
}

/** Where a requirement stands in the body of a request. */
function pathOf({ param }: Pick<Requirement, "param">): string {
  return Object.hasOwn(choiceFields, param) ? `spotmeter.${param}` : param;
}

/** Those that could be called and have the least against them, the cheapest first. */
function nearestOf({ candidates, search, market }: Looked) {
  const callable = new Set(
    market.models.flatMap(({ model, obstacles }) => (obstacles.length === 0 ? [model.id] : [])),
  );
  return candidates
    .filter(({ model }) => callable.has(model.id))
    .map((candidate) => ({
      candidate,
      blockers: blockersFor(candidate, search.constraints, market),
    }))
    .toSorted(
      (left, right) =>
        left.blockers.length - right.blockers.length ||
        byExpectedPrice(left.candidate, right.candidate),
    )
    .slice(0, NEAREST_MAX);
}

/** A model, and its tier where it has some, as `at_least` takes them. */
export function nameOf({ model, quality }: Pick<Candidate, "model" | "quality">): string {
  return quality === null ? model.id : `${model.id}:${quality}`;
}
