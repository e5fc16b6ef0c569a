import { formatUsd } from "../../money/pico-usd.ts";
import type { Candidate } from "../candidates.ts";
import type { Judged } from "../claims/judge.ts";
import type { Crossover } from "./crossovers.ts";
import type { Frontier, Point } from "./frontier.ts";
import { reasonOf, totalText } from "./reason.ts";
import { type Cell, type Rule, runnerUp } from "./rule.ts";

/** Rules and frontiers as they are answered: amounts are decimal strings, exact. */

/** Said beside every table by quality words. */
const NO_QUALITY_CLAIM = "different goods: no quality claim";
/** Said beside everything that rests on a board. */
const VOTES = "votes of strangers on general prompts, not on your pictures";

export type RuleJson = ReturnType<typeof ruleJson>;
export type FrontierJson = ReturnType<typeof frontierJson>;

export function ruleJson(rule: Rule) {
  const { asOf, asked, cells, crossovers, judged, published } = rule;
  const { chosen, by, referenceSize, allowWeakPrices } = asked;
  return {
    object: "rule",
    as_of: asOf,
    families: chosen.asked,
    by,
    note: by === "tier" ? NO_QUALITY_CLAIM : VOTES,
    currency: "USD",
    reference_size: `${referenceSize.width}x${referenceSize.height}`,
    allow_weak_prices: allowWeakPrices,
    cells: cells.map((cell) => cellJson(cell, by)),
    crossovers: crossovers.map(crossoverJson),
    published: { title: published.title, source: published.source, said_on: published.saidOn },
    claims: judged.map((each) => claimJson(each, rule)),
  };
}

function cellJson(cell: Cell, by: Rule["asked"]["by"]) {
  const { row, references, size, n, calls, decision } = cell;
  const [winner] = decision.ranked;
  const next = runnerUp(decision);
  return {
    band: row,
    ...{ references, size, n },
    model: winner?.model.id ?? null,
    quality: winner?.quality ?? null,
    total: winner === undefined ? null : totalText(winner),
    calls,
    rating: winner === undefined ? null : ratingJson(winner),
    runner_up: next === undefined ? null : choiceJson(next),
    reason: reasonOf(decision, by),
    passed_over: decision.passedOver.map(({ candidate, blocker }) => ({
      ...choiceJson(candidate),
      code: blocker.code,
      why: blocker.why,
    })),
  };
}

function choiceJson(candidate: Candidate) {
  const { model, quality } = candidate;
  return { model: model.id, quality, total: totalText(candidate) };
}

function ratingJson({ evidence }: Candidate) {
  if (evidence === undefined || evidence.uncounted !== undefined) return null;
  const { board, snapshot, score, ci, tier } = evidence.rating;
  return { board, date: snapshot, score, ci, tier, at_least: evidence.atLeast };
}

function crossoverJson(of: Crossover) {
  const { kind, a, b, at, costA, costB, before, sizes, references, n } = of;
  return {
    kind,
    a: a.model.id,
    a_quality: a.quality,
    also_a: of.alsoA,
    b: b.model.id,
    b_quality: b.quality,
    also_b: of.alsoB,
    at: +at.toString(),
    cost_a: formatUsd(costA),
    cost_b: formatUsd(costB),
    before: { cost_a: formatUsd(before.costA), cost_b: formatUsd(before.costB) },
    sizes,
    // What is counted stands in `at`.
    references: kind === "references" ? null : references,
    n: kind === "n" ? null : n,
  };
}

function claimJson(judged: Judged, { asOf, published }: Rule) {
  const { claim, verdict, arithmetic, basis, withdrawn } = judged;
  return {
    id: claim.id,
    section: claim.section,
    text: claim.text,
    verdict,
    arithmetic,
    note: claim.note ?? null,
    dates: { said_on: published.saidOn, as_of: asOf, prices: basis },
    withdrawals: [
      ...(claim.withdrawn === undefined
        ? []
        : [`withdrawn on ${claim.withdrawn.on}: ${claim.withdrawn.why}`]),
      ...withdrawn,
    ],
    sweep: claim.sweep ?? null,
  };
}

export function frontierJson({ asOf, asked, mode, board, points, unrated }: Frontier) {
  const { size, references, referenceSize, allowWeakPrices } = asked;
  return {
    object: "frontier",
    as_of: asOf,
    mode,
    ...{ size, references },
    reference_size: `${referenceSize.width}x${referenceSize.height}`,
    allow_weak_prices: allowWeakPrices,
    board,
    note: VOTES,
    currency: "USD",
    points: points.map(pointJson),
    unrated: unrated.map(({ candidate, why }) => ({ ...choiceJson(candidate), why })),
  };
}

function pointJson({ candidate, evidence, dominatedBy, doubt }: Point) {
  const { score, ci, snapshot, tier } = evidence.rating;
  return {
    ...choiceJson(candidate),
    ...{ score, ci, tier, date: snapshot, at_least: evidence.atLeast, band: candidate.band },
    on_frontier: dominatedBy === undefined && doubt === undefined,
    dominated_by: dominatedBy === undefined ? null : choiceJson(dominatedBy),
    doubt: doubt === undefined ? null : { code: doubt.code, why: doubt.why },
  };
}
