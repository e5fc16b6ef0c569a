import type { ServerResponse } from "node:http";
import type { ImageOrder } from "../../gates/order.ts";
import { Answer } from "../../gateway/answer.ts";
import { ClientStream } from "../../gateway/client-stream.ts";
import { foreseenCost } from "../../gateway/foreseen-cost.ts";
import type { Client, Opened } from "../../gateway/generate-image.ts";
import { rateHeaders } from "../../gateway/hold-refusals.ts";
import type { Prepared } from "../../gateway/prepare.ts";
import type { Refusal } from "../../refusals.ts";
import { type ErrorAnswer, refusalAnswer, sendError } from "../error-answer.ts";
import { leftSignal } from "../image-call.ts";
import { sendStored } from "../send-stored.ts";
import { answerEnd, answerHeaders, costHeaders, eventForm, plainForm } from "./answer-end.ts";
import type { Sold } from "./answer-text.ts";
import { type EventFacts, errorEvent, KEEP_ALIVE } from "./event-text.ts";

/** The surface's side of the main path: OpenAI's envelope around whatever comes. */
export function openaiClient(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Client {
  return {
    left: leftSignal(response),
    sendAgain: (stored, added) => sendStored(response, stored, { ...headers, ...added }),
    open: ({ receiptId, prepared, rate }): Opened => {
      const { quote, callable } = prepared;
      const sold: Sold = {
        receiptId,
        ceiling: quote.ceiling.total,
        priceVersion: quote.frozen.price.id,
        warnings: callable.warnings,
        margin: quote.frozen.margin ?? null,
      };
      return openAnswer(response, { ...headers, ...rateHeaders(rate) }, { prepared, sold });
    },
  };
}

function openAnswer(
  response: ServerResponse,
  own: Readonly<Record<string, string>>,
  { prepared, sold }: { readonly prepared: Prepared; readonly sold: Sold },
): Opened {
  const { order, size } = prepared.accepted;
  const form = order.stream === true ? eventForm(eventFacts(order)) : plainForm;
  const stream = new ClientStream(response);
  const answer = new Answer(stream, {
    envelope: form.envelope,
    headers: { ...own, ...answerHeaders(sold, form) },
    asked: { pixels: size.pixels, format: order.outputFormat },
    foreseen: (servedModel) => {
      const cost = foreseenCost(prepared, servedModel);
      return cost === undefined ? {} : costHeaders(cost);
    },
  });
  const kept = order.stream === true ? keepAlive(answer, stream, response) : () => undefined;
  return {
    sink: answer,
    delivered: () => ({ images: answer.images, gone: stream.gone }),
    committed: () => answer.committed,
    copyTo: (copy) => answer.copyTo(copy),
    endOf: (made) => answerEnd(made, sold, form),
    finish: ({ tail, headers: known }) => {
      kept();
      answer.finish(tail, known);
    },
    errorOf: (refusal) => errorText(refusal, sold),
    refuse: (refusal) => {
      kept();
      if (answer.committed && answer.between) stream.end(Buffer.from(errorEvent(refusal), "utf8"));
      else if (answer.committed) stream.breakOff();
      else if (!stream.gone) sendError(response, errorText(refusal, sold), own);
    },
  };
}

function eventFacts(order: ImageOrder): EventFacts {
  return {
    operation: order.references === undefined ? "image_generation" : "image_edit",
    created: Math.floor(Date.now() / 1_000),
    quality: order.quality ?? "auto",
    background: order.background ?? "auto",
  };
}

/** A vendor may be silent for a minute between two pictures; proxies cut what is silent for less. */
const KEEP_ALIVE_MS = 15_000;

/** Says something between events from time to time; call what is returned before the answer ends. */
function keepAlive(answer: Answer, stream: ClientStream, response: ServerResponse): () => void {
  const timer = setInterval(() => {
    if (answer.between) void stream.write(KEEP_ALIVE);
  }, KEEP_ALIVE_MS);
  const stop = () => clearInterval(timer);
  response.on("close", stop);
  return stop;
}

function errorText(refusal: Refusal, sold: Sold): ErrorAnswer {
  const { status, headers, body } = refusalAnswer(refusal);
  return { status, body, headers: { ...answerHeaders(sold), ...headers } };
}
