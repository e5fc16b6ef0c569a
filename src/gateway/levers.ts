import { quoteEstimate } from "../billing/quote.ts";
import type { ResolvedSize } from "../gates/order.ts";
import { resolveSize, sizesFor } from "../gates/size.ts";
import { formatUsd, type PicoUsd, timesUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { Prepared } from "./prepare.ts";

/** A size that is asked for more than any other; offered where the model makes it. */
const USUAL_SIZE = { width: 1024, height: 1024 };

/** A parameter left open that raises the worst case, and what naming it would make of the ceiling. */
export type Lever = {
  readonly param: "quality" | "size";
  readonly value: string;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** What could be named to lower the ceiling, strongest first, each alone. */
export function levers(prepared: Prepared): readonly Lever[] {
  const { accepted, quote } = prepared;
  const knob = accepted.model.capabilities.quality;
  const found: Lever[] = [];
  if (knob !== undefined && accepted.quality === undefined) {
    found.push(leverOf(prepared, { param: "quality", value: knob.autoExpected }));
  }
  const usual = usualSize(prepared);
  if (isOpen(accepted.size) && usual !== undefined) {
    const value = `${USUAL_SIZE.width}x${USUAL_SIZE.height}`;
    found.push(leverOf(prepared, { param: "size", value, size: usual }));
  }
  return found
    .filter((lever) => lever.ceiling < quote.ceiling.total)
    .toSorted((left, right) => (left.ceiling < right.ceiling ? -1 : 1));
}

/** For a refusal: which open parameter makes the worst case so dear, and what naming it would leave. */
export function causeOfCeiling(prepared: Prepared): string {
  const [strongest] = levers(prepared);
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

function leverOf(
  prepared: Prepared,
  set: { readonly param: Lever["param"]; readonly value: string; readonly size?: ResolvedSize },
): Lever {
  const { accepted, callable, quote } = prepared;
  const changed = {
    ...accepted,
    quality: set.param === "quality" ? set.value : accepted.quality,
    size: set.size ?? accepted.size,
  };
  const { facts, n, legs, margin = null } = quote.frozen;
  const requoted = quoteEstimate(callable.model, callable.price, {
    facts: set.param === "quality" ? { ...facts, quality: set.value } : facts,
    n,
    ...(legs === undefined ? {} : { legs }),
    estimate: callable.vendor.estimate(changed),
    margin,
  });
  const { param, value } = set;
  return { param, value, expected: requoted.expected.total, ceiling: requoted.ceiling.total };
}

function isOpen(size: ResolvedSize): boolean {
  return size.pixels === undefined && size.label === undefined;
}

function usualSize({ accepted }: Prepared): ResolvedSize | undefined {
  try {
    const order = { ...accepted.order, size: { kind: "pixels", ...USUAL_SIZE } as const };
    return resolveSize(order, sizesFor(order, accepted.model.capabilities));
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}
