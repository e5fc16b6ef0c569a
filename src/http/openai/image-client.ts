import type { ServerResponse } from "node:http";
import { Answer } from "../../gateway/answer.ts";
import { ClientStream } from "../../gateway/client-stream.ts";
import { foreseenCost } from "../../gateway/foreseen-cost.ts";
import type { Client, Opened } from "../../gateway/generate-image.ts";
import { rateHeaders } from "../../gateway/hold-refusals.ts";
import type { Refusal } from "../../refusals.ts";
import { type ErrorAnswer, refusalAnswer, sendError } from "../error-answer.ts";
import { leftSignal } from "../image-call.ts";
import { sendStored } from "../send-stored.ts";
import { answerEnd, answerHeaders, costHeaders } from "./answer-end.ts";
import { openaiEnvelope, type Sold } from "./answer-text.ts";

/** The surface's side of the main path: OpenAI's envelope around whatever comes. */
export function openaiClient(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Client {
  return {
    left: leftSignal(response),
    sendAgain: (stored, added) => sendStored(response, stored, { ...headers, ...added }),
    open: ({ receiptId, prepared, rate }): Opened => {
      const { accepted, quote, callable } = prepared;
      const stream = new ClientStream(response);
      const own = { ...headers, ...rateHeaders(rate) };
      const sold: Sold = {
        receiptId,
        ceiling: quote.ceiling.total,
        priceVersion: quote.frozen.price.id,
        warnings: callable.warnings,
        margin: quote.frozen.margin ?? null,
      };
      const answer = new Answer(stream, {
        envelope: openaiEnvelope,
        headers: { ...own, ...answerHeaders(sold) },
        asked: accepted.size.pixels,
        foreseen: (servedModel) => {
          const cost = foreseenCost(prepared, servedModel);
          return cost === undefined ? {} : costHeaders(cost);
        },
      });
      return {
        sink: answer,
        delivered: () => ({ images: answer.images, gone: stream.gone }),
        committed: () => answer.committed,
        copyTo: (copy) => answer.copyTo(copy),
        endOf: (made) => answerEnd(made, sold),
        finish: ({ tail, headers: known }) => answer.finish(tail, known),
        errorOf: (refusal) => errorText(refusal, sold),
        refuse: (refusal) => {
          if (answer.committed) stream.breakOff();
          else if (!stream.gone) sendError(response, errorText(refusal, sold), own);
        },
      };
    },
  };
}

function errorText(refusal: Refusal, sold: Sold): ErrorAnswer {
  const { status, headers, body } = refusalAnswer(refusal);
  return { status, body, headers: { ...answerHeaders(sold), ...headers } };
}
