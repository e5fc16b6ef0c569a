import type { Margin } from "../billing/margin.ts";
import { type Estimate, type Quote, quoteEstimate } from "../billing/quote.ts";
import type { PricedFacts } from "../billing/rate.ts";
import type { Model, PriceVersion } from "../catalog/schema.ts";
import { type AcceptedOrder, accept } from "../gates/accept.ts";
import type { ImageOrder, PromptMeasure } from "../gates/order.ts";
import { sizeText } from "../gates/size.ts";

/** A model with what pricing an order on it takes: the price version of the day and the vendor's law. */
export type Priceable = {
  readonly model: Model;
  readonly price: PriceVersion;
  /** What one output image is estimated to use up. Pure. */
  readonly estimate: (accepted: AcceptedOrder) => Estimate;
};

/** An order that a model can do, and what it is expected to cost there. */
export type PricedOrder = { readonly accepted: AcceptedOrder; readonly quote: Quote };

/**
 * Prices an order on one model: gates first, then expected and ceiling from the rating function of the bill.
 * Quotes, holds, comparisons and what-ifs all come through here, so that none of them can drift from the bill.
 *
 * @throws Refusal from the first gate that the order doesn't pass.
 */
export function priceOrder(
  order: ImageOrder,
  { model, price, estimate }: Priceable,
  by: { readonly prompt: PromptMeasure; readonly margin: Margin | null },
): PricedOrder {
  const accepted = accept(order, model, by.prompt);
  return { accepted, quote: quoteAccepted(accepted, { model, price, estimate }, by.margin) };
}

/** The price of an order that has passed the gates already. */
export function quoteAccepted(
  accepted: AcceptedOrder,
  { model, price, estimate }: Priceable,
  margin: Margin | null,
): Quote {
  const { order } = accepted;
  return quoteEstimate(model, price, {
    facts: pricedFacts(accepted),
    n: BigInt(order.n),
    ...(order.fanOut === true && order.n > 1 ? { legs: BigInt(order.n) } : {}),
    estimate: estimate(accepted),
    margin,
  });
}

/** What the price depends on beside usage: facts of the request as it goes out. */
function pricedFacts(accepted: AcceptedOrder): PricedFacts {
  const pixels = accepted.size.pixels;
  const size = pixels === undefined ? sizeText(accepted.order) : `${pixels.width}x${pixels.height}`;
  return {
    promptExtend: accepted.order.promptExtend ?? false,
    ...(accepted.quality === undefined ? {} : { quality: accepted.quality }),
    ...(size === undefined ? {} : { size }),
  };
}
