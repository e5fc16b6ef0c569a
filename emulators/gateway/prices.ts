/** Picodollars (10^-12 USD) of one token, by kind. */
export type Rates = {
  readonly textIn: bigint;
  readonly cachedTextIn: bigint;
  readonly imageIn: bigint;
  readonly textOut: bigint;
  readonly imageOut: bigint;
};

/** One dollar for a million tokens is a million picodollars a token. */
const PER_MILLION = 1_000_000n;

/**
 * Dollars for a million tokens, standard: openai.md §6.1, 2026-11-22. Text out of gpt-image-2 and later, which no
 * recording has, is 10.00 there as the safe value; gpt-image-1 and mini report none.
 */
const ONE_FAMILY = rates({ textIn: 5_00n, cached: 1_25n, imageIn: 10_00n, imageOut: 40_00n });
const MINI = rates({ textIn: 2_00n, cached: 20n, imageIn: 2_50n, imageOut: 8_00n });
const ONE_FIVE = rates({ textIn: 5_00n, cached: 1_25n, imageIn: 8_00n, imageOut: 32_00n });
const TWO = rates({ textIn: 5_00n, cached: 1_25n, imageIn: 8_00n, imageOut: 30_00n });

/** The rates of a GPT image model by its id. */
export function ratesOf(model: string): Rates {
  if (model.startsWith("gpt-image-1-mini")) return MINI;
  if (model.startsWith("gpt-image-1.5") || model === "chatgpt-image-latest") return ONE_FIVE;
  return model === "gpt-image-1" ? ONE_FAMILY : TWO;
}

/** From cents for a million tokens. */
function rates(cents: {
  readonly textIn: bigint;
  readonly cached: bigint;
  readonly imageIn: bigint;
  readonly imageOut: bigint;
}): Rates {
  const each = (amount: bigint): bigint => (amount * PER_MILLION) / 100n;
  return {
    textIn: each(cents.textIn),
    cachedTextIn: each(cents.cached),
    imageIn: each(cents.imageIn),
    textOut: each(10_00n),
    imageOut: each(cents.imageOut),
  };
}

const DECIMALS = 12;

/** An amount as plain decimal dollars. */
export function dollars(picodollars: bigint): string {
  const digits = picodollars.toString().padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  return digits.slice(0, -DECIMALS) + (fraction === "" ? "" : `.${fraction}`);
}
