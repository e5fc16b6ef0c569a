import { z } from "zod";
import { bands, ratingModes } from "./ratings.ts";
import { type Model, meters } from "./schema.ts";
import type { Problem } from "./source-text.ts";

/**
 * The shape of `catalog/claims.json`: sentences that somebody published about prices, each with what would
 * have to be true of computed or measured figures for it to hold. Texts and thresholds are data; every figure
 * that they are held against is worked out anew (`src/advisor/claims/judge.ts`).
 */

const date = z.iso.date();
/** A figure as an article prints it: its decimals say how far it was rounded. */
const printed = z.string().regex(/^\d{1,12}(\.\d{1,12})?$/, "must be a plain decimal");
const pixels = z.string().regex(/^[1-9]\d{0,4}x[1-9]\d{0,4}$/, "must be WxH");

/** Stands for the model that an `every` is at. */
export const EACH = "each";

const orderSchema = z.strictObject({
  /** An id of the catalog, or `each`. */
  model: z.string(),
  quality: z.string().optional(),
  /** WxH, or a label such as 4K. */
  size: z.string().default("1024x1024"),
  n: z.int().min(1).max(10).default(1),
  references: z.int().min(0).max(16).default(0),
  referenceSize: pixels.default("1024x1024"),
  /** o200k tokens of the prompt itself; DESIGN §9's standard prompt has 15. */
  promptTokens: z.int().min(1).max(10_000).default(15),
  serviceTier: z.enum(["batch"]).optional(),
});
export type ClaimedOrder = z.infer<typeof orderSchema>;

const meterList = z.array(z.enum(meters)).min(1);

/** A figure of one order or of one row: what a table of prices computes and a measurement may measure. */
const leafSchema = z.discriminatedUnion("of", [
  /** Expected price of the whole order, USD. */
  z.strictObject({ of: z.literal("total"), order: orderSchema }),
  /** What some meters of it cost, USD. */
  z.strictObject({ of: z.literal("amount"), order: orderSchema, meters: meterList }),
  /** How many units of some meters it uses. */
  z.strictObject({ of: z.literal("quantity"), order: orderSchema, meters: meterList }),
  /** Output tokens from which on the flat order is strictly cheaper. */
  z.strictObject({ of: z.literal("token_crossover"), order: orderSchema, flat: orderSchema }),
  /** References from which on the flat order is strictly cheaper. */
  z.strictObject({
    of: z.literal("reference_crossover"),
    order: orderSchema,
    flat: orderSchema,
    /** Prices image tokens at the rate of text, as a mistaken bill would. */
    imageTokensAsText: z.literal(true).optional(),
  }),
  /** A limit of a row: pixels for areas, else a count. */
  z.strictObject({
    of: z.literal("limit"),
    model: z.string(),
    which: z.enum(["images_per_call", "references", "area_least", "area_most"]),
  }),
  /** What only an answer can tell. */
  z.strictObject({
    of: z.literal("measured"),
    what: z.enum([
      "cached_tokens",
      "image_bytes",
      "http_status",
      "total_left_open",
      "prompt_tokens",
    ]),
    order: orderSchema,
  }),
]);
export type Leaf = z.infer<typeof leafSchema>;

/** Figures made of figures. */
export type Figure =
  | Leaf
  | {
      readonly of: "ratio" | "percent" | "difference" | "sum" | "largest" | "smallest";
      readonly figures: readonly [Figure, ...Figure[]];
    };

const figureSchema: z.ZodType<Figure> = z.lazy(() =>
  z.union([
    leafSchema,
    z.strictObject({
      of: z.enum(["ratio", "percent", "difference", "sum", "largest", "smallest"]),
      figures: z.tuple([figureSchema], figureSchema),
    }),
  ]),
);

/** Cells of the decision table whose cheapest candidate a claim speaks of. */
const winnersSchema = z.strictObject({
  kind: z.literal("winner"),
  /** Rows by quality word, or by band. */
  by: z.enum(["tier", "evidence"]),
  rows: z.array(z.string()).min(1),
  sizes: z.array(z.string()).min(1),
  references: z.array(z.int().min(0).max(16)).min(1).default([0]),
  /** Families of `families`; one of them wins in …; absent: every candidate with this billing. */
  families: z.array(z.string()).optional(),
  billing: z.enum(["tokens", "flat"]).optional(),
  /** In every cell; in more than half; in at most a quarter; in none. */
  is: z.enum(["always", "mostly", "rarely", "never"]),
});
export type WinnerClaim = z.infer<typeof winnersSchema>;

/** What has to be true. */
export type Predicate =
  | { readonly kind: "rounds_to"; readonly figure: Figure; readonly value: string }
  | {
      readonly kind: "about";
      readonly figure: Figure;
      readonly value: string;
      readonly withinPercent: number;
    }
  | {
      readonly kind: "between";
      readonly figure: Figure;
      readonly least: string;
      readonly most: string;
    }
  | { readonly kind: "below" | "equal"; readonly left: Figure; readonly right: Figure }
  | {
      readonly kind: "every";
      readonly families: readonly string[];
      /** Ids, or beginnings that end in `*`; absent: all of the families. */
      readonly models?: readonly string[] | undefined;
      readonly part: Predicate;
    }
  | { readonly kind: "billing"; readonly model: string; readonly is: "tokens" | "flat" }
  | { readonly kind: "tiers"; readonly model: string; readonly are: readonly string[] }
  | { readonly kind: "label"; readonly model: string; readonly label: string }
  | {
      readonly kind: "not_worse";
      readonly left: z.infer<typeof orderSchema>;
      readonly right: z.infer<typeof orderSchema>;
      readonly mode: (typeof ratingModes)[number];
    }
  | WinnerClaim
  | { readonly kind: "all"; readonly parts: readonly [Predicate, ...Predicate[]] };

