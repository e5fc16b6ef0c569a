import type { RatingMode } from "../../catalog/ratings.ts";
import type { PicoUsd } from "../../money/pico-usd.ts";
import { byExpectedPrice, type Candidate } from "../candidates.ts";
import { blockersFor } from "../constraints.ts";
import { type Evidence, standing } from "../evidence.ts";
import type { Blocker, Market } from "../market.ts";
import { type CellOrder, STANDARD_PROMPT } from "./cell-order.ts";
import { candidatesAt } from "./decide.ts";

/** Cost against rating: what more quality costs, and what costs more without being rated better. */

/** What a frontier is asked for. */
export type FrontierAsked = Omit<CellOrder, "quality" | "n"> & {
  readonly allowWeakPrices: boolean;
};

/** A choice that has a price and a rating that counts. */
export type Point = {
  readonly candidate: Candidate;
  readonly total: PicoUsd;
  readonly evidence: Evidence;
  /** Costs at most as much and is rated better, or costs less and is rated level. */
  readonly dominatedBy: Candidate | undefined;
  /** Why nobody should be led to it, though it could be ordered: it dominates nothing. */
  readonly doubt: Blocker | undefined;
};

/** A choice that has a price and no rating that counts, with why. */
export type Unrated = { readonly candidate: Candidate; readonly why: string };

export type Frontier = {
  readonly asOf: string;
  readonly asked: FrontierAsked;
  readonly mode: RatingMode;
  /** The board that the ratings are of: one, never several. */
  readonly board: { readonly id: string; readonly name: string };
  /** Cheapest first. */
  readonly points: readonly Point[];
  readonly unrated: readonly Unrated[];
};

/** Draws the frontier of a day: each point is held against every other by `standing`, across boards never. */
export function frontierOf(asked: FrontierAsked, market: Market): Frontier {
  const mode: RatingMode = asked.references === 0 ? "generation" : "edit";
  const { allowWeakPrices } = asked;
  const table = { market, prompt: STANDARD_PROMPT, by: "evidence", allowWeakPrices } as const;
  const priced = candidatesAt({ ...asked, n: 1 }, table)
    .filter((candidate) => candidate.priced !== undefined && candidate.blockedBy.length === 0)
    .toSorted(byExpectedPrice);
  const rated = priced.flatMap((candidate) => ratedOf(candidate, market, allowWeakPrices) ?? []);
  const points = rated.map((point) => ({
    ...point,
    dominatedBy: rated.find((other) => dominates(other, point, market))?.candidate,
  }));
  const { board: id } = market.ratings.bands[mode];
  const name = market.ratings.boards.find((board) => board.id === id)?.name ?? id;
  return {
    ...{ asOf: market.asOf, asked, mode, board: { id, name }, points },
    unrated: priced.flatMap((candidate) => unratedOf(candidate) ?? []),
  };
}

type Rated = Omit<Point, "dominatedBy">;

function ratedOf(
  candidate: Candidate,
  market: Market,
  allowWeakPrices: boolean,
): Rated | undefined {
  const { evidence, priced } = candidate;
  if (evidence === undefined || evidence.uncounted !== undefined) return undefined;
  if (priced === undefined) return undefined;
  const [doubt] = blockersFor(candidate, allowWeakPrices ? { allowWeakPrices } : {}, market);
  return { candidate, total: priced.quote.expected.total, evidence, doubt };
}

function dominates(other: Rated, point: Rated, { ratings }: Market): boolean {
  if (other === point || other.doubt !== undefined || other.total > point.total) return false;
  const stands = standing(other.evidence.rating, point.evidence.rating, ratings);
  return stands === "better" || (stands === "level" && other.total < point.total);
}

function unratedOf(candidate: Candidate): Unrated | undefined {
  const { evidence } = candidate;
  if (evidence === undefined) return { candidate, why: "no board has it" };
  return evidence.uncounted === undefined ? undefined : { candidate, why: evidence.uncounted };
}
