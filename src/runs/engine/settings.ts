import { z } from "zod";
import type { JsonValue } from "../../json.ts";
import type { Run } from "../../ledger/runs-port.ts";

/** What a run's maker may say of how it runs. */

/** Calls of one run in flight: more than any connection's limits are for. */
const CONCURRENCY_MAX = 256;
/** Where nobody says: what one connection without limits is given. */
export const CONCURRENCY_DEFAULT = 8;
/** Several connections with limits of their own together are given no more unless somebody says so. */
export const CONCURRENCY_DEFAULT_MAX = 64;

/** Settings that hold from one start to the next one that says otherwise. */
export const startSettings = {
  concurrency: z.int().min(1).max(CONCURRENCY_MAX).nullish(),
  sample: z.int().min(1).max(1_000_000).nullish().describe("stop for a look after so many rows"),
  retry_unknown: z
    .boolean()
    .nullish()
    .describe("try rows again of which nobody knows what became; both tries may have to be paid"),
  retry_failed: z
    .boolean()
    .nullish()
    .describe("try rows again that failed: nobody was charged for them"),
};
export const runSettings = {
  ...startSettings,
  dedupe: z.boolean().nullish().describe("equal rows share one picture"),
  out: z
    .string()
    .min(1)
    .max(512)
    .nullish()
    .describe(
      '"outputs", or an s3://… below the owner\'s store of outputs: pictures are put there too',
    ),
};

/** As they are kept with the run. */
const keptSettings = z.object({
  concurrency: z.int().nullable(),
  dedupe: z.boolean(),
  sample: z.int().nullable(),
  retry_unknown: z.boolean(),
  retry_failed: z.boolean(),
  out: z.string().nullable(),
  /** The file that the rows came from, for people. */
  file: z.string().nullable(),
  /** With a sample: how many rows have an end when it is complete. */
  sample_at: z.int().nullable(),
});
export type RunSettings = z.infer<typeof keptSettings>;

type Asked = z.infer<z.ZodObject<typeof runSettings>>;

/** What holds when a run is made. */
export function newSettings(asked: Asked, file: string | null): RunSettings {
  return {
    concurrency: asked.concurrency ?? null,
    dedupe: asked.dedupe ?? false,
    sample: asked.sample ?? null,
    retry_unknown: asked.retry_unknown ?? false,
    retry_failed: asked.retry_failed ?? false,
    out: asked.out ?? null,
    file,
    sample_at: null,
  };
}

/** What holds from now on where some are said anew; null takes one back, what isn't said stays. */
export function changedSettings(before: RunSettings, asked: Asked): RunSettings {
  const { concurrency, dedupe, sample, retry_unknown, retry_failed, out } = asked;
  return {
    ...before,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(dedupe === undefined ? {} : { dedupe: dedupe ?? false }),
    ...(sample === undefined ? {} : { sample }),
    ...(retry_unknown === undefined ? {} : { retry_unknown: retry_unknown ?? false }),
    ...(retry_failed === undefined ? {} : { retry_failed: retry_failed ?? false }),
    ...(out === undefined ? {} : { out }),
  };
}

export function settingsOf({ settings }: Pick<Run, "settings">): RunSettings {
  return keptSettings.parse(settings);
}

/** As the ledger keeps them. */
export function settingsJson(settings: RunSettings): JsonValue {
  return { ...settings };
}

/** Rows that have an end. */
export function endedRows({ counts }: Pick<Run, "counts">): number {
  const { waiting, running, ...ends } = counts;
  return Object.values(ends).reduce((sum, rows) => sum + rows, 0);
}
