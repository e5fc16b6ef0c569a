import { z } from "zod";
import { type JsonLines, readJsonLines } from "../../text/json-lines.ts";
import type { Job } from "./job.ts";

/** One line of `made.jsonl`: a call that was made for a proof, and what came of it. */

const usd = z.string().regex(/^\d{1,6}(\.\d{1,12})?$/, "must be an amount in USD");

export const madeSchema = z.object({
  row: z.string(),
  candidate: z.string(),
  /** From 1: the picture that is voted on, then the one that it is held against. */
  try: z.int().min(1).max(2),
  /** From 0: one more whenever a call that failed is made again. */
  attempt: z.int().min(0),
  at: z.iso.datetime(),
  status: z.enum(["made", "failed"]),
  receipt_id: z.string().nullable(),
  /** What was really charged. */
  charged: usd,
  price_version: z.string().nullable(),
  served_model: z.string().nullable(),
  /** In the proof's folder, under a random name. */
  picture: z
    .object({
      file: z.string(),
      sha256: z.string(),
      bytes: z.int(),
      width: z.int().nullable(),
      height: z.int().nullable(),
      format: z.string().nullable(),
    })
    .nullable(),
  error: z.object({ code: z.string().nullable(), message: z.string() }).nullable(),
  ms: z.int(),
});
export type Made = z.infer<typeof madeSchema>;

/** Reads `made.jsonl`: a call whose line was cut off is asked again under the same key. */
export function readMade(text: string): JsonLines<Made> {
  return readJsonLines(text, madeSchema, "a call of a proof");
}

/**
 * Each call once, the last record of it: two processes that went on with one proof have both recorded what was paid
 * once.
 */
export function distinctCalls(made: readonly Made[]): readonly Made[] {
  const last = new Map<string, Made>();
  for (const each of made) {
    last.set(JSON.stringify([each.row, each.candidate, each.try, each.attempt]), each);
  }
  return [...last.values()];
}

/** One call that a proof asks for. */
export type Call = {
  readonly row: string;
  readonly candidate: string;
  readonly try: 1 | 2;
  readonly attempt: number;
};

/** Refusals after which the same may be asked again under another key: nothing was spent, nothing is left open. */
const OPEN_CODES = new Set(["outcome_unknown"]);

/**
 * The calls that a proof still needs.
 *
 * @param again how a call that failed is looked at: `none` leaves it, `spent_nothing` makes it again unless a vendor
 * may bill it, `all` makes it again whatever it may have cost.
 */
export function callsLeft(
  job: Pick<Job, "rows" | "candidates" | "tries">,
  made: readonly Made[],
  again: "none" | "spent_nothing" | "all",
): readonly Call[] {
  const tries = job.tries === 1 ? ([1] as const) : ([1, 2] as const);
  return job.rows.flatMap(({ id: row }) =>
    job.candidates.flatMap(({ name: candidate }) =>
      tries.flatMap((turn): Call[] => {
        const call = { row, candidate, try: turn };
        const own = made.filter((each) => isOf(each, call));
        const last = own.at(-1);
        if (last === undefined) return [{ ...call, attempt: 0 }];
        const open = OPEN_CODES.has(last.error?.code ?? "");
        const repeats = again === "all" || (again === "spent_nothing" && !open);
        return last.status === "made" || !repeats ? [] : [{ ...call, attempt: own.length }];
      }),
    ),
  );
}

function isOf(made: Made, call: Omit<Call, "attempt">): boolean {
  return made.row === call.row && made.candidate === call.candidate && made.try === call.try;
}

/** The picture of a row at a candidate; undefined where there is none. */
export function pictureOf(
  made: readonly Made[],
  call: Omit<Call, "attempt">,
): NonNullable<Made["picture"]> | undefined {
  return made.findLast((each) => isOf(each, call) && each.picture !== null)?.picture ?? undefined;
}
