import { z } from "zod";

/**
 * The shape of one file in `catalog/`: what a model can do, how long it lives and what it costs.
 *
 * Every fact from outside carries its source, the day it was checked and a mark. Money is a decimal
 * string in the vendor's own unit, so that a reviewer compares it with the vendor's page digit by digit.
 */

/** How a fact is known, strongest first: on a bill, in the vendor's own text, in a recorded answer, told by a third party, inferred here. */
export const marks = ["billed", "spec", "seen", "third", "guess"] as const;
export const markSchema = z.enum(marks);
export type Mark = z.infer<typeof markSchema>;

/** Every billable unit (DESIGN §2). */
export const meters = [
  "text_input_tokens",
  "image_input_tokens",
  "cached_text_input_tokens",
  "cached_image_input_tokens",
  "image_output_tokens",
  "text_output_tokens",
  "output_images",
  "reference_images",
  "search_queries",
] as const;
const meterSchema = z.enum(meters);
export type Meter = z.infer<typeof meterSchema>;

const date = z.iso.date();
const count = z.int().nonnegative();
const positive = z.int().positive();
/** Up to six whole digits and twelve decimals: what `parseUsd` reads. */
export const usdText = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,12})?$/, "must be a decimal string such as 30.00");
const pixels = z.string().regex(/^\d{1,5}x\d{1,5}$/, "must be WxH");
const ratio = z.string().regex(/^\d{1,2}:\d{1,2}$/, "must be W:H");

const sourced = { source: z.string().min(1), checkedOn: date, mark: markSchema };

const datedFact = z.strictObject({ on: date, ...sourced });

const lifeCycleSchema = z.strictObject({
  availableFrom: datedFact.optional(),
  deprecatedAt: datedFact.optional(),
  /** First day on which the vendor no longer answers. Marked third or guess it warns; otherwise it refuses. */
  shutdownAt: datedFact.optional(),
  /** Id of the model that took its place. */
  replacement: z.string().optional(),
});

/** Free sizes: every bound inclusive; `ratioMax` bounds long edge / short edge. */
const sizeRuleSchema = z.strictObject({
  edgeMultiple: positive.optional(),
  edgeMin: positive.optional(),
  edgeMax: positive.optional(),
  ratioMax: positive.optional(),
  areaMin: positive.optional(),
  areaMax: positive.optional(),
});
export type SizeRule = z.infer<typeof sizeRuleSchema>;

/** A resolution word such as "2K" and, where the vendor publishes them, its exact pixels for each aspect ratio. */
const sizeLabelSchema = z.strictObject({
  /** The area that the word stands for: decides price tiers while the exact pixels are not known. */
  areaPixels: positive,
  /** Exact pixels for a ratio; null where the word itself yields that ratio and is sent as it is. */
  byRatio: z.record(ratio, pixels.nullable()),
});

const sizesSchema = z.strictObject({
  /** Whether the vendor knows a size value `auto` of its own. */
  auto: z.boolean(),
  /** Exact sizes: a list, a rule, the cells of the label table, or none at all. */
  exact: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("list"), values: z.array(pixels).min(1) }),
    z.strictObject({ kind: z.literal("rule"), rule: sizeRuleSchema }),
    z.strictObject({ kind: z.literal("cells") }),
    z.strictObject({ kind: z.literal("none") }),
  ]),
  labels: z.record(z.string(), sizeLabelSchema).default({}),
  /** What an omitted size becomes: a size, a label, or unset when the model chooses. */
  omitted: z.strictObject({ pixels: pixels.optional(), label: z.string().optional() }).default({}),
});
export type Sizes = z.infer<typeof sizesSchema>;

const referencesSchema = z.strictObject({
  min: count,
  max: count,
  formats: z.array(z.string()).default([]),
  bytesMax: positive.optional(),
  /** All files of one request together, before base64. */
  bytesTotalMax: positive.optional(),
  edgeMin: positive.optional(),
  edgeMax: positive.optional(),
  areaMax: positive.optional(),
  ratioMax: positive.optional(),
  /** Formats of which only pictures without an alpha channel are read. */
  opaqueFormats: z.array(z.string()).default([]),
  /** With `moderation` each picture goes out as a data URL, of at most so many characters. */
  moderatedUrlCharactersMax: positive.optional(),
});
export type ReferenceLimits = z.infer<typeof referencesSchema>;

const range = z.strictObject({ min: z.int(), max: z.int() });

