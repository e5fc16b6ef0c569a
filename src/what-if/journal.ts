import { setImmediate } from "node:timers/promises";
import { recharge } from "../audit/recharge.ts";
import type { PriceVersion } from "../catalog/schema.ts";
import type { ImageOrder, Reference } from "../gates/order.ts";
import { parsePixels, readSize } from "../gates/size.ts";
import type { Ledger } from "../ledger/port.ts";
import { readStoredPrice } from "../ledger/price-text.ts";
import type { SettledCall, SettledCallsQuery } from "../ledger/reports-port.ts";
import type { ReferenceFacts, RequestFacts } from "../ledger/request-facts.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import type { PastCall } from "./past-call.ts";

/** Parameters of an order that the journal doesn't keep: no gate can look at them again. */
export const NOT_KEPT = [
  ...["background", "output_format", "output_compression", "moderation", "seed"],
  ...["negative_prompt", "guidance_scale", "watermark"],
] as const;

/** Calls of the days that are no part of a what-if. */
export type NotSettled = { voided: number; open: number };

/**
 * The settled calls of some days as past requests, slice by slice beside a running gateway; adds those that
 * weren't settled to `others`. Stops where `isGone` says that nobody wants them any more.
 */
export async function* journalCalls(
  ledger: Pick<Ledger, "settledCalls">,
  of: Omit<SettledCallsQuery, "after">,
  seen: { readonly others: NotSettled; readonly isGone: () => boolean },
): AsyncGenerator<PastCall> {
  let after: string | undefined;
  do {
    const slice = await ledger.settledCalls({ ...of, after });
    seen.others.voided += slice.voided;
    seen.others.open += slice.open;
    for (const call of slice.calls) yield pastCall(call);
    // Whatever else this process has to do comes first.
    await setImmediate();
    after = slice.next ?? undefined;
  } while (after !== undefined && !seen.isGone());
}

/** A settled call as a past request. Pure. */
function pastCall({ hold, ending, charge }: SettledCall): PastCall {
  const price = readStoredPrice(hold.price);
  const { facts } = hold;
  return {
    key: hold.keyId,
    requests: 1,
    images: ending.imagesMade,
    times: 1n,
    order: orderOf(hold.model, facts, {
      // What was asked and never came is no part of the bill, and of no other.
      n: Math.min(ending.imagesMade, facts.n),
      quality: ending.qualityBilled ?? facts.priced.quality ?? null,
    }),
    prompt: { characters: facts.promptBytes, bytes: facts.promptBytes, tokens: facts.promptTokens },
    margin: hold.margin ?? null,
    paid: charge,
    paidBy: ending.basis,
    day: hold.asOf,
    price,
    recharge: (by) => rechargedBy({ hold, ending, charge }, by),
  };
}

function rechargedBy({ hold, ending }: SettledCall, price: PriceVersion): PicoUsd | undefined {
  // The vendor named another model: its price stays its price.
  const { echoedPrice: echoed } = ending;
  const echoedPrice = echoed === null ? undefined : readStoredPrice(echoed);
  return recharge(hold, ending, { price, echoedPrice })?.charge ?? undefined;
}

/** The order that the facts of a hold tell of. Pure. */
function orderOf(
  model: string,
  facts: RequestFacts,
  made: { readonly n: number; readonly quality: string | null },
): ImageOrder {
  const { references = [], mask, partialImages, inputFidelity, legs, stream } = facts;
  const [first, ...others] = references.map(referenceOf);
  return {
    ...{ model, prompt: "", n: made.n },
    ...(made.quality === null ? {} : { quality: made.quality }),
    ...sizeOf(facts),
    ...(facts.priced.promptExtend === true ? { promptExtend: true } : {}),
    ...(stream === true ? { stream } : {}),
    ...(partialImages === undefined ? {} : { partialImages }),
    ...(legs === undefined ? {} : { fanOut: true }),
    ...(first === undefined ? {} : { references: [first, ...others] }),
    ...(mask === undefined ? {} : { mask: referenceOf(mask) }),
    ...(inputFidelity === undefined ? {} : { inputFidelity }),
  };
}

function sizeOf({ size }: RequestFacts): Pick<ImageOrder, "size" | "aspectRatio" | "resolution"> {
  if (size.pixels !== null) return { size: { kind: "pixels", ...parsePixels(size.pixels) } };
  if (size.label === null) return {};
  if (size.ratio !== null) return { resolution: size.label, aspectRatio: size.ratio };
  const asked = readSize(size.label);
  return asked === undefined ? {} : { size: asked };
}

/** Of a picture the journal keeps measures alone: whether it had an alpha channel or several frames is forgotten. */
function referenceOf(facts: ReferenceFacts): Reference {
  return { ...facts, alpha: false, animated: false, read: noBytes };
}

async function* noBytes(): AsyncGenerator<Buffer> {
  yield* [];
}
