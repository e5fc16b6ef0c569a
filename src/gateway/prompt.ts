import { setImmediate } from "node:timers/promises";
import type { PromptMeasure } from "../gates/order.ts";

/** The tokenizer takes the square of a word's length: longer runs of one kind are counted in pieces. */
const LONG_RUN_CHARACTERS = 512;
const LONG_RUN = /([\p{L}\p{M}]{512}|\s{512}|[^\s\p{L}\p{N}]{512})/u;
/** So many characters are counted in one go; then other requests have their turn. */
export const SLICE_CHARACTERS = 16_384;
const SLICE = new RegExp(`[\\s\\S]{1,${SLICE_CHARACTERS}}`, "gu");

/** What the tokenizer exports, once it is loaded. */
type Tokenizer = typeof import("gpt-tokenizer/encoding/o200k_base");
let tokenizer: Tokenizer | undefined;

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

/** Loads the tokenizer's table, once. */
export async function loadTokenizer(): Promise<void> {
  tokenizer ??= await import("gpt-tokenizer/encoding/o200k_base");
}

/** Whether a text is counted in pieces because of one long run. */
export function hasLongRun(text: string): boolean {
  return text.length >= LONG_RUN_CHARACTERS && LONG_RUN.test(text);
}

/**
 * Tokens of a text without a long run.
 *
 * @throws Error before the tokenizer is loaded.
 */
export function countPlainTokens(text: string): number {
  if (tokenizer === undefined) throw new Error("the tokenizer is not loaded");
  // A prompt may spell out a special token; the vendor reads it as text.
  return tokenizer.countTokens(text, AS_TEXT);
}

const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** Exact for prompts of one slice without a run of 512; else a few too many at the cuts. Only expectations rest on it. */
async function countTokensOf(text: string): Promise<number> {
  await loadTokenizer();
  let tokens = 0;
  for (const slice of text.match(SLICE) ?? []) {
    for (const piece of slice.split(LONG_RUN)) tokens += countPlainTokens(piece);
    await setImmediate();
  }
  return tokens;
}