const capabilitiesSchema = z.strictObject({
  imagesPerCallMax: positive,
  prompt: z.strictObject({
    /** What the vendor would cut silently or refuse beyond. Characters are Unicode code points. */
    charactersMax: positive.optional(),
    /** Counted with o200k as a stand-in where the vendor's tokenizer is unpublished. */
    tokensMax: positive.optional(),
  }),
  sizes: sizesSchema,
  /** Where a request with references may ask for other sizes than one without: replaces `sizes`. */
  sizesWithReferences: sizesSchema.optional(),
  quality: z
    .strictObject({
      /** Cheapest first. */
      tiers: z.array(z.string()).min(1),
      /** The tier that `auto` is expected to become; the ceiling always takes the dearest. */
      autoExpected: z.string(),
    })
    .optional(),
  background: z
    .strictObject({
      values: z.array(z.enum(["opaque", "transparent", "auto"])).min(1),
      /** Formats that carry an alpha channel; asked for with any other, transparency is refused. */
      transparentFormats: z.array(z.string()).default([]),
      /** Transparency is made only of exactly so many references, each with an alpha channel; unset: always. */
      transparentOfAlphaReferences: positive.optional(),
    })
    .optional(),
  outputFormats: z.strictObject({
    values: z.array(z.string()).min(1),
    /** What is made when nothing is asked. */
    omitted: z.string(),
    /** False: the wire has no such field and only what is made anyway may be asked for. */
    selectable: z.boolean(),
  }),
  outputCompression: range.extend({ formats: z.array(z.string()).min(1) }).optional(),
  moderation: z.array(z.string()).optional(),
  streaming: z.strictObject({ partialImagesMax: count }).optional(),
  references: referencesSchema,
  mask: z.strictObject({ formats: z.array(z.string()), bytesMax: positive }).optional(),
  inputFidelity: z.array(z.string()).optional(),
  seed: range.optional(),
  negativePrompt: z.strictObject({ charactersMax: positive }).optional(),
  guidanceScale: range.optional(),
  watermark: z.boolean().default(false),
  promptExtend: z.boolean().default(false),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

const tokensByTier = z.record(z.string(), positive);

/** How output quantities are estimated for a quote, per output image (`vendors/<name>/tokens.ts` computes it). */
const outputLawSchema = z.discriminatedUnion("kind", [
  /** One priced image an image: exact. */
  z.strictObject({ kind: z.literal("flat") }),
  /** ceil(F*s*(2,000,000 + W*H)/4,000,000) with s = round(F*short/long): tokens follow tier and shape. */
  z.strictObject({
    kind: z.literal("factor_grid"),
    factors: tokensByTier,
    /** When the law at the asked tier isn't trusted, the ceiling takes this tier whatever was asked. */
    ceilingTier: z.string().optional(),
    autoSize: z.strictObject({ expected: pixels, ceiling: pixels }),
    ...sourced,
  }),
  /** A fixed table, size -> tier -> tokens. */
  z.strictObject({
    kind: z.literal("table"),
    tokens: z.record(pixels, tokensByTier),
    autoSizeExpected: pixels,
    /** Output text tokens that the ceiling adds an image. */
    ceilingTextTokens: count,
    ...sourced,
  }),
  /** A constant for each resolution label; text-rate output (residual, thinking) beside it. */
  z.strictObject({
    kind: z.literal("label_constant"),
    imageTokens: tokensByTier,
    /** Where sources differ, the dearer count for the ceiling. */
    ceilingImageTokens: tokensByTier.default({}),
    expectedTextTokens: count,
    ceilingImages: positive,
    ceilingTextTokens: count,
    ...sourced,
  }),
]);
export type OutputLaw = z.infer<typeof outputLawSchema>;

/** Text tokens that references add to the prompt's, once an output image. */
const referenceTextSchema = z.strictObject({
  /** By the first reference. */
  first: count,
  /** By each one after it. */
  further: count,
  /** By each one, at most. */
  ceiling: count,
});

/** How reference pictures are counted for a quote (`vendors/<name>` computes it); stands where a model takes any. */
const referenceLawSchema = z.discriminatedUnion("kind", [
  /** ceil(w/edge) * ceil(h/edge) image tokens each, after enlarging, capping the shape and shrinking to fit. */
  z.strictObject({
    kind: z.literal("patches"),
    /** In pixels. */
    edge: positive,
    /** A picture whose long edge is shorter is enlarged to it, at most so many times. */
    enlargeTo: positive,
    enlargeMax: positive,
    /** Longer shapes are counted on a canvas of this long edge / short edge. */
    ratioMax: positive,
    /** The most of one reference: expected shrinks larger ones to fit, the ceiling always takes it. */
    patchesMax: positive,
    text: referenceTextSchema,
    ...sourced,
    note: z.string().optional(),
  }),
  /** base + perTile for each square tile, the short edge scaled to one tile. */
  z.strictObject({
    kind: z.literal("tiles"),
    /** In pixels. */
    edge: positive,
    base: count,
    perTile: positive,
    /** The ceiling always takes it. */
    tilesMax: positive,
    /** What `input_fidelity: high` adds to the first so many references; the ceiling adds the most to all. */
    highFidelity: z
      .strictObject({ references: positive, square: positive, other: positive })
      .optional(),
    text: referenceTextSchema,
    ...sourced,
    note: z.string().optional(),
  }),
  /** So many image tokens each, whatever its pixels. */
  z.strictObject({
    kind: z.literal("constant"),
    expected: positive,
    ceiling: positive,
    ...sourced,
    note: z.string().optional(),
  }),
  /** Counted by the piece and priced by `reference_images`; the vendor's usage says how many. */
  z.strictObject({ kind: z.literal("counted"), ...sourced, note: z.string().optional() }),
  /** Part of the output's price. */
  z.strictObject({ kind: z.literal("free"), ...sourced, note: z.string().optional() }),
]);
export type ReferenceLaw = z.infer<typeof referenceLawSchema>;

const whenSchema = z.strictObject({
  quality: z.array(z.string()).optional(),
  sizes: z.array(pixels).optional(),
  /** Output area in pixels, inclusive. */
  areaUpTo: positive.optional(),
  /** Output area in pixels, exclusive. */
  areaAbove: positive.optional(),
  promptExtend: z.boolean().optional(),
  /** A term that names no tier is the standard one. */
  serviceTier: z.enum(["batch", "flex", "priority"]).optional(),
});

export const termSchema = z.strictObject({
  meter: meterSchema,
  /** Price of `per` units in the vendor's own unit. */
  usd: usdText,
  per: positive,
  when: whenSchema.optional(),
  /** The first so many units of a request cost nothing. */
  free: positive.optional(),
  /** What a quantity of this meter belongs to: each output image (default) or the whole request. */
  once: z.enum(["image", "request"]).default("image"),
  /** Weaker than the version's own mark, where one price is less certain than the rest. */
  mark: markSchema.optional(),
  source: z.string().optional(),
});
export type Term = z.infer<typeof termSchema>;

export const priceVersionSchema = z.strictObject({
  /** `<model>@<date>[.k]`; never reused: a corrected price is a new version. */
  id: z.string().regex(/^[a-z0-9.-]+@\d{4}-\d{2}-\d{2}(\.\d+)?$/),
  effectiveFrom: date,
  terms: z.array(termSchema).min(1),
  ...sourced,
  /** Independent sources that agree; a third-party price needs two to win `auto`. */
  alsoSources: z.array(z.string()).default([]),
  /** Where sources differ: what the other one says, and which was taken. */
  note: z.string().optional(),
});
export type PriceVersion = z.infer<typeof priceVersionSchema>;

/** One model, one file. */
export const modelSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  name: z.string().min(1),
  /** Dated and wire ids, dotted forms. `vendor/id` is always an alias and isn't listed. */
  aliases: z.array(z.string()).default([]),
  /** Those aliases that the vendor serves under that very name: asked for by one, the call carries it. */
  snapshots: z.array(z.string()).optional(),
  vendor: z.string().min(1),
  surfaces: z.array(z.enum(["generations", "edits"])),
  /** The id that the vendor is called with. */
  wireId: z.string().min(1),
  /** What only this vendor's adapter reads: its route, its field set. */
  wire: z.record(z.string(), z.union([z.string(), z.boolean()])).default({}),
  regions: z.array(z.string()).min(1),
  /** False: listed and, where known, priced, but answered 404 `model_not_served` with the reason. */
  served: z.boolean(),
  notServedBecause: z.string().optional(),
  lifeCycle: lifeCycleSchema,
  capabilities: capabilitiesSchema,
  /** Constant that the vendor adds to the prompt's own tokens, once an output image. */
  textConstant: count.default(0),
  outputLaw: outputLawSchema,
  referenceLaw: referenceLawSchema.optional(),
  /** Where the capabilities, success rules and laws of this row were read. */
  sources: z.array(z.strictObject({ about: z.string(), note: z.string().optional(), ...sourced })),
  /** What must be true of an answer before it counts as a success, and other traps, for readers. */
  successNotes: z.array(z.string()).default([]),
  rateCard: z.array(priceVersionSchema),
});
export type Model = z.infer<typeof modelSchema>;
