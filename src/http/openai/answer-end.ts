import type { AnswerEnd, Finished } from "../../gateway/generate-image.ts";
import { clientLines } from "../../gateway/money-json.ts";
import { formatUsd, type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { answerTail, type Sold, totalTokens } from "./answer-text.ts";

/** What every answer after the hold carries, good or not. */
export function answerHeaders({ receiptId, ceiling }: Sold): Record<string, string> {
  return {
    "content-type": "application/json",
    "x-receipt-id": receiptId,
    "x-cost-ceiling-usd": formatUsd(ceiling),
  };
}

/** The end of a good answer: every header that is known by then, and what follows the last image. */
export function answerEnd(made: Finished, sold: Sold): AnswerEnd {
  const total = made.late ? ZERO_USD : made.settlement.charge;
  const basis = made.late ? "none" : made.settlement.basis;
  const { margin } = sold;
  const lines = made.late ? [] : clientLines({ lines: made.settlement.lines, total, margin });
  return {
    headers: {
      ...answerHeaders(sold),
      ...costHeaders(total),
      "x-cost-basis": basis,
      "x-litellm-total-tokens": totalTokens(made.settlement.items).toString(),
    },
    tail: Buffer.from(answerTail(made, { ...sold, total, basis, lines }), "utf8"),
  };
}

/** The cost in headers, for clients that show nothing else; the second name is read by gateways in front of us. */
export function costHeaders(total: PicoUsd): Record<string, string> {
  return { "x-cost-usd": formatUsd(total), "x-litellm-response-cost": formatUsd(total) };
}
