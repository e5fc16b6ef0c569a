import type { Composer } from "../gateway/recovered-answer.ts";
import { answerEnd } from "./openai/answer-end.ts";
import { openaiEnvelope } from "./openai/answer-text.ts";

/** Writes the answers of calls that outlived their gateway, as the route that they came in by would have. */
export const composer: Composer = {
  envelope: openaiEnvelope,
  endOf: (made, hold) =>
    answerEnd(made, {
      receiptId: hold.id,
      ceiling: hold.amount,
      priceVersion: hold.price.id,
      warnings: hold.warnings,
      margin: hold.margin ?? null,
    }),
};
