import type { Margin } from "../../billing/margin.ts";
import type { Quote } from "../../billing/quote.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import type { ImageOrder } from "../../gates/order.ts";
import { type PicoUsd, subtractUsd } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import { type Priceable, priceOrder } from "../price-order.ts";

/** What kind of change a lever is. */
export type LeverKind =
  | "name_quality"
  | "name_size"
  | "lower_tier"
  | "other_size"
  | "smaller_reference"
  | "one_request"
  | "batch"
  | "other_model";

/** A change of an order that costs less, and what the order would come to with it. For its caller to decide. */
export type Lever = {
  readonly kind: LeverKind;
  /** The parameter to change. */
  readonly param: string;
  readonly value: string;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
  /** Of the expected price; nothing where only the worst case becomes less. */
  readonly saves: PicoUsd;
  /** What changes, on what evidence, with what doubt. */
  readonly why: string;
};

/** An order as it would go out, with its price: what levers are looked for in. */
export type Situation = {
  readonly accepted: AcceptedOrder;
  readonly priceable: Priceable;
  readonly margin: Margin | null;
  readonly quote: Quote;
};

/** One way to spend less; empty where it saves nothing here. */
export type FindLever = (at: Situation) => readonly Lever[];

/** The price of the same order changed; undefined where its model can't do that. */
export function changed(at: Situation, change: Partial<ImageOrder>): Quote | undefined {
  const { order, prompt } = at.accepted;
  const { margin } = at;
  try {
    return priceOrder({ ...order, ...change }, at.priceable, { prompt, margin }).quote;
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

/** A lever by the price of what it makes of an order. */
export function leverOf(
  at: Situation,
  quote: Quote,
  of: Pick<Lever, "kind" | "param" | "value" | "why">,
): Lever {
  return {
    ...of,
    expected: quote.expected.total,
    ceiling: quote.ceiling.total,
    saves: subtractUsd(at.quote.expected.total, quote.expected.total),
  };
}
