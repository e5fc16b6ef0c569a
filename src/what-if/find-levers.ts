import type { FindLever, Situation } from "../advisor/levers/lever.ts";
import { lowerTiers } from "../advisor/levers/lower-tier.ts";
import { otherModel } from "../advisor/levers/other-model.ts";
import { otherSize } from "../advisor/levers/other-size.ts";
import { type Priceable, priceOrder } from "../advisor/price-order.ts";
import type { ImageOrder } from "../gates/order.ts";
import { readSize } from "../gates/size.ts";
import { type PicoUsd, timesUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { WholeMarket } from "./market.ts";
import type { PastCall } from "./past-call.ts";
import { changeText, expected, type Made, madeBy, movedTo } from "./rerate.ts";
import type { LeverKind } from "./tally.ts";

/** A change that nobody asked for and that would have cost less. */
export type FoundLever = {
  readonly kind: LeverKind;
  readonly change: string;
  readonly total: PicoUsd;
  readonly to: Made;
  readonly because: string | null;
};

/** Stand-ins that are remembered: by request but for its prompt. */
const NOMINEES_MAX = 10_000;

/**
 * Finds the levers that a quote would have named, each one change alone; whether a picture serves as well is
 * nowhere assumed.
 */
export class LeverFinder {
  readonly #nominees = new Map<string, Nominee | null>();

  /** At most one lever of each kind: a tier down, another size, another model that is rated as well. */
  find(call: PastCall, market: WholeMarket): readonly FoundLever[] {
    const now = market.own(call.order.model);
    if (now === undefined) return [];
    const at = situationOf(call, { ...now, price: call.price ?? now.price });
    if (at === undefined) return [];
    const kept = (kind: "tier" | "size", find: FindLever): readonly FoundLever[] =>
      find(at)
        .slice(0, 1)
        .map(({ param, value, expected: one }) => {
          const order = { ...call.order, ...named(param, value) };
          const total = timesUsd(one, call.times);
          const change = changeText(call.order, order);
          return { kind, because: null, total, change, to: madeBy(order) };
        });
    return [
      ...kept("tier", lowerTiers),
      ...kept("size", otherSize),
      ...this.#otherModel(call, at, market),
    ];
  }

  #otherModel(call: PastCall, at: Situation, market: WholeMarket): readonly FoundLever[] {
    const name = JSON.stringify([
      { ...call.order, prompt: "" },
      market.asOf,
      at.priceable.price.id,
    ]);
    let nominee = this.#nominees.get(name);
    if (nominee === undefined) {
      nominee = nominate(at, market) ?? null;
      if (this.#nominees.size >= NOMINEES_MAX) this.#nominees.clear();
      this.#nominees.set(name, nominee);
    }
    if (nominee === null) return [];
    const { model, quality, because } = nominee;
    const priceable = market.find(model)?.priceable;
    if (priceable === undefined) return [];
    const { quality: _, ...open } = movedTo(call.order, model, market);
    const to = quality === undefined ? open : { ...open, quality };
    const found = expected(call, to, priceable, changeText(call.order, to));
    return found.kind === "expected" ? [{ ...found, kind: "model", because }] : [];
  }
}

/** A request as a quote sees it; undefined where its own model's gates wouldn't let it through any more. */
function situationOf(call: PastCall, priceable: Priceable): Situation | undefined {
  try {
    const { margin } = call;
    return { ...priceOrder(call.order, priceable, call), priceable, margin };
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

function named(param: string, value: string): Partial<ImageOrder> {
  if (param === "quality") return { quality: value };
  const size = readSize(value);
  return size === undefined ? {} : { size };
}

type Nominee = {
  readonly model: string;
  readonly quality: string | undefined;
  readonly because: string;
};

/** The cheapest other model whose rating is level or better; none for an unrated one. */
function nominate(at: Situation, market: WholeMarket): Nominee | undefined {
  const [lever] = otherModel(at, market);
  if (lever === undefined) return undefined;
  const [model = "", quality] = lever.value.split(":");
  return { model, quality, because: lever.why };
}
