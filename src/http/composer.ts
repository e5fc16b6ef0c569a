import type { Composer } from "../gateway/recovered-answer.ts";
import { routeJson } from "../gateway/route-json.ts";
import type { LedgerCall } from "../ledger/port.ts";
import { type AnswerForm, answerEnd, type Sold } from "./answer-form.ts";
import { contentForm } from "./gemini/content-forms.ts";
import { eventForm, plainForm } from "./openai/image-forms.ts";

/** Writes the answers of calls that outlived their gateway, as the route that they came in by would have. */
export const composer: Composer = {
  envelope: (hold) => formOf(hold).envelope,
  endOf: (made, hold) => answerEnd(made, soldBy(hold), formOf(hold)),
};

function formOf(hold: LedgerCall["hold"]): AnswerForm {
  const { facts, createdMs } = hold;
  const { surface } = facts;
  if (surface !== "generations" && surface !== "edits") return contentForm(surface, soldBy(hold));
  if (facts.stream !== true) return plainForm;
  return eventForm({
    operation: surface === "edits" ? "image_edit" : "image_generation",
    created: Math.floor(createdMs / 1_000),
    quality: facts.qualityAsked ?? "auto",
    background: "auto",
  });
}

function soldBy(hold: LedgerCall["hold"]): Sold {
  return {
    receiptId: hold.id,
    model: hold.model,
    ceiling: hold.amount,
    priceVersion: hold.price.id,
    warnings: hold.warnings,
    margin: hold.margin ?? null,
    route: routeJson(hold.facts.route),
  };
}
