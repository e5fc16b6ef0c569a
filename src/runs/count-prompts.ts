import type { PromptMeasure } from "../gates/order.ts";
import {
  countPlainTokens,
  hasLongRun,
  loadTokenizer,
  measurePrompt,
  SLICE_CHARACTERS,
} from "../gateway/prompt.ts";

/**
 * Measures prompts that share most of their words, exactly as `measurePrompt` does but many times faster.
 *
 * The tokenizer first cuts a text into words, each by its own letters and at most what follows at once. Behind a
 * letter or digit (a-z, A-Z, 0-9) a space always begins a new word, whatever stands around: so a text may be cut
 * there, and its tokens are the sum of the tokens of the cuts. Of a template only the words that touch a filled
 * place are counted for each row; all others are counted once.
 */
export class PromptCounter {
  readonly #fixed = new Map<string, FixedText>();
  readonly #words = new Map<string, number>();

  private constructor() {}

  /** Loads the tokenizer, once. */
  static async create(): Promise<PromptCounter> {
    await loadTokenizer();
    return new PromptCounter();
  }

  /**
   * The measure of a prompt that is put together of fixed texts (of a template) and values of a row, in turn.
   *
   * @returns undefined where the plain way must be taken: `measurePlainly`.
   */
  measure(parts: readonly PromptPart[]): PromptMeasure | undefined {
    let characters = 0;
    let bytes = 0;
    let tokens = 0;
    let length = 0;
    let open = "";
    for (const { text, fixed } of parts) {
      if (HALF_CHARACTER.test(text)) return undefined;
      length += text.length;
      const known = fixed ? this.#fixedText(text) : undefined;
      characters += known?.characters ?? countCharacters(text);
      bytes += known?.bytes ?? Buffer.byteLength(text, "utf8");
      const { cut } = known ?? {};
      if (cut === undefined) {
        open += text;
        continue;
      }
      const counted = this.#count(open + cut.head);
      if (counted === undefined || cut.tokens === undefined) return undefined;
      tokens += counted + cut.tokens;
      open = cut.tail;
    }
    const last = this.#count(open);
    // Longer texts are counted in slices, each by itself.
    if (last === undefined || length > SLICE_CHARACTERS) return undefined;
    return { characters, bytes, tokens: tokens + last };
  }

  /** Tokens of the words around a filled place; undefined where a run is too long to be counted in one go. */
  #count(text: string): number | undefined {
    if (hasLongRun(text)) return undefined;
    let tokens = 0;
    let from = 0;
    for (let at = text.indexOf(" ", 1); at !== -1; at = text.indexOf(" ", at + 1)) {
      if (!isWordCharacter(text.charCodeAt(at - 1))) continue;
      tokens += this.#countWord(text.slice(from, at));
      from = at;
    }
    return from === text.length ? tokens : tokens + this.#countWord(text.slice(from));
  }

  /** Most words of a file come again and again. */
  #countWord(word: string): number {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const tokens = countPlainTokens(word);
    if (word.length <= WORD_CHARACTERS_MAX && this.#words.size < WORDS_MAX) {
      this.#words.set(word, tokens);
    }
    return tokens;
  }

  #fixedText(text: string): FixedText {
    const known = this.#fixed.get(text);
    if (known !== undefined) return known;
    const made = fixedText(text);
    if (this.#fixed.size >= FIXED_MAX) this.#fixed.clear();
    this.#fixed.set(text, made);
    return made;
  }
}

/** A piece of a prompt. `fixed`: it stands in a template and will be seen again. */
export type PromptPart = { readonly text: string; readonly fixed: boolean };

/** The measure of a prompt whose parts can't be counted one by one: very long ones, half characters. */
export async function measurePlainly(parts: readonly PromptPart[]): Promise<PromptMeasure> {
  return await measurePrompt(parts.map(({ text }) => text).join(""));
}

/** Counted words that are remembered, and how long one may be. */
const WORDS_MAX = 20_000;
const WORD_CHARACTERS_MAX = 40;
const FIXED_MAX = 1_000;

type FixedText = {
  readonly characters: number;
  readonly bytes: number;
  /** Where it is cut first and last, and the tokens between; undefined where it can't be cut. */
  readonly cut:
    | { readonly head: string; readonly tail: string; readonly tokens: number | undefined }
    | undefined;
};

/** Half of a surrogate pair: two parts may be halves of one character. */
const HALF_CHARACTER = /\p{Cs}/u;

const CUT = /[a-zA-Z0-9](?= )/g;

function fixedText(text: string): FixedText {
  const measures = { characters: countCharacters(text), bytes: Buffer.byteLength(text, "utf8") };
  const cuts = [...text.matchAll(CUT)];
  const [first, last] = [cuts[0], cuts.at(-1)];
  if (first === undefined || last === undefined) return { ...measures, cut: undefined };
  const middle = text.slice(first.index + 1, last.index + 1);
  const tokens = hasLongRun(middle) ? undefined : countPlainTokens(middle);
  const head = text.slice(0, first.index + 1);
  return { ...measures, cut: { head, tail: text.slice(last.index + 1), tokens } };
}

/** a-z, A-Z, 0-9. */
function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}

/** Code points, without making a list of them. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
