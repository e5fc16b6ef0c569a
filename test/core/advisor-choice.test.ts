import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesFor } from "../../src/advisor/candidates.ts";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { capable } from "../../src/advisor/constraints.ts";
import { priceOrder } from "../../src/advisor/price-order.ts";
import { requirementCosts } from "../../src/advisor/requirements.ts";
import { priceAt } from "../../src/catalog/find.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import type { Model } from "../../src/catalog/schema.ts";
import type { ChoiceAsked, ImageOrder, Reference } from "../../src/gates/order.ts";
import { readConstraints } from "../../src/gateway/constraints.ts";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { Refusal } from "../../src/refusals.ts";
import { registrations } from "../../src/vendors/registry.ts";

/**
 * `auto` against a brute force that shares nothing with the advisor but gates and prices: it orders every model at
 * every tier by name, and reads the table of ratings itself.
 */

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);
const estimateOf = (vendor: string) =>
  registrations.find((each) => each.vendor.id === vendor)?.vendor.estimate;
const prompt = { characters: 79, bytes: 79, tokens: 15 };
const DAYS = ["2026-06-19", "2026-11-26", "2026-12-02"];

/** The table as it stands in the file. */
type Row = {
  readonly board: string;
  readonly snapshot: string;
  readonly model: string;
  readonly tier: string | null;
  readonly resolution: string | null;
  readonly score: number;
  readonly ci: number | null;
};
type Threshold = { readonly score: number; readonly snapshot: string };
const table = JSON.parse(readFileSync("catalog/ratings.json", "utf8")) as {
  readonly noiseGap: number;
  readonly snapshotGap: number;
  readonly bands: Record<string, { readonly board: string } & Record<string, Threshold>>;
  readonly ratings: readonly Row[];
};

type Way = { readonly model: Model; readonly tier: string | null; readonly row: Row | undefined };
type Priced = Way & { readonly expected: bigint; readonly ceiling: bigint };

const CLASSES = ["1K", "2K", "4K"];

type RatedBy = { readonly mode: string; readonly day: string; readonly area: number | undefined };

/** The best of its own tier's and cheaper tiers' ratings, at its own size or a smaller one; of those the newest. */
function rowOf(way: Omit<Way, "row">, of: RatedBy): Row | undefined {
  const { tiers = [] } = way.model.capabilities.quality ?? {};
  const height = ({ tier }: Pick<Row, "tier">) => (tier === null ? 0 : tiers.indexOf(tier));
  return table.ratings
    .filter((row) => row.board === table.bands[of.mode]?.board && row.model === way.model.id)
    .filter((row) => row.snapshot <= of.day && row.tier !== "unstated")
    .filter((row) => row.tier === null || height(row) <= height(way))
    .filter((row) => row.resolution === null || CLASSES.indexOf(row.resolution) <= classOf(of))
    .toSorted(
      (left, right) => height(right) - height(left) || (left.snapshot < right.snapshot ? 1 : -1),
    )[0];
}

function classOf({ area }: RatedBy): number {
  if (area === undefined) return -1;
  return area <= 2 ** 21 ? 0 : area <= 2 ** 23 ? 1 : 2;
}

function earns(row: Row, band: string, mode: string): boolean {
  const threshold = table.bands[mode]?.[band];
  if (threshold === undefined) throw new Error(`no band ${band}`);
  const gap = threshold.snapshot === row.snapshot ? 0 : table.snapshotGap;
  return row.score >= threshold.score + gap;
}

function levelWith(row: Row, other: Row): boolean {
  if (row.snapshot !== other.snapshot) return row.score >= other.score + table.snapshotGap;
  const short = other.score - row.score;
  return short < table.noiseGap || short <= (row.ci ?? 0) + (other.ci ?? 0);
}

/** Everything that can be ordered by name and keeps all constraints. */
function bruteForce(order: ImageOrder, choice: ChoiceAsked, day: string): Priced[] {
  const mode = order.references === undefined ? "generation" : "edit";
  const area = order.size?.kind === "pixels" ? order.size.width * order.size.height : undefined;
  const found: Priced[] = [];
  for (const model of catalog.models) {
    const tiers = model.capabilities.quality?.tiers ?? [null];
    for (const tier of order.quality === undefined ? tiers : [order.quality]) {
      const priced = byName(model, tier, { order, day });
      if (priced === undefined) continue;
      const row = rowOf({ model, tier }, { mode, day, area });
      const way = { model, tier, row, ...priced };
      if (keeps(way, choice, { mode, day })) found.push(way);
    }
  }
  return found;
}

