import { z } from "zod";
import type { ResultJson } from "./result-json.ts";

/**
 * A preset that a proof stands behind: `<home>/presets/NAME.json`, called as `auto/NAME`. It holds no prompt and no
 * picture. Nobody edits it: another proof makes another one.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hex");
const share = z.string().regex(/^(0(\.\d{1,6})?|1)$/, "must be a share from 0 to 1");
const usd = z.string().regex(/^\d{1,6}(\.\d{1,12})?$/, "must be an amount in USD");

/** The same names as those of `routes` in spotmeter.yaml. */
export const presetName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be of a-z, 0-9 and -, at most 64");

const provenCandidate = z.strictObject({
  candidate: z.string(),
  model: z.string(),
  quality: z.string().nullable(),
  price_version: z.string(),
  model_sha256: sha256,
  judged: z.int().min(1),
  kept: z.int().min(0),
  share,
  low: share,
  high: share,
  per_image: usd.nullable(),
  per_kept_image: usd.nullable(),
});

export const presetFileSchema = z.strictObject({
  object: z.literal("preset"),
  format: z.literal(1),
  name: presetName,
  created: z.iso.datetime(),
  /** Names of the candidates that may be taken: the cheapest of them is. */
  chosen: z.array(z.string()).min(1),
  proof: z.strictObject({
    id: z.string(),
    sha256,
    /** UTC day on which the preset was made of it. */
    day: z.iso.date(),
    /** Where its folder was then. */
    folder: z.string(),
    rows: z.int(),
    candidates: z.array(provenCandidate).min(1),
    template: z.strictObject({ sha256, file: z.string().nullable() }).nullable(),
  }),
});
export type PresetFile = z.infer<typeof presetFileSchema>;

/** A preset of a proof that has votes on every pair. */
export function presetOf(
  result: ResultJson,
  of: {
    readonly name: string;
    readonly chosen: readonly string[];
    readonly folder: string;
    readonly created: string;
  },
): PresetFile {
  return {
    object: "preset",
    format: 1,
    name: of.name,
    created: of.created,
    chosen: [...of.chosen],
    proof: {
      id: result.id,
      sha256: result.sha256,
      day: of.created.slice(0, 10),
      folder: of.folder,
      rows: result.rows,
      template: result.template,
      candidates: result.candidates.flatMap((each) => {
        const { share: kept, low, high } = each;
        if (kept === null || low === null || high === null) return [];
        const {
          candidate,
          model,
          quality,
          price_version,
          model_sha256,
          judged,
          kept: count,
        } = each;
        const { per_image, per_kept_image } = each;
        return [
          {
            ...{ candidate, model, quality, price_version, model_sha256, judged, kept: count },
            ...{ share: kept, low, high, per_image, per_kept_image },
          },
        ];
      }),
    },
  };
}
