import type { ServerResponse } from "node:http";
import type { AcceptedOrder } from "../gates/accept.ts";
import type { ImageOrder } from "../gates/order.ts";
import { Answer } from "../gateway/answer.ts";
import type { Client, Opened } from "../gateway/client.ts";
import { ClientStream } from "../gateway/client-stream.ts";
import { foreseenCost } from "../gateway/foreseen-cost.ts";
import { rateHeaders } from "../gateway/hold-refusals.ts";
import type { AskedOfImage } from "../gateway/image-facts.ts";
import type { Prepared } from "../gateway/prepare.ts";
import { routeJson } from "../gateway/route-json.ts";
import type { Refusal } from "../refusals.ts";
import {
  type AnswerForm,
  answerEnd,
  costHeaders,
  type Sold,
  soldHeaders,
  type UrlOf,
} from "./answer-form.ts";
import { type ErrorAnswer, sendError } from "./error-answer.ts";
import { leftSignal } from "./image-call.ts";
import { sendStored } from "./send-stored.ts";
import { openUrlAnswer } from "./url-answer.ts";

/** How a surface writes good answers and says no; everything else is the same on all of them. */
export type SurfaceWords = {
  readonly formOf: (order: ImageOrder, sold: Sold) => AnswerForm;
  /** Where an order may ask for URLs in the place of base64. */
  readonly urlForm?: (urlOf: UrlOf) => AnswerForm;
  readonly errorOf: (refusal: Refusal) => ErrorAnswer;
  /** What its streams of events say beside images. */
  readonly events: {
    /** The last event of a stream that ends badly. */
    readonly errorOf: (refusal: Refusal) => string;
    /** A comment that keeps connections open; no client sees it. */
    readonly keepAlive: Buffer;
  };
};

/** The surface's side of the main path: its words around whatever comes. */
export function surfaceClient(
  words: SurfaceWords,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Client {
  return {
    left: leftSignal(response),
    sendAgain: (stored, added) => sendStored(response, stored, { ...headers, ...added }),
    open: ({ receiptId, prepared, rate, headers: more, urlOf }): Opened => {
      const { quote, callable, accepted } = prepared;
      const sold: Sold = {
        receiptId,
        model: callable.model.id,
        ceiling: quote.ceiling.total,
        priceVersion: quote.frozen.price.id,
        warnings: callable.warnings,
        margin: quote.frozen.margin ?? null,
        route: routeJson(prepared.chosen?.choice.route),
      };
      const own = { ...headers, ...rateHeaders(rate), ...more };
      if (accepted.order.urls === true && words.urlForm !== undefined) {
        const form = words.urlForm(urlOf);
        const errorOf = (refusal: Refusal) => errorText(words, refusal, sold);
        return openUrlAnswer(response, { form, own, sold, asked: askedOfImage(accepted), errorOf });
      }
      const form = words.formOf(accepted.order, sold);
      return openAnswer(response, { words, form, own, prepared, sold });
    },
  };
}

type Answering = {
  readonly words: SurfaceWords;
  readonly form: AnswerForm;
  /** Headers of this answer alone, which nobody is given again. */
  readonly own: Readonly<Record<string, string>>;
  readonly prepared: Prepared;
  readonly sold: Sold;
};

function openAnswer(
  response: ServerResponse,
  { words, form, own, prepared, sold }: Answering,
): Opened {
  const stream = new ClientStream(response);
  const answer = new Answer(stream, {
    envelope: form.envelope,
    headers: { ...own, ...form.headers, ...soldHeaders(sold) },
    asked: askedOfImage(prepared.accepted),
    foreseen: (servedModel) => {
      const cost = foreseenCost(prepared, servedModel);
      return cost === undefined ? {} : costHeaders(cost);
    },
  });
  const { events } = words;
  const kept = keepAlive({ answer, stream, response }, events.keepAlive);
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
    errorOf: (refusal) => errorText(words, refusal, sold),
    refuse: (refusal) => {
      kept();
      if (answer.between) stream.end(Buffer.from(events.errorOf(refusal), "utf8"));
      else if (answer.committed) stream.breakOff();
      else if (!stream.gone) sendError(response, errorText(words, refusal, sold), own);
    },
    abandon: kept,
  };
}

function askedOfImage({ order, size }: AcceptedOrder): AskedOfImage {
  return { pixels: size.pixels, format: order.outputFormat };
}

/** A vendor may be silent for a minute between two pictures; proxies cut what is silent for less. */
const KEEP_ALIVE_MS = 15_000;

/** Says something between events from time to time; call what is returned before the answer ends. */
function keepAlive(
  to: { readonly answer: Answer; readonly stream: ClientStream; readonly response: ServerResponse },
  comment: Buffer,
): () => void {
  const timer = setInterval(() => {
    // Between nothing where the answer is one JSON.
    if (to.answer.between) void to.stream.write(comment);
  }, KEEP_ALIVE_MS);
  const stop = () => clearInterval(timer);
  to.response.on("close", stop);
  return stop;
}

function errorText(words: SurfaceWords, refusal: Refusal, sold: Sold): ErrorAnswer {
  const { status, headers, body } = words.errorOf(refusal);
  return { status, body, headers: { ...soldHeaders(sold), ...headers } };
}
