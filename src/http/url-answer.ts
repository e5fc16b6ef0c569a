import type { ServerResponse } from "node:http";
import type { Opened } from "../gateway/client.ts";
import { ClientStream } from "../gateway/client-stream.ts";
import type { AskedOfImage } from "../gateway/image-facts.ts";
import { PassingImages } from "../gateway/passing-images.ts";
import type { Refusal } from "../refusals.ts";
import { type AnswerForm, answerEnd, type Sold } from "./answer-form.ts";
import { type ErrorAnswer, sendError } from "./error-answer.ts";

/** An answer that names each picture by a URL of ours. Nothing of it leaves before the settlement is durable. */

export type UrlAnswering = {
  readonly sold: Sold;
  /** Whose tail is all of the answer. */
  readonly form: AnswerForm;
  /** Headers of this answer alone. */
  readonly own: Readonly<Record<string, string>>;
  readonly asked: AskedOfImage;
  readonly errorOf: (refusal: Refusal) => ErrorAnswer;
};

export function openUrlAnswer(response: ServerResponse, answering: UrlAnswering): Opened {
  const { sold, form, own, asked, errorOf } = answering;
  const stream = new ClientStream(response);
  const passing = new PassingImages(asked);
  return {
    sink: passing,
    delivered: () => ({ images: passing.images, gone: stream.gone }),
    committed: () => false,
    // All of it is in what `endOf` makes.
    copyTo: () => undefined,
    endOf: (made) => answerEnd(made, sold, form),
    finish: ({ tail, headers }) => {
      stream.head(200, { ...own, ...headers, "content-length": String(tail.length) });
      stream.end(tail);
    },
    errorOf,
    refuse: (refusal) => {
      if (!stream.gone) sendError(response, errorOf(refusal), own);
    },
    abandon: () => undefined,
  };
}