function byName(
  model: Model,
  tier: string | null,
  { order, day }: { readonly order: ImageOrder; readonly day: string },
): Pick<Priced, "expected" | "ceiling"> | undefined {
  const price = priceAt(model, day);
  const estimate = estimateOf(model.vendor);
  const { availableFrom, shutdownAt } = model.lifeCycle;
  const alive =
    (availableFrom === undefined || availableFrom.on <= day) &&
    (shutdownAt === undefined || day < shutdownAt.on);
  if (!model.served || !alive || price === undefined || estimate === undefined) return undefined;
  try {
    const named = { ...order, model: model.id, ...(tier === null ? {} : { quality: tier }) };
    const { quote } = priceOrder(named, { model, price, estimate }, { prompt, margin: null });
    const lines = [...quote.expected.lines, ...quote.ceiling.lines].map(({ mark }) => mark);
    const weak = [price.mark, ...lines];
    if (weak.includes("guess")) return undefined;
    if (weak.includes("third") && price.alsoSources.length === 0) return undefined;
    return { expected: quote.expected.total, ceiling: quote.ceiling.total };
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

function keeps(
  way: Priced,
  choice: ChoiceAsked,
  { mode, day }: { readonly mode: string; readonly day: string },
): boolean {
  const { model, row } = way;
  const { band, allow, deny, maxCost, allowUnrated = false, atLeast = [] } = choice;
  if (allow !== undefined && !allow.includes(model.id)) return false;
  if (deny?.includes(model.id) === true) return false;
  if (maxCost !== undefined && way.ceiling > maxCost) return false;
  if (band !== undefined && band !== "draft") {
    if (row === undefined ? !allowUnrated : !earns(row, band, mode)) return false;
  }
  return atLeast.every((name) => {
    const [id = "", tier = null] = name.split(":");
    const named = catalog.models.find((each) => each.id === id);
    if (named === undefined) throw new Error(`no model ${id}`);
    const { tiers = [] } = named.capabilities.quality ?? {};
    if (id === model.id && tiers.indexOf(way.tier ?? "") >= tiers.indexOf(tier ?? "")) return true;
    if (row === undefined) return allowUnrated;
    const other = rowOf({ model: named, tier }, { mode, day, area: 2 ** 24 });
    return other !== undefined && levelWith(row, other);
  });
}

const reference: Reference = {
  format: "png",
  width: 1024,
  height: 1024,
  alpha: false,
  animated: false,
  bytes: 1_000_000,
  sha256: "0".repeat(64),
  read: async function* () {},
};

function pictures(count: number): readonly [Reference, ...Reference[]] {
  return [reference, ...Array.from({ length: count - 1 }, () => reference)];
}

const ids = catalog.models.map(({ id }) => id);
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const size = fc.constantFrom<readonly [number, number]>(
  [1024, 1024],
  [1536, 1024],
  [2048, 2048],
  [4096, 4096],
  [1328, 1328],
  [512, 512],
);
const orders = fc.record({
  n: fc.constantFrom(1, 1, 1, 2, 4),
  size: size.map(([width, height]) => ({ kind: "pixels" as const, width, height })),
  quality: sometimes(fc.constantFrom("low", "medium", "high")),
  seed: sometimes(fc.constant(7)),
  negativePrompt: sometimes(fc.constant("text")),
  background: sometimes(fc.constant("transparent")),
  fanOut: sometimes(fc.constant(true as const)),
  references: sometimes(fc.constantFrom(1, 3, 5, 10).map((count) => pictures(count))),
});
const choices = fc.record({
  band: sometimes(
    fc.constantFrom("draft" as const, "standard" as const, "fine" as const, "finest" as const),
  ),
  atLeast: sometimes(
    fc.constantFrom("seedream-4-0", "gpt-image-2:medium", "qwen-image-3.0-pro").map((id) => [id]),
  ),
  maxCost: sometimes(fc.constantFrom("0.01", "0.03", "0.05", "0.2").map(parseUsd)),
  allow: sometimes(fc.uniqueArray(fc.constantFrom(...ids), { minLength: 10, maxLength: 40 })),
  deny: sometimes(fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1, maxLength: 8 })),
  allowUnrated: sometimes(fc.constant(true)),
});

function given<T extends object>(object: T): Partial<T> {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}

describe("the model that auto chooses", () => {
  it("is never a blocked one, and no capable one is cheaper at expected price", () => {
    let chosen = 0;
    fc.assert(
      fc.property(orders, choices, fc.constantFrom(...DAYS), (asks, bounds, asOf) => {
        const order = { model: "auto", prompt: "", ...given(asks) } as ImageOrder;
        const choice = given(bounds) as ChoiceAsked;
        const market = catalogMarket(catalog, { asOf, ratings, estimateOf });
        const words = { catalog, ratings, asOf, regions: [], at: "spotmeter" };
        let constraints: ReturnType<typeof readConstraints>;
        try {
          constraints = readConstraints(choice, words);
        } catch (cause) {
          // Nothing to choose from: named models that no table rates yet, or none left by allow and deny.
          if (cause instanceof Refusal) return;
          throw cause;
        }
        const asked = { order, prompt, margin: null };
        const [best] = capable(candidatesFor(asked, market), constraints, market);
        const ways = bruteForce(order, choice, asOf);
        if (best === undefined) return void expect(ways).toEqual([]);
        chosen += 1;
        const own = ways.find(
          ({ model, tier }) => model.id === best.model.id && tier === best.quality,
        );
        expect(own?.expected).toBe(best.priced?.quote.expected.total);
        for (const way of ways) {
          expect(way.expected >= (own?.expected ?? 0n), way.model.id).toBe(true);
        }
        const costs = requirementCosts({ asked, constraints }, market, best);
        expect(costs.every(({ costs: usd }) => usd !== undefined && usd >= 0n)).toBe(true);
      }),
      { numRuns: 150 },
    );
    expect(chosen).toBeGreaterThan(30);
  }, 60_000);
});
