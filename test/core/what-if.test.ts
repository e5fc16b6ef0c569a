import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Margin } from "../../src/billing/margin.ts";
import { parsePixels } from "../../src/gates/size.ts";
import { formatUsd, parseUsd, picoUsd } from "../../src/money/pico-usd.ts";
import { readCatalog } from "../../src/start/read-catalog.ts";
import { choiceOf } from "../../src/what-if/asked.ts";
import type { Choice } from "../../src/what-if/choice.ts";
import { importedCall } from "../../src/what-if/imported.ts";
import { marketsOf } from "../../src/what-if/market.ts";
import type { PastCall } from "../../src/what-if/past-call.ts";
import type { Sums } from "../../src/what-if/tally.ts";
import { whatIf } from "../../src/what-if/what-if.ts";

const { models, ratings } = readCatalog({ settings: undefined });
const catalog = { models };
const markets = marketsOf({ catalog, ratings });

type Asked = {
  readonly model?: string;
  readonly quality?: string | null;
  readonly size?: string;
  readonly n?: number;
  readonly paid: string;
  readonly key?: string;
  readonly margin?: Margin;
};

/** A settled request of the standard prompt: 15 tokens and gpt-image-2's 6. */
function past(of: Asked): PastCall {
  const { model = "gpt-image-2", quality = "high", size = "1024x1024", n = 1, key = "web" } = of;
  return {
    ...{ key, requests: 1, images: n, times: 1n },
    order: {
      ...{ model, prompt: "", n, size: { kind: "pixels", ...parsePixels(size) } },
      ...(quality === null ? {} : { quality }),
    },
    prompt: { characters: 79, bytes: 79, tokens: 15 },
    margin: of.margin ?? null,
    ...{ paid: parseUsd(of.paid), paidBy: "usage", day: "2026-11-26" },
    price: models.find(({ id }) => id === model)?.rateCard.at(-1),
    recharge: () => undefined,
  };
}

async function* stream(calls: readonly PastCall[]): AsyncGenerator<PastCall> {
  yield* calls;
}

const rated = (calls: readonly PastCall[], choice: Choice = {}): Promise<Sums> =>
  whatIf(stream(calls), choice, { markets });

const figures = ({ all }: Sums) => [all.requests, formatUsd(all.paid), formatUsd(all.whatIf)];
const levers = (sums: Sums) =>
  sums.levers.map(({ kind, change, key, requests, paid, whatIf: would }) =>
    [kind, change, key, requests, formatUsd(paid), formatUsd(would)].join(" | "),
  );

describe("another quality", () => {
  it("is expected by the law at the prices by which the request was billed", async () => {
    // (21 x 5 + 7,024 x 30) / 1,000,000 = 0.210825; medium (105 + 1,756 x 30) / 1,000,000 = 0.052785
    const sums = await rated([past({ paid: "0.210825" })], { quality: "medium" });
    expect(figures(sums)).toEqual([1, "0.210825", "0.052785"]);
    expect(levers(sums)).toEqual(["asked | quality high → medium | web | 1 | 0.210825 | 0.052785"]);
    expect(sums.foundBy).toEqual({ expected: 1 });
  });

  it("carries the margin that the hold froze", async () => {
    const margin = { basisPoints: 1_000, fixed: parseUsd("0.001") };
    // 0.052785 x 1.1 + 0.001
    const sums = await rated([past({ paid: "0.2329075", margin })], { quality: "medium" });
    expect(figures(sums)).toEqual([1, "0.2329075", "0.0590635"]);
  });

  it("bills prompt and picture for each of n", async () => {
    // 4 x (105 + 196 x 30) / 1,000,000
    const sums = await rated([past({ paid: "0.8433", n: 4 })], { quality: "low" });
    expect(figures(sums)).toEqual([1, "0.8433", "0.02394"]);
  });

  it("that a model hasn't is blocked by its gate, and what was paid for it is in no sum", async () => {
    const flat = { model: "seedream-4-0", quality: null, size: "2048x2048", paid: "0.03" };
    const sums = await rated([past({ paid: "0.210825" }), past(flat)], { quality: "low" });
    expect(sums.all.requests).toBe(1);
    expect(sums.blocked).toMatchObject([{ code: "unsupported_parameter", requests: 1 }]);
    expect(formatUsd(sums.blocked[0]?.paid ?? picoUsd(0n))).toBe("0.03");
  });

  it("that was made already changes nothing: what was paid stands, corrected or not", async () => {
    const sums = await rated([past({ paid: "0.1" })], { quality: "high" });
    expect(figures(sums)).toEqual([1, "0.1", "0.1"]);
    expect(sums.foundBy).toEqual({ unchanged: 1 });
    expect(sums.levers).toEqual([]);
  });
});

