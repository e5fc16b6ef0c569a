import { isObject, type JsonObject } from "../json.ts";
import type { Lies } from "./lies.ts";
import { ratesOf } from "./prices.ts";

/** Tokens of a whole call. */
type Tokens = {
  readonly textIn: number;
  readonly imageIn: number;
  readonly textOut: number;
  readonly imageOut: number;
  /** Of `textIn`: what is charged as cached. */
  readonly cached: number;
};

/** What a call is reported and charged as. */
export type Bill = { readonly usage: JsonObject; readonly picodollars: bigint };

/** `off-law`: so much more output, in quarters. */
const OFF_LAW_QUARTERS = 5;

/** The bill of a call that the vendor reported so; `lies` says in what it is wrong. */
export function billCall(
  reported: unknown,
  of: {
    readonly model: string;
    readonly images: number;
    readonly promptSeen: boolean;
    readonly lies: Lies;
  },
): Bill {
  const { lies } = of;
  let tokens = readTokens(reported);
  if (lies.nOnce && of.images > 1) tokens = mapTokens(tokens, (count) => count / of.images);
  if (lies.offLaw) {
    tokens = { ...tokens, imageOut: Math.ceil((tokens.imageOut * OFF_LAW_QUARTERS) / 4) };
  }
  if (lies.cacheDiscount && of.promptSeen) tokens = { ...tokens, cached: tokens.textIn };
  return { usage: usageOf(tokens), picodollars: amountOf(tokens, of.model, lies) };
}

function amountOf(tokens: Tokens, model: string, { imageAtTextRate }: Lies): bigint {
  const rates = ratesOf(model);
  return (
    BigInt(tokens.textIn - tokens.cached) * rates.textIn +
    BigInt(tokens.cached) * rates.cachedTextIn +
    BigInt(tokens.imageIn) * (imageAtTextRate ? rates.textIn : rates.imageIn) +
    BigInt(tokens.textOut) * rates.textOut +
    BigInt(tokens.imageOut) * (imageAtTextRate ? rates.textOut : rates.imageOut)
  );
}

/** As OpenAI reports it (openai.md §3); `cached_tokens` only where something is said to be cached. */
function usageOf(tokens: Tokens): JsonObject {
  const input = tokens.textIn + tokens.imageIn;
  const output = tokens.textOut + tokens.imageOut;
  return {
    input_tokens: input,
    input_tokens_details: {
      text_tokens: tokens.textIn,
      image_tokens: tokens.imageIn,
      ...(tokens.cached > 0 ? { cached_tokens: tokens.cached } : {}),
    },
    output_tokens: output,
    output_tokens_details: { image_tokens: tokens.imageOut, text_tokens: tokens.textOut },
    total_tokens: input + output,
  };
}

/** Without output details all output is image (openai.md §3). */
function readTokens(usage: unknown): Tokens {
  const input = objectAt(usage, "input_tokens_details");
  const output = objectAt(usage, "output_tokens_details");
  const all = countAt(usage, "output_tokens");
  const textOut = countAt(output, "text_tokens");
  return {
    textIn: countAt(input, "text_tokens"),
    imageIn: countAt(input, "image_tokens"),
    textOut,
    imageOut: all - textOut,
    cached: 0,
  };
}

function mapTokens(tokens: Tokens, change: (count: number) => number): Tokens {
  return {
    textIn: change(tokens.textIn),
    imageIn: change(tokens.imageIn),
    textOut: change(tokens.textOut),
    imageOut: change(tokens.imageOut),
    cached: change(tokens.cached),
  };
}

function objectAt(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function countAt(value: unknown, name: string): number {
  const found = objectAt(value, name);
  return typeof found === "number" ? found : 0;
}
