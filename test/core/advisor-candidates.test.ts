import { describe, expect, it } from "vitest";
import { candidatesFor } from "../../src/advisor/candidates.ts";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { type Constraints, capable } from "../../src/advisor/constraints.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import type { ImageOrder } from "../../src/gates/order.ts";
import { formatUsd, parseUsd } from "../../src/money/pico-usd.ts";
import { estimateOf } from "../../src/vendors/registry.ts";

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);
const market = catalogMarket(catalog, { asOf: "2026-12-02", ratings, estimateOf });

/** The standard prompt of DESIGN §9: 79 bytes, 15 o200k tokens. */
const prompt = { characters: 79, bytes: 79, tokens: 15 };
const plain: ImageOrder = {
  model: "",
  prompt: "",
  n: 1,
  size: { kind: "pixels", width: 1024, height: 1024 },
};

function first(order: Partial<ImageOrder>, constraints: Constraints): string {
  const asked = { order: { ...plain, ...order }, prompt, margin: null };
  const [best] = capable(candidatesFor(asked, market), constraints, market);
  if (best === undefined) return "none";
  const total = formatUsd(best.priced?.quote.expected.total ?? parseUsd("0"));
  return `${best.model.id}${best.quality === null ? "" : `:${best.quality}`} ${total}`;
}

describe("the cheapest capable candidate on 2026-12-02", () => {
  it.each<[string, Partial<ImageOrder>, Constraints, string]>([
    // 21 x 0.000005 + 196 x 0.00003
    ["draft", {}, { band: "draft" }, "gpt-image-2:low 0.005985"],
    // Flash-lite is fine, and seedream-4-0 is rated at 2K only. 10 words x 0.00000025 is below a
    // hundredth of a cent; 1,120 x 0.00003 = 0.0336, residual text beside it.
    ["standard", {}, { band: "standard" }, "gemini-3.1-flash-lite-image 0.03401625"],
    [
      "standard at 2048x2048: one flat price at any size",
      { size: { kind: "pixels", width: 2048, height: 2048 } },
      { band: "standard" },
      "seedream-4-0 0.03",
    ],
    // 21 x 0.000005 + 1,756 x 0.00003
    ["finest", {}, { band: "finest" }, "gpt-image-2:medium 0.052785"],
    ["nothing at that price", {}, { band: "finest", maxCost: parseUsd("0.05") }, "none"],
    ["denied: the next", {}, { band: "finest", deny: ["gpt-image-2"] }, "none"],
    [
      "only those allowed",
      {},
      { allow: ["seedream-4-0", "qwen-image-3.0"] },
      "qwen-image-3.0 0.03",
    ],
    [
      "a tier that was named",
      { quality: "high" },
      { allow: ["gpt-image-2"] },
      "gpt-image-2:high 0.210825",
    ],
  ])("%s", (_law, order, constraints, expected) => {
    expect(first(order, constraints)).toBe(expected);
  });
});