describe("another model", () => {
  it("takes the order through its own gates", async () => {
    const calls = [past({ paid: "0.210825" }), past({ paid: "0.8433", n: 4 })];
    const sums = await rated(calls, { model: "seedream-4-0" });
    expect(figures(sums)).toEqual([1, "0.210825", "0.03"]);
    expect(sums.blocked).toMatchObject([{ code: "unsupported_n", requests: 1 }]);
    const spread = await rated(calls, { model: "seedream-4-0", fanOut: true });
    // five pictures at 0.03
    expect(figures(spread)).toEqual([2, "1.054125", "0.15"]);
  });

  it("keeps a tier that it has by the same name, and leaves another one to it", async () => {
    const calls = [
      past({ paid: "0.210825" }),
      past({ paid: "0.1", model: "gpt-image-2.5-flare", quality: "max" }),
    ];
    const sums = await rated(calls, { model: "gpt-image-1-mini" });
    expect(
      levers(sums)
        .map((line) => line.split(" | ")[1])
        .sort(),
    ).toEqual([
      "gpt-image-2 high → gpt-image-1-mini high",
      "gpt-image-2.5-flare max → gpt-image-1-mini",
    ]);
  });

  it("that wasn't there on the day is blocked", async () => {
    const call = { ...past({ paid: "0.210825" }), day: "2026-06-19" };
    const sums = await rated([call], { model: "gpt-image-2.6-flare" });
    expect(sums.blocked).toMatchObject([{ requests: 1 }]);
  });
});

describe("the cheapest capable model", () => {
  it("is chosen for each request, or none fits", async () => {
    const calls = [past({ paid: "0.210825" })];
    const standard = await rated(calls, { auto: { band: "standard" } });
    expect(standard.all.requests).toBe(1);
    expect(standard.all.whatIf < standard.all.paid).toBe(true);
    const none = await rated(calls, { auto: { band: "finest", allow: ["seedream-4-0"] } });
    expect(none.blocked).toMatchObject([{ code: "no_capable_model", requests: 1 }]);
  });
});

describe("levers that nobody named", () => {
  it("are a tier down and a cheaper shape, each alone, by key and tier", async () => {
    const calls = [
      past({ paid: "0.210825" }),
      past({ paid: "0.210825" }),
      past({ paid: "0.052785", quality: "medium", key: "app" }),
    ];
    const sums = await rated(calls);
    expect(figures(sums)).toEqual([3, "0.474435", "0.474435"]);
    const found = levers(sums).filter((line) => !line.startsWith("model"));
    // 1824x1024: ceil(96 x 54 x 3,867,776 / 4,000,000) = 5,013 tokens high (0.150495); 1,254 medium (0.037725)
    expect(found).toEqual([
      "tier | quality high → medium | web | 2 | 0.42165 | 0.10557",
      "size | size 1024x1024 → 1824x1024 | web | 2 | 0.42165 | 0.30099",
      "tier | quality medium → low | app | 1 | 0.052785 | 0.005985",
      "size | size 1024x1024 → 1824x1024 | app | 1 | 0.052785 | 0.037725",
    ]);
  });

  it("of another model name it only where both are rated", async () => {
    // No board says which tier of gpt-image-1 was voted on, so that nothing may stand for it.
    const unrated = past({ paid: "0.5", model: "gpt-image-2.6-flare", quality: "low" });
    expect((await rated([unrated])).levers.filter(({ kind }) => kind === "model")).toEqual([]);
    const calls = [past({ paid: "0.12", model: "seedream-4-5", quality: null, size: "2048x2048" })];
    for (const lever of (await rated(calls)).levers) {
      expect(lever.because).toMatch(/^rated (level|better): /);
      expect(lever.whatIf < lever.paid).toBe(true);
    }
  });
});

