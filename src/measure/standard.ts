import { z } from "zod";

/** The shape of `catalog/measure.json`: the standard prompts (DESIGN §9) and what each sweep measures by default. */

const pixels = z.string().regex(/^\d{2,5}x\d{2,5}$/, "must be WxH");
const tokenCounts = z.array(z.int().min(1)).min(1).max(2);
const models = z.array(z.string().min(1)).min(1);

/** Which text a cell sends. */
export const promptNames = ["product", "edit", "count", "brand"] as const;
export type PromptName = (typeof promptNames)[number];
export type Prompts = Readonly<Record<PromptName, string>>;

const standardSchema = z.strictObject({
  prompts: z.strictObject({
    product: z.string().min(1),
    edit: z.string().min(1),
    count: z.string().min(1),
    brand: z.string().min(1),
  }),
  /** Their o200k tokens; then, where an emulator counts words in place of tokens, their words. */
  promptTokens: z.strictObject({
    product: tokenCounts,
    edit: tokenCounts,
    count: tokenCounts,
    brand: tokenCounts,
  }),
  /** The size of every sweep that does not vary it. */
  size: pixels,
  sweeps: z.strictObject({
    model: z.strictObject({ models }),
    resolution: z.strictObject({ models, sizes: z.array(pixels).min(1) }),
    quality: z.strictObject({ models, sizes: z.array(pixels).min(1) }),
    count: z.strictObject({ models, counts: z.array(z.int().min(1).max(10)).min(1) }),
    references: z.strictObject({
      models,
      max: z.int().min(1).max(16),
      /** Dimensions beside the standard size, each measured with one reference. */
      sizes: z.array(pixels),
    }),
    cache: z.strictObject({ models, calls: z.int().min(2).max(20) }),
  }),
  /** What the daily look measures: one cheap call each. */
  watch: z.strictObject({ models }),
});
export type Standard = z.infer<typeof standardSchema>;

/** Reads the text of the shipped file. @throws Error naming every bad field: the package is damaged. */
export function parseStandard(text: string): Standard {
  const parsed = standardSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(`catalog/measure.json\n${z.prettifyError(parsed.error)}`);
}
