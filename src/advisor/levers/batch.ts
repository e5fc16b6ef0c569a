import { quoteEstimate } from "../../billing/quote.ts";
import { canRate, weakestMark } from "../../billing/rate.ts";
import { type FindLever, leverOf } from "./lever.ts";

/** The vendor's price for asynchronous work where the catalog has one. Told only: batch isn't served here. */
export const batchPrice: FindLever = (at) => {
  const { accepted, priceable, margin, quote } = at;
  const { model, price } = priceable;
  const hasTier = price.terms.some(({ when }) => when?.serviceTier === "batch");
  if (!hasTier || accepted.order.stream === true) return [];
  const estimate = priceable.estimate(accepted);
  const { n, legs, facts: standard } = quote.frozen;
  const facts = { ...standard, serviceTier: "batch" } as const;
  if (!canRate([...estimate.expected, ...estimate.ceiling], price, facts)) return [];
  const batch = quoteEstimate(model, price, {
    ...{ facts, n, estimate, margin },
    ...(legs === undefined ? {} : { legs }),
  });
  if (batch.expected.total >= quote.expected.total) return [];
  const mark = weakestMark(batch.expected.lines.map((line) => line.mark));
  const why = `the vendor's price for asynchronous batches (${mark}); not served here yet`;
  return [leverOf(at, batch, { kind: "batch", param: "service_tier", value: "batch", why })];
};
