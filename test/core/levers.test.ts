import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { findLevers } from "../../src/advisor/levers/find-levers.ts";
import type { Lever } from "../../src/advisor/levers/lever.ts";
import { priceOrder } from "../../src/advisor/price-order.ts";
import { findModel } from "../../src/catalog/find.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import type { ImageOrder, Reference } from "../../src/gates/order.ts";
import { formatUsd, parseUsd } from "../../src/money/pico-usd.ts";
import { patchTokens } from "../../src/vendors/openai/references.ts";
import { registrations } from "../../src/vendors/registry.ts";

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);
const estimateOf = (vendor: string) =>
  registrations.find((each) => each.vendor.id === vendor)?.vendor.estimate;
const market = catalogMarket(catalog, { asOf: "2026-12-02", ratings, estimateOf });

/** The standard prompt of DESIGN §9: 79 bytes, 15 o200k tokens. */
const prompt = { characters: 79, bytes: 79, tokens: 15 };
const square = { kind: "pixels", width: 1024, height: 1024 } as const;

function picture(width: number, height: number): Reference {
  const read = async function* () {};
  const facts = { format: "png", alpha: false, animated: false, bytes: 1_000, sha256: "" };
  return { width, height, ...facts, read };
}

function situation(order: Partial<ImageOrder> & { readonly model: string }) {
  const entry = market.models.find(({ model }) => model.id === order.model);
  if (entry?.priceable === undefined) throw new Error(`${order.model} has no price`);
  const asked = { prompt: "", n: 1, size: square, ...order };
  const by = { prompt, margin: null };
  return { ...priceOrder(asked, entry.priceable, by), priceable: entry.priceable, margin: null };
}

function leversOf(order: Parameters<typeof situation>[0]): readonly Lever[] {
  return findLevers(situation(order), market);
}

/** Kind, change and the three figures: expected, ceiling, saves. */
function lines(levers: readonly Lever[]): readonly string[] {
  return levers.map(({ kind, param, value, expected, ceiling, saves }) =>
    [kind, `${param}=${value}`, ...[expected, ceiling, saves].map(formatUsd)].join(" "),
  );
}

describe("levers of an order that names everything", () => {
  it("are every lower tier, the batch price and a longer shape, by what they save", () => {
    // high 7,024 x 0.00003 + 21 x 0.000005 = 0.210825; medium 1,756: 0.052785; low 196: 0.005985.
    // Half of every rate: 0.1054125. 1824x1024 at high: 54 rows x 96 x (2,000,000 + 1,867,776) / 4,000,000
    // = 5,013 tokens.
    expect(lines(leversOf({ model: "gpt-image-2", quality: "high" }))).toEqual([
      "lower_tier quality=low 0.005985 0.006305 0.20484",
      "lower_tier quality=medium 0.052785 0.053105 0.15804",
      "batch service_tier=batch 0.1054125 0.1055725 0.1054125",
      "other_size size=1824x1024 0.150495 0.150815 0.06033",
    ]);
  });

  it("are none where nothing costs less", () => {
    expect(
      leversOf({ model: "seedream-4-0", size: { ...square, width: 2048, height: 2048 } }),
    ).toEqual([]);
  });
});

describe("naming what was left open", () => {
  it("lowers the worst case, the strongest first, even where nothing is saved of the expected", () => {
    const { size: _, ...open } = { model: "gpt-image-2", size: square };
    const found = findLevers(situation({ ...open, size: { kind: "auto" } }), market).filter(
      ({ kind }) => kind.startsWith("name_"),
    );
    // Low at 2880x2880: 659 tokens x 0.00003 + 85 x 0.000005; high at 1024x1024: 7,024.
    expect(lines(found)).toEqual([
      "name_quality quality=low 0.006975 0.020195 0",
      "name_size size=1024x1024 0.005985 0.211145 0.00099",
    ]);
  });
});

