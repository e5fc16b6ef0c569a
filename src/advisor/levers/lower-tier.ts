import { changed, type FindLever, leverOf } from "./lever.ts";

/** Every lower tier of the same model that costs less, the nearest first. */
export const lowerTiers: FindLever = (at) => {
  const { accepted, quote } = at;
  const knob = accepted.model.capabilities.quality;
  if (knob === undefined) return [];
  const goesOut = accepted.quality ?? knob.autoExpected;
  const below = knob.tiers.slice(0, knob.tiers.indexOf(goesOut)).toReversed();
  return below.flatMap((tier) => {
    const lower = changed(at, { quality: tier });
    if (lower === undefined || lower.expected.total >= quote.expected.total) return [];
    const why = `a lower tier of the same model than ${goesOut}: try it on some of your own pictures first`;
    return leverOf(at, lower, { kind: "lower_tier", param: "quality", value: tier, why });
  });
};
