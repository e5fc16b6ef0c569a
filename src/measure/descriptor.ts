import { z } from "zod";

/** Those fields of a model's row in `GET /v1/models` that a measurement works with; it keeps them with the run. */

const label = z.object({ by_ratio: z.record(z.string(), z.string().nullable()) });
const rule = z.object({
  edge_multiple: z.number().optional(),
  edge_min: z.number().optional(),
  edge_max: z.number().optional(),
  ratio_max: z.number().optional(),
  area_min: z.number().optional(),
  area_max: z.number().optional(),
});
const exact = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("list"), values: z.array(z.string()) }),
  z.object({ kind: z.literal("rule"), rule }),
  z.object({ kind: z.literal("cells") }),
  z.object({ kind: z.literal("none") }),
]);

const when = z.object({
  quality: z.array(z.string()).optional(),
  sizes: z.array(z.string()).optional(),
  area_up_to: z.number().optional(),
  area_above: z.number().optional(),
  prompt_extend: z.boolean().optional(),
  service_tier: z.string().optional(),
});

export const descriptorSchema = z.object({
  id: z.string(),
  name: z.string(),
  owned_by: z.string(),
  aliases: z.array(z.string()),
  available: z.boolean(),
  unavailable_because: z.string().nullable(),
  surfaces: z.array(z.string()),
  shutdown_date: z.string().nullable(),
  as_of: z.string(),
  capabilities: z.object({
    images_per_call_max: z.number(),
    sizes: z.object({ exact, labels: z.record(z.string(), label) }),
    quality: z.object({ tiers: z.array(z.string()), auto_expected: z.string() }).optional(),
    references: z.object({ max: z.number() }),
  }),
  price: z
    .object({
      price_version: z.string(),
      effective_from: z.string(),
      source: z.string(),
      checked_on: z.string(),
      mark: z.string(),
      terms: z.array(
        z.object({
          meter: z.string(),
          usd: z.string(),
          per: z.number(),
          when: when.optional(),
          once: z.string().optional(),
          free: z.number().optional(),
        }),
      ),
    })
    .nullable(),
});
export type Descriptor = z.infer<typeof descriptorSchema>;

/** The list's entries that choose a model for the caller: no model themselves, so nothing to measure. */
const chooserSchema = z
  .object({ id: z.string(), capabilities: z.null() })
  .transform(() => undefined);

/** The whole list, models only. */
export const descriptorsSchema = z.object({
  data: z
    .array(z.union([descriptorSchema, chooserSchema]))
    .transform((entries) => entries.filter((entry) => entry !== undefined)),
});

/** How a model bills, in two or three words. */
export function billingText({ price, capabilities }: Descriptor): string {
  if (price === null) return "no price";
  const standard = price.terms.filter((term) => term.when?.service_tier === undefined);
  const knob = capabilities.quality === undefined ? "" : ", quality";
  if (standard.some((term) => term.meter === "image_output_tokens")) return `tokens${knob}`;
  const areas = standard.some(
    ({ when: condition }) =>
      condition?.area_up_to !== undefined || condition?.area_above !== undefined,
  );
  return `flat${areas ? " by area" : ""}${knob}`;
}

/** Which sizes a model takes, for a table's cell. */
export function sizesText({ capabilities }: Descriptor): string {
  const { exact: kind, labels } = capabilities.sizes;
  const words = Object.keys(labels).join(" ");
  if (kind.kind === "list") return kind.values.join(" ");
  if (kind.kind === "rule") return ruleText(kind.rule);
  return words;
}

function ruleText(bounds: z.infer<typeof rule>): string {
  const { area_min: areaMin, area_max: areaMax, edge_min: edgeMin, edge_max: edgeMax } = bounds;
  const area =
    areaMin === undefined && areaMax === undefined
      ? ""
      : `${areaMin ?? 1} to ${areaMax ?? "any"} pixels`;
  const edges =
    edgeMin === undefined && edgeMax === undefined
      ? ""
      : `edges ${edgeMin ?? 1} to ${edgeMax ?? "any"}`;
  const multiple = bounds.edge_multiple === undefined ? "" : `multiples of ${bounds.edge_multiple}`;
  const ratio = bounds.ratio_max === undefined ? "" : `up to ${bounds.ratio_max}:1`;
  return [area, edges, multiple, ratio].filter((text) => text !== "").join(", ");
}
