import { type AnswerForm, EVENT_HEADERS } from "../answer-form.ts";
import { answerTail, openaiEnvelope } from "./answer-text.ts";
import { type EventFacts, eventEnvelope, eventTail } from "./event-text.ts";

export const plainForm: AnswerForm = {
  headers: { "content-type": "application/json" },
  envelope: openaiEnvelope,
  tail: answerTail,
};

/** A stream of events. */
export function eventForm(facts: EventFacts): AnswerForm {
  return {
    headers: EVENT_HEADERS,
    envelope: eventEnvelope(facts),
    tail: (made, cost) => eventTail(facts, made, cost),
  };
}
