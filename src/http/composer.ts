import type { Composer } from "../gateway/recovered-answer.ts";
import type { LedgerCall } from "../ledger/port.ts";
import { type AnswerForm, answerEnd, eventForm, plainForm } from "./openai/answer-end.ts";

/** Writes the answers of calls that outlived their gateway, as the route that they came in by would have. */
export const composer: Composer = {
  envelope: (hold) => formOf(hold).envelope,
  endOf: (made, hold) =>
    answerEnd(
      made,
      {
        receiptId: hold.id,
        ceiling: hold.amount,
        priceVersion: hold.price.id,
        warnings: hold.warnings,
        margin: hold.margin ?? null,
      },
      formOf(hold),
    ),
};

function formOf({ facts, createdMs }: LedgerCall["hold"]): AnswerForm {
  if (facts.stream !== true) return plainForm;
  return eventForm({
    operation: facts.surface === "edits" ? "image_edit" : "image_generation",
    created: Math.floor(createdMs / 1_000),
    quality: facts.qualityAsked ?? "auto",
    background: "auto",
  });
}
