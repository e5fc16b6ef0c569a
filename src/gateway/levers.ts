import type { Situation } from "../advisor/levers/lever.ts";
import { openParameters } from "../advisor/levers/open-parameters.ts";
import { formatUsd, timesUsd } from "../money/pico-usd.ts";
import type { Prepared } from "./prepare.ts";

/** An order that is ready to go out, as levers look at it. */
export function situationOf({ accepted, callable, quote }: Prepared): Situation {
  const { model, price, vendor } = callable;
  const priceable = { model, price, estimate: vendor.estimate };
  return { accepted, priceable, margin: quote.frozen.margin ?? null, quote };
}

/** For a refusal: which open parameter makes the worst case so dear, and what naming it would leave. */
export function causeOfCeiling(prepared: Prepared): string {
  const [strongest] = openParameters(situationOf(prepared));
  if (strongest === undefined) return "";
  const { param, value, ceiling } = strongest;
  return `. ${param} was left open, so its dearest value was reserved for: with ${param}=${value} the worst case is ${formatUsd(ceiling)} USD`;
}

/** For a quote: said when the worst case is more than three times what is expected. */
export function ceilingWarnings(prepared: Prepared): readonly string[] {
  const { expected, ceiling } = prepared.quote;
  if (ceiling.total <= timesUsd(expected.total, 3n)) return [];
  return [`the ceiling is more than three times the expected price${causeOfCeiling(prepared)}`];
}
