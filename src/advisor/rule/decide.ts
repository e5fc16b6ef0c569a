import { bands } from "../../catalog/ratings.ts";
import type { PromptMeasure } from "../../gates/order.ts";
import { byExpectedPrice, type Candidate, candidatesFor } from "../candidates.ts";
import { blockersFor } from "../constraints.ts";
import type { Blocker, Market } from "../market.ts";
import { type CellOrder, imageOrder, spreading } from "./cell-order.ts";

/** One cell of the decision table: what is cheapest, what comes next, what was cheaper and may not win. */

/** How the rows of a table are cut: by the words that models call their tiers, or by what evidence earns. */
export const cuts = ["tier", "evidence"] as const;
export type Cut = (typeof cuts)[number];

/** What the cells of one table have in common. */
export type Table = {
  readonly market: Market;
  readonly prompt: PromptMeasure;
  readonly by: Cut;
  readonly allowWeakPrices: boolean;
};

/** A choice that may not win, and the first thing that stands in its way. */
export type PassedOver = { readonly candidate: Candidate; readonly blocker: Blocker };

export type Decision = {
  /** Cheapest expected price first; the winner is the first. */
  readonly ranked: readonly Candidate[];
  /** Priced below the winner, or priced at all where nothing wins: cheapest first. */
  readonly passedOver: readonly PassedOver[];
  /** What keeps the rest from being ordered so at all. */
  readonly blocked: readonly PassedOver[];
};

/** Every way to have an order made at a size, with so many references, so many times: looked at once for all rows. */
export function candidatesAt(cell: CellOrder, { market, prompt }: Table): readonly Candidate[] {
  const order = imageOrder(cell, "");
  return candidatesFor({ order, prompt, margin: null }, spreading(market));
}

/**
 * Decides one row among candidates.
 *
 * By tier, models without tiers stand in every row, as if quality were no matter. By evidence, what no rating
 * that counts speaks of stands in `draft` alone. Own proofs and outcomes, where there are any, belong into the
 * candidates' `band`: nothing here asks where it comes from.
 */
export function decide(candidates: readonly Candidate[], row: string, table: Table): Decision {
  const { by, market, allowWeakPrices } = table;
  const inRow =
    by === "tier"
      ? candidates.filter(({ quality }) => quality === null || quality === row)
      : candidates;
  const band = bands.find((each) => each === row);
  const constraints = {
    ...(by === "tier" || band === undefined ? {} : { band }),
    ...(allowWeakPrices ? { allowWeakPrices } : {}),
  };
  const looked = inRow.map((candidate) => ({
    candidate,
    blocker: blockersFor(candidate, constraints, market)[0],
  }));
  const ranked = looked
    .flatMap(({ candidate, blocker }) => (blocker === undefined ? [candidate] : []))
    .toSorted(byExpectedPrice);
  const out = looked.flatMap(({ candidate, blocker }) =>
    blocker === undefined ? [] : [{ candidate, blocker }],
  );
  const [winner] = ranked;
  return {
    ranked,
    passedOver: out
      .filter(({ candidate }) => isBelow(candidate, winner))
      .toSorted((left, right) => byExpectedPrice(left.candidate, right.candidate)),
    blocked: out.filter(({ candidate }) => candidate.priced === undefined),
  };
}

function isBelow({ priced }: Candidate, winner: Candidate | undefined): boolean {
  if (priced === undefined) return false;
  return (
    winner?.priced === undefined || priced.quote.expected.total < winner.priced.quote.expected.total
  );
}
