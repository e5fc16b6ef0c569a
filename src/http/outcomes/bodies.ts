import { z } from "zod";
import { isOutcomeReason, OUTCOME_REASON_MAX } from "../../ledger/outcomes-port.ts";

/** Bodies of the routes of outcomes. Every name is listed; another one is refused. */

/** Outcomes of one receipt in one request: more pictures than any call delivers. */
const OUTCOMES_MAX = 100;
/** Outcomes of any receipts in one request. */
const BATCH_MAX = 1_000;
/** The largest body that such a request needs. */
export const BATCH_BYTES_MAX = 512 * 1024;

const IMAGE_MAX = 9_999;

const verdict = {
  image: z
    .int("must be a whole number: the picture's place among the delivered ones, from 0")
    .min(0, "must be 0 or more: pictures are counted from 0")
    .max(IMAGE_MAX, `must be at most ${IMAGE_MAX}`)
    .describe("the picture's place among the delivered ones, from 0"),
  kept: z.boolean("must be true or false"),
  reason: z
    .string("must be a text such as off-colour, or null")
    .refine(
      isOutcomeReason,
      `must be words of a-z and 0-9 with - or _ between, at most ${OUTCOME_REASON_MAX} characters, such as off-colour`,
    )
    .nullish()
    .describe("why, such as off-colour: a-z, 0-9, - and _, at most 64 characters"),
};

export const outcomeBody = z.strictObject(verdict);
export type Verdict = z.infer<typeof outcomeBody>;
export const outcomesBody = z.strictObject({
  outcomes: z.array(outcomeBody).min(1, "names none").max(OUTCOMES_MAX, `at most ${OUTCOMES_MAX}`),
});

export const outcomesBatchBody = z.strictObject({
  outcomes: z
    .array(z.strictObject({ receipt_id: z.string().min(1).max(128), ...verdict }))
    .min(1, "names none")
    .max(BATCH_MAX, `at most ${BATCH_MAX} in one request`),
  dry_run: z
    .boolean()
    .exactOptional()
    .describe("true: only says everything that would be refused, and notes nothing"),
});
export type OutcomesBatch = z.infer<typeof outcomesBatchBody>;
export type BatchVerdict = OutcomesBatch["outcomes"][number];
