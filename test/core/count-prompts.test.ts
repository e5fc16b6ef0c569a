import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measurePrompt } from "../../src/gateway/prompt.ts";
import { measurePlainly, PromptCounter, type PromptPart } from "../../src/runs/count-prompts.ts";

const counter = await PromptCounter.create();

const measured = async (parts: readonly PromptPart[]) =>
  counter.measure(parts) ?? (await measurePlainly(parts));
const textOf = (parts: readonly PromptPart[]): string => parts.map(({ text }) => text).join("");

/** Bits of text that a tokenizer cuts in ways of its own. */
const bit = fc.oneof(
  fc.constantFrom(
    ...["a", " ", "  ", "\n", "\r\n", "\t", "'s", "'", "'LL", "It", "HTML", "doc", "É", "e\u0301"],
    ...[
      "\u0301",
      "7",
      "2026",
      ".",
      "...",
      "/",
      "-",
      "<|endoftext|>",
      "名",
      "漫画",
      "😀",
      "👩‍🚀",
      "ß",
    ],
    ...["white mug", "on a ", " soft light ", "A", "camelCase", "\u00a0", "\u200d", "{", "ǅ", "ʰ"],
  ),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const text = fc.array(bit, { maxLength: 12 }).map((bits) => bits.join(""));
const parts = fc.array(fc.record({ text, fixed: fc.boolean() }), { maxLength: 6 });

describe("a prompt that is counted in parts", () => {
  it("measures exactly what it measures as a whole, wherever its parts meet", async () => {
    await fc.assert(
      fc.asyncProperty(parts, async (each) => {
        expect(await measured(each)).toEqual(await measurePrompt(textOf(each)));
      }),
      { numRuns: 600 },
    );
  });

  it("measures what a template of real words does with any value in it", async () => {
    const value = fc.oneof(text, fc.lorem(), fc.constantFrom("", "x", "'s", " s", "S ", "\n"));
    await fc.assert(
      fc.asyncProperty(value, value, async (one, other) => {
        const each = [
          { text: "Studio photo of the brand's ", fixed: true },
          { text: one, fixed: false },
          { text: " in it, three-quarter view, soft light on ", fixed: true },
          { text: other, fixed: false },
          { text: " paper; no text at all", fixed: true },
        ];
        expect(counter.measure(each)).toEqual(await measurePrompt(textOf(each)));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["half of a character at each side", ["\ud83d", "\ude00"]],
    ["a run of 600 letters across a seam", ["a".repeat(300), "b".repeat(300)]],
    ["a run of 600 blanks behind a letter", [`a${" ".repeat(300)}`, " ".repeat(300)]],
    ["more than one slice", ["soft light ".repeat(1_000), "on white ".repeat(1_000)]],
  ])("is counted as a whole: %s", async (_what, texts) => {
    const each = texts.map((text) => ({ text, fixed: true }));
    expect(await measured(each)).toEqual(await measurePrompt(texts.join("")));
  });
});
