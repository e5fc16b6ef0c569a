import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COUNT, MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Vectors and tables that the emulators' own laws arrive at: quoted, charged and shown alike. */

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

describe("OpenAI's vectors, against the emulator", () => {
  it.each([
    { name: "1", asked: { size: "1024x1024", quality: "low" }, total: "0.005985" },
    { name: "2", asked: { size: "1024x1024", quality: "high" }, total: "0.210825" },
    { name: "3", asked: { size: "2048x2048", quality: "high" }, total: "0.428265" },
    {
      name: "4",
      asked: { size: "1024x1024", quality: "low", n: 4, prompt: COUNT },
      total: "0.02408",
    },
  ])("$name: $total USD, quoted and charged", async ({ asked, total }) => {
    const order = { model: "gpt-image-2", prompt: MUG, ...asked };
    const { body: quote } = await sandbox.quote(order);
    expect(quote.expected.total).toBe(total);
    const { body } = await sandbox.generate(order);
    expect(body.usage.cost_details.total).toBe(total);
  });

  it("11: 0.052785 USD, quoted and charged", async () => {
    const order = { model: "gpt-image-2.5-flare", size: "1024x1024", quality: "high", prompt: MUG };
    expect((await sandbox.quote(order)).body.expected.total).toBe("0.052785");
    expect((await sandbox.generate(order)).body.usage.cost_details.total).toBe("0.052785");
  });
});

const GPT_2 = ["low", "medium", "high"] as const;
const GPT_25 = ["low", "medium", "high", "xhigh", "max"] as const;

/** openai.md §6.2: tokens of one image, by size; first gpt-image-2, then 2.5. */
const TABLE: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ["1024x1024", [196, 1_756, 7_024], [196, 439, 1_756, 3_122, 7_024]],
  ["1024x1536", [158, 1_372, 5_488], [158, 343, 1_372, 2_459, 5_488]],
  ["1536x1024", [158, 1_372, 5_488], [158, 343, 1_372, 2_459, 5_488]],
  ["1280x720", [106, 947, 3_787], [106, 246, 947, 1_683, 3_787]],
  ["1536x864", [120, 1_078, 4_312], [120, 280, 1_078, 1_917, 4_312]],
  ["2048x1152", [157, 1_413, 5_650], [157, 367, 1_413, 2_511, 5_650]],
  ["2048x2048", [397, 3_568, 14_272], [397, 892, 3_568, 6_343, 14_272]],
  ["2560x1440", [205, 1_843, 7_370], [205, 478, 1_843, 3_276, 7_370]],
  ["3840x2160", [371, 3_336, 13_342], [371, 865, 3_336, 5_930, 13_342]],
  ["2880x2880", [659, 5_930, 23_719], [659, 1_483, 5_930, 10_542, 23_719]],
];

const cells = TABLE.flatMap(([size, gpt2, gpt25]) => [
  ...GPT_2.map((quality, at) => ({ model: "gpt-image-2", size, quality, tokens: gpt2[at] ?? 0 })),
  ...GPT_25.map((quality, at) => ({
    model: "gpt-image-2.5-flare",
    size,
    quality,
    tokens: gpt25[at] ?? 0,
  })),
]);

describe("the size tables, every cell: quoted and charged", () => {
  it.each(cells)("$model $size $quality: $tokens tokens", async ({ tokens, ...asked }) => {
    const order = { ...asked, prompt: MUG };
    // 21 text tokens expected, 79 + 6 at most, at 5 USD; image tokens at 30 USD a million.
    const expected = microUsd(21 * 5 + tokens * 30);
    const { body: quote } = await sandbox.quote(order);
    expect(quote.expected.total).toBe(expected);
    expect(quote.ceiling.total).toBe(microUsd(85 * 5 + tokens * 30));
    const { body } = await sandbox.generate(order);
    expect(body.usage).toMatchObject({ output_tokens: tokens, input_tokens: 21 });
    expect(body.usage.cost_details).toMatchObject({ total: expected, basis: "usage" });
  });
});

/** Whole millionths of a dollar as a plain decimal. */
function microUsd(millionths: number): string {
  const digits = String(millionths).padStart(7, "0");
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, "");
}
