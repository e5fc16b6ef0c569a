import { candidatesFor } from "../advisor/candidates.ts";
import { capable } from "../advisor/constraints.ts";
import { type Priceable, priceOrder } from "../advisor/price-order.ts";
import type { Quote } from "../billing/quote.ts";
import type { ImageOrder } from "../gates/order.ts";
import { sizeText } from "../gates/size.ts";
import { type PicoUsd, timesUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { Choice, OtherPrices } from "./choice.ts";
import type { WholeMarket } from "./market.ts";
import type { PastCall } from "./past-call.ts";

/** What makes a picture; quality is null where the model has none, or leaves it open. */
export type Made = { readonly model: string; readonly quality: string | null };

export function madeBy({ model, quality }: ImageOrder): Made {
  return { model, quality: quality ?? null };
}

/** One past request under another choice. Pure but for what it is handed. */
export type Rerated =
  /** The choice asks what was asked: what was paid stands. */
  | { readonly kind: "unchanged"; readonly total: PicoUsd }
  /** Its own measured quantities at other prices. */
  | {
      readonly kind: "recharged";
      readonly total: PicoUsd;
      readonly change: string;
      readonly to: Made;
    }
  /** Expected by the vendor's law, as a quote is; `exact` where the law leaves nothing open. */
  | {
      readonly kind: "expected";
      readonly total: PicoUsd;
      readonly exact: boolean;
      readonly change: string;
      readonly to: Made;
    }
  /** It couldn't have run that way. */
  | { readonly kind: "blocked"; readonly code: string }
  /** The choice isn't about it: another model's price version. */
  | { readonly kind: "beside" };

type Markets = (day: string) => WholeMarket;

/** What a past request comes to under a choice. */
export function rerate(call: PastCall, choice: Choice, markets: Markets): Rerated {
  const { prices } = choice;
  if (prices?.kind === "version" && prices.modelId !== call.order.model) return { kind: "beside" };
  const market = markets(prices?.kind === "day" ? prices.day : call.day);
  if (choice.auto !== undefined) return byAuto(call, choice, market);
  const order = changed(call.order, choice, market);
  const change = changeText(call.order, order);
  if (change === "" && prices === undefined) return { kind: "unchanged", total: call.paid };
  const isSame = order.model === call.order.model;
  const entry = market.find(order.model);
  const [obstacle] = entry?.obstacles ?? [];
  if (entry === undefined || (obstacle !== undefined && !isSame)) {
    return { kind: "blocked", code: obstacle?.code ?? "unknown_model" };
  }
  // What a request ran on it could run on, whatever its life cycle says.
  const found = isSame ? market.own(order.model) : entry.priceable;
  const priceable = pricedBy(found, call, { isSame, prices });
  if (priceable === undefined) return { kind: "blocked", code: "unpriced_model" };
  if (change === "") return atPrices(call, priceable);
  return expected(call, order, priceable, change);
}

/** The order that a choice makes of one. */
function changed(order: ImageOrder, choice: Choice, market: WholeMarket): ImageOrder {
  const { quality, size, model, fanOut } = choice;
  const moved =
    model === undefined || model === order.model ? order : movedTo(order, model, market);
  const { aspectRatio: _, resolution: __, ...plain } = moved;
  return {
    ...(size === undefined ? moved : { ...plain, size }),
    ...(quality === undefined ? {} : { quality }),
    ...(fanOut === true && order.n > 1 ? { fanOut } : {}),
  };
}

/** On another model. A tier that it doesn't have, by that name, means nothing there and is left open. */
export function movedTo(order: ImageOrder, model: string, market: WholeMarket): ImageOrder {
  const { quality, ...rest } = order;
  const { tiers = [] } = market.find(model)?.model.capabilities.quality ?? {};
  const kept = quality !== undefined && tiers.includes(quality) ? { quality } : {};
  return { ...rest, model, ...kept };
}

/** The prices that a choice means: the request's own frozen ones, unless it means others. */
function pricedBy(
  priceable: Priceable | undefined,
  call: PastCall,
  of: { readonly isSame: boolean; readonly prices: OtherPrices | undefined },
): Priceable | undefined {
  const { isSame, prices } = of;
  if (priceable === undefined) return undefined;
  if (prices?.kind === "version") return { ...priceable, price: prices.version };
  const own = isSame && prices === undefined ? call.price : undefined;
  return own === undefined ? priceable : { ...priceable, price: own };
}

/** The same request at other prices: by what was measured, where anything was. */
function atPrices(call: PastCall, priceable: Priceable): Rerated {
  const { price } = priceable;
  const change = `price ${call.price?.id ?? `of ${call.day}`} → ${price.id}`;
  if (call.price === undefined) return expected(call, call.order, priceable, change);
  if (price.id === call.price.id) return { kind: "unchanged", total: call.paid };
  const total = call.recharge(price);
  if (total === undefined) return { kind: "blocked", code: "not_priced" };
  return { kind: "recharged", total, change, to: madeBy(call.order) };
}

/** Priced as a quote is: the gates first, the margin that the hold froze on top. */
export function expected(
  call: PastCall,
  order: ImageOrder,
  priceable: Priceable,
  change: string,
): Rerated {
  try {
    const { quote } = priceOrder(order, priceable, call);
    const total = timesUsd(quote.expected.total, call.times);
    return { kind: "expected", total, exact: isExact(call, quote), change, to: madeBy(order) };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return { kind: "blocked", code: cause.code };
  }
}

function byAuto(call: PastCall, choice: Choice, market: WholeMarket): Rerated {
  // A quality word belongs to a model: only one that the choice names goes along.
  const { quality: _, ...open } = call.order;
  const { auto = {}, prices: __, model: ___, ...sets } = choice;
  const order = changed(open, sets, market);
  const candidates = candidatesFor({ order, prompt: call.prompt, margin: call.margin }, market);
  const [best] = capable(candidates, auto, market);
  if (best?.priced === undefined) return { kind: "blocked", code: "no_capable_model" };
  const { accepted, quote } = best.priced;
  const change = changeText(call.order, accepted.order);
  if (change === "" && choice.prices === undefined) return { kind: "unchanged", total: call.paid };
  const total = timesUsd(quote.expected.total, call.times);
  const to = madeBy(accepted.order);
  return { kind: "expected", total, exact: isExact(call, quote), change, to };
}

/** Of an imported request the prompt's tokens are at best inferred. */
function isExact({ paidBy }: PastCall, { exact }: Quote): boolean {
  return exact && paidBy !== "imported";
}

/** What a change changes, in words; empty where it changes nothing. */
export function changeText(from: ImageOrder, to: ImageOrder): string {
  const parts: string[] = [];
  if (from.model !== to.model) parts.push(`${nameOf(from)} → ${nameOf(to)}`);
  else if (from.quality !== to.quality) {
    parts.push(`quality ${from.quality ?? "auto"} → ${to.quality ?? "auto"}`);
  }
  const [before, after] = [shapeOf(from), shapeOf(to)];
  if (before !== after) parts.push(`size ${before} → ${after}`);
  if (from.fanOut !== to.fanOut) parts.push("one call → one call a picture");
  return parts.join(", ");
}

function nameOf({ model, quality }: ImageOrder): string {
  return quality === undefined ? model : `${model} ${quality}`;
}

/** The size in one word, however it was asked. */
function shapeOf(order: ImageOrder): string {
  const { resolution, aspectRatio } = order;
  const label = [resolution, aspectRatio].filter((each) => each !== undefined).join(" ");
  return label === "" ? (sizeText(order) ?? "auto") : label;
}
