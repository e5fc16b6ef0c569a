import { z } from "zod";
import { connectionsSchema } from "./connections.ts";
import {
  type Model,
  type PriceVersion,
  priceVersionSchema,
  type Term,
  termSchema,
} from "./schema.ts";
import type { FieldLocation, FieldPath, Problem } from "./source-text.ts";

const byMeter = z.partialRecord(termSchema.shape.meter, termSchema.shape.usd);

const priceSchema = priceVersionSchema
  .partial({ id: true, checkedOn: true, mark: true, terms: true })
  .extend({ usdPerMillion: byMeter.optional(), usdEach: byMeter.optional() })
  .refine(
    ({ terms, usdPerMillion, usdEach }) => [terms, usdPerMillion, usdEach].some(isGiven),
    "needs usd_per_million, usd_each or terms",
  );
type Price = z.infer<typeof priceSchema>;

function isGiven(value: unknown): boolean {
  return value !== undefined;
}

/**
 * What an owner's `spotmeter.yaml` may say: models, prices, and connections (`connections.ts`). It adds; it
 * never edits a shipped row or a shipped price version.
 *
 * A model that is new today:
 *
 *     models:
 *       - id: gpt-image-2.7-flare
 *         extends: gpt-image-2.6-flare
 *         price:
 *           effective_from: 2026-12-01
 *           source: https://developers.openai.com/api/docs/pricing
 *           usd_per_million: { text_input_tokens: "5.00", image_output_tokens: "30.00", … }
 *
 * `wire_id` (else the id) and `name` (else the id) may stand beside them. Everything but id, names,
 * life cycle and prices is the extended row's. Without `price` its prices are taken over and marked
 * guess. A price is a price version as in `catalog/`, its keys in snake or camel case; `id` (else
 * `<model>@<effective_from>`), `checked_on` (else `effective_from`) and `mark` (else third) may be left
 * out, and `usd_per_million` / `usd_each` (meter: decimal string) are short for plain `terms`.
 */
export const overridesSchema = z.strictObject({
  models: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
        extends: z.string(),
        wireId: z.string().min(1).optional(),
        name: z.string().min(1).optional(),
        price: priceSchema.optional(),
      }),
    )
    .default([]),
  prices: z.record(z.string(), z.array(priceSchema).min(1)).default({}),
  /** Not the catalog's: `src/start/owner-defaults.ts` reads them. */
  auto_as: z.unknown().optional(),
  legacy_aliases: z.unknown().optional(),
  routes: z.unknown().optional(),
  /** Not the catalog's: `src/start/read-catalog.ts` reads it. */
  ratings: z.unknown().optional(),
  /** Not the catalog's either: `src/start/open-outputs.ts` reads it. */
  outputs: z.unknown().optional(),
  connections: connectionsSchema,
});
export type Overrides = z.infer<typeof overridesSchema>;

/** The only names in `spotmeter.yaml` that stand in snake case for a field of ours. */
const ownerNames = new Map([
  ["wire_id", "wireId"],
  ["effective_from", "effectiveFrom"],
  ["checked_on", "checkedOn"],
  ["also_sources", "alsoSources"],
  ["usd_per_million", "usdPerMillion"],
  ["usd_each", "usdEach"],
  ["area_up_to", "areaUpTo"],
  ["area_above", "areaAbove"],
  ["prompt_extend", "promptExtend"],
  ["service_tier", "serviceTier"],
  ["base_url", "baseUrl"],
  ["images_per_minute", "imagesPerMinute"],
  ["exposure_per_hour", "exposurePerHour"],
  ["vendor_cost_per_day", "vendorCostPerDay"],
  ["vendor_cost_per_month", "vendorCostPerMonth"],
]);

/** What `spotmeter.yaml` says, in the catalog's own names. A key that nothing reads is left in, to be refused. */
export function settingsNames(yaml: unknown): unknown {
  if (yaml === null || yaml === undefined) return {};
  if (!isObject(yaml) || Array.isArray(yaml)) return yaml;
  // An empty `models:` is null in YAML and means that nothing is added.
  return Object.fromEntries(
    Object.entries(yaml).map(([key, value]) => [key, catalogNames(value ?? undefined)]),
  );
}

function catalogNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(catalogNames);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [ownerNames.get(key) ?? key, catalogNames(each)]),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A row and where each of its fields was written. */
export type Row = {
  readonly model: Model;
  readonly locate: (path: FieldPath) => FieldLocation;
};

