import { z } from "zod";

/** Those fields of the API's answers about runs that the command line reads; amounts stay the strings that they are. */

const counts = z.looseObject({
  waiting: z.int(),
  running: z.int(),
  done: z.int(),
  blocked: z.int(),
  moderated: z.int(),
  refused: z.int(),
  failed: z.int(),
  unknown: z.int(),
  skipped: z.int(),
});
export type RunCounts = z.infer<typeof counts>;

const blocked = z.looseObject({
  code: z.string(),
  why: z.string(),
  rows: z.int(),
  ids: z.array(z.string()),
});

export const runAnswer = z.looseObject({
  id: z.string(),
  name: z.string().nullable().default(null),
  state: z.string(),
  /** Why it does not go on; null where it does, or never began. */
  stopped: z.looseObject({ reason: z.string() }).nullable().default(null),
  rows: z.int(),
  counts,
  images: z.int(),
  expected: z.string(),
  ceiling: z.string(),
  settled: z.string(),
  held: z.string(),
  exposure: z.string(),
  max_cost: z.string().nullable().default(null),
  blocked: z.array(blocked).default([]),
  /** Rows that are no longer in the file. */
  removed: z.int().default(0),
  /** Of the rows that wait. */
  remaining: z
    .looseObject({
      rows: z.int(),
      images: z.int(),
      expected: z.string(),
      ceiling: z.string(),
    })
    .optional(),
  emulated: z.boolean(),
});
export type Run = z.infer<typeof runAnswer>;

/** A run in a list says nothing of what only a look at all of its rows could tell. */
const listedRun = runAnswer.omit({ expected: true, ceiling: true });
export type ListedRun = z.infer<typeof listedRun>;
export const runsAnswer = z.looseObject({
  data: z.array(listedRun),
  next: z.string().nullish(),
});

export const loadedAnswer = z.looseObject({
  accepted: z.int(),
  added: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  missing_files: z.array(z.string()),
});

const image = z.looseObject({
  index: z.int().nonnegative(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  format: z.string().nullable(),
  bytes: z.int(),
  /** Null where nobody kept it. */
  sha256: z.string().nullable(),
});
export type RunImage = z.infer<typeof image>;

const row = z.looseObject({
  seq: z.int(),
  id: z.string(),
  line: z.int().nullable().default(null),
  state: z.string(),
  model: z.string().nullable().default(null),
  quality: z.string().nullable().default(null),
  receipt_id: z.string().nullable().default(null),
  charge: z.string().nullable().default(null),
  exposure: z.string().nullable().default(null),
  code: z.string().nullable().default(null),
  message: z.string().nullable().default(null),
  categories: z.array(z.string()).nullish(),
  images: z.array(image).default([]),
});
export type RunRowEnded = z.infer<typeof row>;

export const rowsAnswer = z.looseObject({ data: z.array(row), next: z.int() });
