import type { ServerResponse } from "node:http";
import type { ImageOrder } from "../../gates/order.ts";
import type { Client } from "../../gateway/client.ts";
import { refusalAnswer } from "../error-answer.ts";
import { type SurfaceWords, surfaceClient } from "../surface-client.ts";
import { type EventFacts, errorEvent, KEEP_ALIVE } from "./event-text.ts";
import { eventForm, plainForm } from "./image-forms.ts";
import { urlForm } from "./url-form.ts";

const words: SurfaceWords = {
  formOf: (order) => (order.stream === true ? eventForm(eventFacts(order)) : plainForm),
  urlForm,
  errorOf: refusalAnswer,
  events: { errorOf: errorEvent, keepAlive: KEEP_ALIVE },
};

/** The surface's side of the main path: OpenAI's envelope around whatever comes. */
export function openaiClient(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Client {
  return surfaceClient(words, response, headers);
}

function eventFacts(order: ImageOrder): EventFacts {
  return {
    operation: order.references === undefined ? "image_generation" : "image_edit",
    created: Math.floor(Date.now() / 1_000),
    quality: order.quality ?? "auto",
    background: order.background ?? "auto",
  };
}
