import type { Envelope } from "../../gateway/answer.ts";
import type { AnswerEnd, Finished } from "../../gateway/generate-image.ts";
import { clientLines } from "../../gateway/money-json.ts";
import { formatUsd, type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import {
  answerTail,
  type CostSaid,
  openaiEnvelope,
  type Sold,
  totalTokens,
} from "./answer-text.ts";
import { type EventFacts, eventEnvelope, eventTail } from "./event-text.ts";

/** How pictures are answered: as one JSON text or as a stream of events. */
export type AnswerForm = {
  readonly headers: Readonly<Record<string, string>>;
  readonly envelope: Envelope;
  readonly tail: (made: Finished, cost: CostSaid) => string;
};

export const plainForm: AnswerForm = {
  headers: { "content-type": "application/json" },
  envelope: openaiEnvelope,
  tail: answerTail,
};

/** A stream: never kept by whatever stands between. */
export function eventForm(facts: EventFacts): AnswerForm {
  return {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    envelope: eventEnvelope(facts),
    tail: (made, cost) => eventTail(facts, made, cost),
  };
}

/** What every answer after the hold carries, good or not. */
export function answerHeaders(
  { receiptId, ceiling }: Sold,
  form: AnswerForm = plainForm,
): Record<string, string> {
  return {
    ...form.headers,
    "x-receipt-id": receiptId,
    "x-cost-ceiling-usd": formatUsd(ceiling),
  };
}

/** The end of a good answer: every header that is known by then, and what follows the last image. */
export function answerEnd(made: Finished, sold: Sold, form: AnswerForm = plainForm): AnswerEnd {
  const total = made.late ? ZERO_USD : made.settlement.charge;
  const basis = made.late ? "none" : made.settlement.basis;
  const { margin } = sold;
  const lines = made.late ? [] : clientLines({ lines: made.settlement.lines, total, margin });
  return {
    headers: {
      ...answerHeaders(sold, form),
      ...costHeaders(total),
      "x-cost-basis": basis,
      "x-litellm-total-tokens": totalTokens(made.settlement.items).toString(),
    },
    tail: Buffer.from(form.tail(made, { ...sold, total, basis, lines }), "utf8"),
  };
}

/** The cost in headers, for clients that show nothing else; the second name is read by gateways in front of us. */
export function costHeaders(total: PicoUsd): Record<string, string> {
  return { "x-cost-usd": formatUsd(total), "x-litellm-response-cost": formatUsd(total) };
}