/** The rows with an owner's models and prices added, and what was wrong with them. */
export function applyOverrides(
  rows: readonly Row[],
  overrides: Overrides,
  locate: (path: FieldPath) => FieldLocation,
): { readonly rows: readonly Row[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const byId = new Map(rows.map((row) => [row.model.id, row]));
  for (const [index, entry] of overrides.models.entries()) {
    const extended = byId.get(entry.extends);
    if (extended === undefined) {
      const message = `there is no model "${entry.extends}" to extend`;
      problems.push({ path: ["models", index, "extends"], message });
    } else if ([...byId.values()].some((row) => isNamed(row.model, entry.id))) {
      const message = `"${entry.id}" exists already: a new model needs a new id`;
      problems.push({ path: ["models", index, "id"], message });
    } else {
      byId.set(entry.id, {
        model: extend(extended.model, entry),
        locate: (path) => locate(["models", index, ...inEntry(path)]),
      });
    }
  }
  for (const [id, prices] of Object.entries(overrides.prices)) {
    const row = byId.get(id);
    if (row === undefined) {
      problems.push({ path: ["prices", id], message: `there is no model "${id}" to price` });
      continue;
    }
    const added = prices.map((price) => versionOf(id, price));
    problems.push(...repeatedIds(row.model, added));
    byId.set(
      id,
      withPrices(row, added, (path) => locate(["prices", id, ...path])),
    );
  }
  return { rows: [...byId.values()], problems };
}

function isNamed({ id, aliases }: Model, name: string): boolean {
  return id === name || aliases.includes(name);
}

/** Where a field of an extended row stands in its entry; the entry itself for what was taken over. */
function inEntry([first, , ...rest]: FieldPath): FieldPath {
  if (first === "rateCard") return ["price", ...rest];
  return first === "id" || first === "wireId" || first === "name" ? [first] : [];
}

function extend(model: Model, entry: Overrides["models"][number]): Model {
  const { snapshots: _, ...kept } = model;
  return {
    ...kept,
    id: entry.id,
    name: entry.name ?? entry.id,
    wireId: entry.wireId ?? entry.id,
    aliases: [],
    lifeCycle: {},
    rateCard:
      entry.price === undefined
        ? model.rateCard.map((version) => assumed(version, entry))
        : [versionOf(entry.id, entry.price)],
  };
}

function assumed(version: PriceVersion, { id, extends: from }: { id: string; extends: string }) {
  const [, date = ""] = version.id.split("@");
  const note = `taken over from ${from}: spotmeter.yaml names no price`;
  return { ...version, id: `${id}@${date}`, mark: "guess" as const, note };
}

function versionOf(model: string, price: Price): PriceVersion {
  const { usdPerMillion = {}, usdEach = {}, terms = [], ...given } = price;
  return {
    ...given,
    id: price.id ?? `${model}@${price.effectiveFrom}`,
    mark: price.mark ?? "third",
    checkedOn: price.checkedOn ?? price.effectiveFrom,
    terms: [...terms, ...plainTerms(usdPerMillion, 1_000_000), ...plainTerms(usdEach, 1)],
  };
}

function plainTerms(usdByMeter: z.infer<typeof byMeter>, per: number): Term[] {
  const once = (meter: string) => (meter === "reference_images" ? "request" : "image");
  return termSchema
    .array()
    .parse(
      Object.entries(usdByMeter).map(([meter, usd]) => ({ meter, usd, per, once: once(meter) })),
    );
}

function repeatedIds(model: Model, added: readonly PriceVersion[]): Problem[] {
  return added.flatMap(({ id }, index) =>
    model.rateCard.some((version) => version.id === id)
      ? [
          {
            path: ["prices", model.id, index],
            message: `"${id}" is shipped: a corrected price is a new version, such as "${id}.1"`,
          },
        ]
      : [],
  );
}

function withPrices(
  { model, locate }: Row,
  added: readonly PriceVersion[],
  locateAdded: Row["locate"],
): Row {
  const rateCard = [...model.rateCard, ...added].toSorted(byDate);
  return {
    model: { ...model, rateCard },
    locate: (path) => {
      const [first, index, ...rest] = path;
      if (first !== "rateCard") return locate(path);
      const version = rateCard.find((_, k) => k === index);
      const at = version === undefined ? -1 : added.indexOf(version);
      if (at >= 0) return locateAdded([at, ...rest]);
      const shipped = version === undefined ? -1 : model.rateCard.indexOf(version);
      return locate(["rateCard", shipped, ...rest]);
    },
  };
}

/** Versions of one day keep their order: the later one, an owner's correction, is in force. */
function byDate(left: PriceVersion, right: PriceVersion): number {
  if (left.effectiveFrom === right.effectiveFrom) return 0;
  return left.effectiveFrom < right.effectiveFrom ? -1 : 1;
}
