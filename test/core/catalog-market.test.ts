import { describe, expect, it } from "vitest";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import { estimateOf } from "../../src/vendors/registry.ts";

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);

/** What the market of a day says of a model: its price version, or the code of what stands in the way. */
function told(model: string, asOf: string, law: typeof estimateOf = estimateOf): string {
  const market = catalogMarket(catalog, { asOf, ratings, estimateOf: law });
  const entry = market.models.find((each) => each.model.id === model);
  const doubt = entry?.doubtful === true ? ", doubtful" : "";
  return (entry?.priceable?.price.id ?? entry?.obstacles[0]?.code ?? "not listed") + doubt;
}

describe("the catalog as a market on a day", () => {
  it.each<[string, string, string, string]>([
    ["a price of that day", "gpt-image-2", "2026-06-19", "gpt-image-2@2026-04-21"],
    ["the older of two prices", "seedream-5-0-pro", "2026-08-30", "seedream-5-0-pro@2026-07-08"],
    ["the newer one", "seedream-5-0-pro", "2026-08-31", "seedream-5-0-pro@2026-08-31"],
    ["no price before the first", "z-image-turbo", "2026-06-19", "unpriced_model"],
    [
      "refused before its proven first day",
      "gemini-nano-banana-2.1",
      "2026-10-05",
      "unpriced_model",
    ],
    ["refused from its proven last day", "gpt-image-1-mini", "2026-12-01", "model_retired"],
    ["not the day before", "gpt-image-1-mini", "2026-11-30", "gpt-image-1-mini@2025-10-01"],
    [
      "an end that is only told makes doubtful",
      "gpt-image-1",
      "2026-10-23",
      "gpt-image-1@2025-04-01, doubtful",
    ],
    ["history is never served", "dall-e-3", "2026-05-01", "model_not_served"],
  ])("%s", (_law, model, asOf, expected) => {
    expect(told(model, asOf)).toBe(expected);
  });

  it("a vendor that nothing speaks to makes an obstacle, no error", () => {
    expect(told("gpt-image-2", "2026-06-19", () => undefined)).toBe("model_not_available");
  });
});