describe("a reference just above a patch boundary", () => {
  const edit = (...references: [Reference, ...Reference[]]) =>
    leversOf({ model: "gpt-image-2", quality: "low", references }).filter(
      ({ kind }) => kind === "smaller_reference",
    );

  it("is shrunk to the boundary: 33 x 33 patches become 32 x 32", () => {
    const [half, just] = edit(picture(1040, 1040));
    // 1,089 - 1,024 = 65 tokens x 0.000008
    expect(just).toMatchObject({ param: "image", value: "1024x1024", saves: parseUsd("0.00052") });
    expect(just?.why).toContain("1040x1040 counts for 1089 tokens, 1024x1024 for 1024");
    // Below 512 the law doubles a picture: 352x352 is 704x704, 22 x 22 = 484 patches of at most 544.
    // 23 x 23 = 529 fits too: 368x368. (1,089 - 529) x 0.000008
    expect(half).toMatchObject({ value: "368x368", saves: parseUsd("0.00448") });
  });

  it("is left alone where a few tokens would cost most of its pixels", () => {
    // From 1024 down to 512 the law enlarges a square to 1,024 tokens again.
    expect(edit(picture(1024, 1024)).map(({ value }) => value)).toEqual(["352x352"]);
  });

  it("is named by its place among several; n bills it again", () => {
    const references = [picture(1024, 1024), picture(1100, 550)] as const;
    const [, just] = leversOf({
      ...{ model: "gpt-image-2", quality: "low", n: 2 },
      references: [...references],
    }).filter(({ kind }) => kind === "smaller_reference");
    // 35 x 18 = 630 patches; 1088x544 is 34 x 17 = 578. 52 x 0.000008 x 2
    expect(just).toMatchObject({ value: "image[1] 1088x544", saves: parseUsd("0.000832") });
  });

  it("shrinks to the largest size that saves, for any shape that the law neither enlarges nor shrinks", () => {
    const law = findModel(catalog, "gpt-image-2")?.referenceLaw;
    if (law?.kind !== "patches") throw new Error("another law");
    fc.assert(
      fc.property(
        fc.integer({ min: 1_024, max: 1_250 }),
        fc.integer({ min: 400, max: 1_200 }),
        (width, height) => {
          const found = edit(picture(width, height)).map(({ value }) => value);
          const before = patchTokens(law, { width, height });
          const long = Math.max(width, height);
          const scaled = (edge: number) => ({
            width: Math.max(1, Math.round((width * edge) / long)),
            height: Math.max(1, Math.round((height * edge) / long)),
          });
          const edges = Array.from({ length: long - 1 }, (_, index) => long - 1 - index);
          const best = edges.find((edge) => patchTokens(law, scaled(edge)) < before);
          if (best === undefined || 2 * scaled(best).width < width) return;
          const { width: w, height: h } = scaled(best);
          expect(found).toContain(`${w}x${h}`);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("costs what it did where the model doesn't count pixels", () => {
    const references: [Reference] = [picture(1040, 1040)];
    for (const model of ["seedream-5-0-pro", "gemini-3.1-flash-lite-image"]) {
      const { kind: _, ...size } = { kind: "auto" };
      const found = leversOf({ model, references, size: { ...size, kind: "auto" } });
      expect(found.filter(({ kind }) => kind === "smaller_reference")).toEqual([]);
    }
  });
});

describe("one request in place of several", () => {
  it("pays a fee for references once", () => {
    const found = leversOf({ model: "qwen-image-3.0", references: [picture(1024, 1024)] });
    // Four at once: 4 x 0.03 + 0.003 = 0.123; four requests 4 x 0.033 = 0.132.
    expect(lines(found)).toContain("one_request n=4 0.123 0.123 0.009");
  });

  it("is advised against a fan-out that pays it for every call", () => {
    const references: [Reference] = [picture(1024, 1024)];
    const found = leversOf({ model: "qwen-image-3.0", references, n: 3, fanOut: true });
    // 3 x 0.03 + 0.003 = 0.093 against 3 x 0.033 = 0.099
    expect(lines(found)).toContain("one_request fan_out=false 0.093 0.093 0.006");
  });

  it("saves nothing where everything is billed for each picture", () => {
    const found = leversOf({ model: "gpt-image-2", quality: "low" });
    expect(found.filter(({ kind }) => kind === "one_request")).toEqual([]);
  });
});

describe("a cheaper model with the same rating", () => {
  it("is level or better on one table, and says whose votes those are", () => {
    // seedream-5-0-pro 1258 and gemini-3.1-flash-image 1264 of 2026-08-24 are within noise of
    // qwen-image-3.0-pro 1257: 0.04 at 1024x1024 is the cheapest of the three.
    const found = leversOf({ model: "seedream-5-0-pro" }).find(
      ({ kind }) => kind === "other_model",
    );
    expect(found).toMatchObject({ value: "qwen-image-3.0-pro", saves: parseUsd("0.005") });
    expect(found?.why).toBe(
      "rated level: 1257 ±9 (2026-08-24) against 1258 ±5 (2026-08-24) on arena-text; votes of strangers on general prompts, not on your pictures",
    );
  });

  it("is never offered for a tier that nobody rated", () => {
    const found = leversOf({ model: "gpt-image-2", quality: "low" });
    expect(found.filter(({ kind }) => kind === "other_model")).toEqual([]);
  });
});
