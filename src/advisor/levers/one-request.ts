import { formatUsd, subtractUsd, timesUsd } from "../../money/pico-usd.ts";
import { changed, type FindLever, leverOf } from "./lever.ts";

/** Pictures that a caller is likely to want of one prompt; the founding article's own case. */
const USUAL_COUNT = 4;

/** Several pictures by one call where a fee is due once a request: of a fan-out, or in place of single calls. */
export const oneRequest: FindLever = (at) => {
  const { order, model } = at.accepted;
  const most = model.capabilities.imagesPerCallMax;
  if (order.fanOut === true && order.n > 1) return withoutFanOut(at);
  const n = most < USUAL_COUNT ? most : USUAL_COUNT;
  if (order.n !== 1 || n === 1) return [];
  const together = changed(at, { n });
  const apart = timesUsd(at.quote.expected.total, BigInt(n));
  if (together === undefined || together.expected.total >= apart) return [];
  const why = `${n} pictures of this prompt by one request; ${n} requests come to ${formatUsd(apart)}, because a fee is due once a request`;
  const lever = leverOf(at, together, { kind: "one_request", param: "n", value: String(n), why });
  return [{ ...lever, saves: subtractUsd(apart, together.expected.total) }];
};

const withoutFanOut: FindLever = (at) => {
  const { fanOut: _, ...order } = at.accepted.order;
  const { accepted } = at;
  const together = changed({ ...at, accepted: { ...accepted, order } }, {});
  if (together === undefined || together.expected.total >= at.quote.expected.total) return [];
  const why = `one call makes all ${order.n}, and a fee is due once a request`;
  const of = { kind: "one_request", param: "fan_out", value: "false", why } as const;
  return [leverOf(at, together, of)];
};
