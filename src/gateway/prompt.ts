import { setImmediate } from "node:timers/promises";
import type { PromptMeasure } from "../gates/order.ts";

/** The tokenizer takes the square of a word's length: longer runs of one kind are counted in pieces. */
const LONG_RUN = /([\p{L}\p{M}]{512}|\s{512}|[^\s\p{L}\p{N}]{512})/u;
/** So many characters are counted in one go; then other requests have their turn. */
const SLICE = /[\s\S]{1,16384}/gu;

/**
 * Counts a prompt in the three units that limits, quotes and ceilings speak of. The tokenizer's table
 * takes a quarter of a second to load, so it is loaded at the first count, or earlier by `warmPrompts`.
 */
export async function measurePrompt(text: string): Promise<PromptMeasure> {
  return {
    characters: [...text].length,
    bytes: Buffer.byteLength(text, "utf8"),
    tokens: await countTokensOf(text),
  };
}

/** Loads the tokenizer ahead of the first request. */
export async function warmPrompts(): Promise<void> {
  await measurePrompt("a mug");
}

/** Exact for prompts of one slice without a run of 512; else a few too many at the cuts. Only expectations rest on it. */
async function countTokensOf(text: string): Promise<number> {
  const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
  let tokens = 0;
  for (const slice of text.match(SLICE) ?? []) {
    for (const piece of slice.split(LONG_RUN)) {
      // A prompt may spell out a special token; the vendor reads it as text.
      tokens += countTokens(piece, { disallowedSpecial: new Set() });
    }
    await setImmediate();
  }
  return tokens;
}
