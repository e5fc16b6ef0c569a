import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { heavyPng } from "../gateway/pictures.ts";
import { planText, temporaryFolder } from "./plan-world.ts";

/** Equal orders are priced once: nothing that a price or a gate depends on may be taken for equal. */

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const light = join(folder.path, "light.png");
const heavy = join(folder.path, "heavy.png");
writeFileSync(light, heavyPng(1_000));
// Some models read files of at most 10,000,000 bytes.
writeFileSync(heavy, heavyPng(10_000_001));

const row = fc.record({
  // One token each, but not the same bytes; one that some models read no further than its beginning.
  prompt: fc.constantFrom("photo", "名", "a", "x ".repeat(900)),
  model: fc.constantFrom("gpt-image-2", "qwen-image-3.0", "auto"),
  size: fc.constantFrom("1024x1024", "1536x1024"),
  n: fc.integer({ min: 1, max: 2 }),
  seed: fc.constantFrom(undefined, 1, 2_147_483_648),
  negative_prompt: fc.constantFrom(undefined, "text", "x".repeat(501)),
  references: fc.constantFrom(undefined, "1024x1024", "256x256", light, heavy, `${light};${heavy}`),
  mask: fc.constantFrom(undefined, undefined, "1024x1024"),
  band: fc.constantFrom(undefined, "draft", "standard"),
});

function lines(rows: readonly object[]): string {
  return rows
    .map((each, index) => {
      const { band, ...others } = { band: undefined, model: "auto", ...each };
      const choice = others.model === "auto" ? { band } : {};
      return JSON.stringify({ id: `r${index}`, ...others, ...choice });
    })
    .join("\n");
}

describe("a row among others", () => {
  it("costs what it costs alone, and is refused for its own values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 8 }), async (rows) => {
        const { planned } = await planText(lines(rows), { name: "plan.jsonl" });
        for (const [index, each] of rows.entries()) {
          const alone = await planText(lines([each]), { name: "plan.jsonl" });
          expect(planned[index]?.price).toEqual(alone.planned[0]?.price);
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ["bytes of the prompt", "gpt-image-2", { prompt: "a" }, { prompt: "photo" }],
    [
      "pixels of a reference",
      "gpt-image-2",
      { references: "1024x1024" },
      { references: "256x256" },
    ],
    ["bytes of a file", "qwen-image-3.0", { references: light }, { references: heavy }],
    ["a seed out of range", "qwen-image-3.0", { seed: 1 }, { seed: 2_147_483_648 }],
  ])("is told from another one by %s", async (_what, model, one, other) => {
    const base = { prompt: "mug", model, size: "1024x1024" };
    const both = lines([
      { ...base, ...one },
      { ...base, ...other },
    ]);
    const { planned } = await planText(both, { name: "plan.jsonl" });
    const [first, second] = planned.map(({ price: { facts: _, ...price } }) => price);
    expect(first).not.toEqual(second);
  });

  it("is not taken for one whose cells run into each other", async () => {
    const header = "id,prompt,model,size,quality,moderation";
    const text = [
      header,
      "a,A mug,gpt-image-2,1024x1024,low,low",
      'b,A mug,gpt-image-2,1024x1024,"low,moderation=low",',
    ].join("\n");
    const { asked } = await planText(text);
    expect([asked.rows, asked.blockedRows]).toEqual([1, 1]);
  });
});