describe("an imported row", () => {
  const row = {
    ...{ day: "2026-11-01", model: "gpt-image-2", key: "shop", quality: "high", size: "1024x1024" },
    ...{ prompt_tokens: 15, inferred: [], assumed: [], dollars: parseUsd("2.10825") },
  };

  it("is so many requests alike, of as many pictures as they share evenly", async () => {
    const ten = importedCall({ ...row, requests: 10, images: 10 });
    expect(figures(await rated([ten], { quality: "medium" }))).toEqual([10, "2.10825", "0.52785"]);
    const pairs = importedCall({ ...row, requests: 5, images: 10 });
    expect([pairs.times, pairs.order.n]).toEqual([5n, 2]);
    const uneven = importedCall({ ...row, requests: 3, images: 10 });
    expect([uneven.times, uneven.order.n]).toEqual([10n, 1]);
  });

  it("never claims an exact price: its prompts are not known", async () => {
    const ten = importedCall({ ...row, requests: 10, images: 10 });
    expect((await rated([ten], { model: "seedream-4-0" })).foundBy).toEqual({ expected: 10 });
  });
});

describe("all sums", () => {
  const anyCall = fc
    .record({
      model: fc.constantFrom(
        "gpt-image-2",
        "gpt-image-1-mini",
        "seedream-4-0",
        "gemini-3.1-flash-image",
      ),
      tier: fc.constantFrom("low", "medium", "high"),
      size: fc.constantFrom("1024x1024", "1536x1024", "2048x2048"),
      n: fc.integer({ min: 1, max: 4 }),
      pico: fc.bigInt(1n, 10n ** 12n),
      key: fc.constantFrom("web", "app", "lab"),
    })
    .map(({ model, tier, pico, ...of }) =>
      past({
        ...of,
        model,
        quality: model.startsWith("gpt") ? tier : null,
        paid: formatUsd(picoUsd(pico)),
      }),
    );
  const anyChoice: fc.Arbitrary<Choice> = fc.oneof(
    fc.constantFrom("low", "medium", "high").map((quality) => ({ quality })),
    fc.constantFrom("seedream-4-0", "gpt-image-2").map((model) => ({ model })),
    fc.constantFrom<Choice>({ size: { kind: "pixels", width: 1536, height: 1024 } }),
  );

  it("lose no request and no picodollar: changed by levers, unchanged, blocked, beside", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { maxLength: 12 }), anyChoice, async (calls, choice) => {
        const sums = await rated(calls, choice);
        const sum = (of: readonly { readonly paid: bigint }[]) =>
          of.reduce((total, { paid }) => total + paid, 0n);
        const unchanged =
          calls.length - sums.levers.reduce((total, each) => total + each.requests, 0);
        const others = sums.blocked.reduce((total, each) => total + each.requests, 0);
        expect(sums.all.requests + others).toBe(calls.length);
        expect(sums.foundBy.unchanged ?? 0).toBe(unchanged - others);
        expect(sums.all.paid + sum(sums.blocked)).toBe(sum(calls));
        const saved = sums.levers.reduce((total, each) => total + each.whatIf - each.paid, 0n);
        expect(sums.all.whatIf - sums.all.paid).toBe(saved);
      }),
      { numRuns: 40 },
    );
  });

  it("under the choice that was made differ by nothing", async () => {
    await fc.assert(
      fc.asyncProperty(anyCall, async (call) => {
        const { model, quality, size } = call.order;
        const same = {
          model,
          ...(quality === undefined ? {} : { quality }),
          ...(size === undefined ? {} : { size }),
        };
        const sums = await rated([call], same);
        expect(sums.all.whatIf).toBe(call.paid);
        expect(sums.levers).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a choice", () => {
  it.each([
    [{ model: "seedream-4-0", auto: { band: "fine" } }, "unsupported_combination"],
    [{ price_version: "gpt-image-2@2026-04-21", as_of: "2026-06-19" }, "unsupported_combination"],
    [{ set: { quality: "lowest" } }, "invalid_value"],
    [{ set: { size: "huge" } }, "invalid_value"],
    [{ model: "gpt-image-22" }, "unknown_model"],
    [{ auto: { deny: ["gpt-image-22"] } }, "invalid_value"],
    [{ auto: { at_least: "gpt-image-2" } }, "invalid_value"],
    [{ price_version: "gpt-image-2@1999-01-01" }, "invalid_value"],
  ] as const)("%j is refused as %s", (asked, code) => {
    let refused: unknown;
    try {
      choiceOf(structuredClone(asked) as never, { catalog, ratings, asOf: "2026-11-26" });
    } catch (cause) {
      refused = cause;
    }
    expect(refused).toMatchObject({ name: "Refusal", code });
  });
});
