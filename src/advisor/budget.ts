import { addUsd, type PicoUsd, subtractUsd, sumUsd, ZERO_USD } from "../money/pico-usd.ts";

/** What a sum of money buys of a list of prices. */
export type WhatFits = {
  readonly fits: boolean;
  /** The least that would pay for all of them. */
  readonly least: PicoUsd;
  /** What is left of the budget, with as many of them as it pays for. */
  readonly left: PicoUsd;
  /** Places in the list of those that would have to go so that the most of them stay: the dearest, and of two that cost the same the later one. */
  readonly drop: readonly number[];
};

/** Compares a budget with prices that are paid all or not at all. */
export function whatFits(prices: readonly PicoUsd[], budget: PicoUsd): WhatFits {
  const least = sumUsd(prices);
  if (least <= budget) return { fits: true, least, left: subtractUsd(budget, least), drop: [] };
  const cheapestFirst = prices
    .map((price, place) => ({ price, place }))
    .toSorted((left, right) => (left.price < right.price ? -1 : left.price > right.price ? 1 : 0));
  let spent = ZERO_USD;
  const drop: number[] = [];
  for (const { price, place } of cheapestFirst) {
    const next = addUsd(spent, price);
    if (drop.length === 0 && next <= budget) spent = next;
    else drop.push(place);
  }
  const left = subtractUsd(budget, spent);
  return { fits: false, least, left, drop: drop.toSorted((one, other) => one - other) };
}