const predicateSchema: z.ZodType<Predicate> = z.lazy(() =>
  z.union([
    z.strictObject({ kind: z.literal("rounds_to"), figure: figureSchema, value: printed }),
    z.strictObject({
      kind: z.literal("about"),
      figure: figureSchema,
      value: printed,
      withinPercent: z.int().min(1).max(50),
    }),
    z.strictObject({
      kind: z.literal("between"),
      figure: figureSchema,
      least: printed,
      most: printed,
    }),
    z.strictObject({
      kind: z.enum(["below", "equal"]),
      left: figureSchema,
      right: figureSchema,
    }),
    z.strictObject({
      kind: z.literal("every"),
      families: z.array(z.string()).min(1),
      models: z.array(z.string()).min(1).optional(),
      part: predicateSchema,
    }),
    z.strictObject({
      kind: z.literal("billing"),
      model: z.string(),
      is: z.enum(["tokens", "flat"]),
    }),
    z.strictObject({ kind: z.literal("tiers"), model: z.string(), are: z.array(z.string()) }),
    z.strictObject({ kind: z.literal("label"), model: z.string(), label: z.string() }),
    z.strictObject({
      kind: z.literal("not_worse"),
      left: orderSchema,
      right: orderSchema,
      mode: z.enum(ratingModes),
    }),
    winnersSchema,
    z.strictObject({
      kind: z.literal("all"),
      parts: z.tuple([predicateSchema], predicateSchema),
    }),
  ]),
);

/** The experiments that can hold a claim against returned usage. */
const sweeps = ["model", "resolution", "quality", "count", "references", "cache"] as const;

const claimSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** Where in the text. */
  section: z.string().min(1),
  /** As printed. */
  text: z.string().min(1),
  /** What has to be true for it to hold. */
  holdsIf: predicateSchema,
  /** Figures told beside it, that decide nothing. */
  shows: z.array(figureSchema).default([]),
  /** Which experiment measures its figures; absent: nothing to measure. */
  sweep: z.enum(sweeps).optional(),
  /** What a reader must know to follow the arithmetic. */
  note: z.string().min(1).optional(),
  /** Taken back by whoever said it. */
  withdrawn: z.strictObject({ on: date, why: z.string().min(1) }).optional(),
});
export type Claim = z.infer<typeof claimSchema>;

const familySchema = z.strictObject({
  name: z.string().min(1),
  /** Ids, or beginnings of ids that end in `*`. */
  models: z.array(z.string()).min(1),
});
export type Family = z.infer<typeof familySchema>;

export const claimsSchema = z.strictObject({
  title: z.string().min(1),
  source: z.string().min(1),
  /** The day as of which it was said. */
  saidOn: date,
  /** The models that it speaks of. */
  families: z.array(familySchema).min(1),
  claims: z.array(claimSchema).min(1),
});
export type Claims = z.infer<typeof claimsSchema>;

/** Whether an id is named by one of the names: itself, or the beginning of a name that ends in `*`. */
export function isNamed(id: string, names: readonly string[]): boolean {
  return names.some((name) =>
    name.endsWith("*") ? id.startsWith(name.slice(0, -1)) : name === id,
  );
}

/** What the shape alone can't say: names that lead somewhere, tiers and bands that exist, one claim an id. */
export function claimProblems(claims: Claims, models: readonly Model[]): Problem[] {
  const problems: Problem[] = [];
  for (const [index, { name, models: names }] of claims.families.entries()) {
    if (models.some(({ id }) => isNamed(id, names))) continue;
    problems.push({ path: ["families", index, "models"], message: `no model is "${name}"` });
  }
  const seen = new Set<string>();
  for (const [index, claim] of claims.claims.entries()) {
    if (seen.has(claim.id)) {
      problems.push({ path: ["claims", index, "id"], message: "this id is taken" });
    }
    seen.add(claim.id);
    for (const field of ["holdsIf", "shows"] as const) {
      for (const message of complaints(claim[field], { claims, models })) {
        problems.push({ path: ["claims", index, field], message });
      }
    }
  }
  return problems;
}

type Known = { readonly claims: Claims; readonly models: readonly Model[] };

/** What a predicate names, wherever in it. */
const namesSchema = z.object({
  model: z.string().optional().catch(undefined),
  quality: z.string().optional().catch(undefined),
  families: z.array(z.string()).default([]).catch([]),
  by: z.string().optional().catch(undefined),
  rows: z.array(z.string()).default([]).catch([]),
});
type Names = z.infer<typeof namesSchema>;

/** Every model, family and band that a predicate names and nobody knows; every tier that its model lacks. */
function complaints(value: unknown, known: Known): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => complaints(each, known));
  if (typeof value !== "object" || value === null) return [];
  const names = namesSchema.parse(value);
  return [
    ...modelComplaints(names, known),
    ...names.families
      .filter((family) => !known.claims.families.some(({ name }) => name === family))
      .map((family) => `no family "${family}"`),
    ...(names.by === "evidence" ? names.rows : [])
      .filter((row) => !bands.some((band) => band === row))
      .map((row) => `no band "${row}"`),
    ...Object.values(value).flatMap((each) => complaints(each, known)),
  ];
}

function modelComplaints({ model: id, quality }: Names, { models }: Known): string[] {
  if (id === undefined || id === EACH) return [];
  const model = models.find((each) => each.id === id);
  if (model === undefined) return [`no model "${id}"`];
  const { tiers = [] } = model.capabilities.quality ?? {};
  return quality === undefined || tiers.includes(quality) ? [] : [`${id} has no tier ${quality}`];
}
