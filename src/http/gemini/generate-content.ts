import type { IncomingMessage, ServerResponse } from "node:http";
import { generateImage } from "../../gateway/generate-image.ts";
import { bodyIdentity } from "../../gateway/same.ts";
import { PictureRoom } from "../../intake/picture.ts";
import { Refusal } from "../../refusals.ts";
import { type HotCall, headersOf, knowCaller } from "../image-call.ts";
import { measureAll } from "../openai/image-request.ts";
import { parseOrder } from "../openai/parse-order.ts";
import { surfaceClient } from "../surface-client.ts";
import { readContentBody } from "./content-body.ts";
import { type ContentSurface, contentWords } from "./content-forms.ts";
import { contentOrder } from "./content-order.ts";
import { inGeminiWords } from "./field-names.ts";
import { readContent, sentPictures } from "./read-content.ts";
import { readTarget, withQueryKey } from "./target.ts";

/** What an `Idempotency-Key` is bound to: the form of an answer is part of it, because it is given again as it was. */
const ROUTES: Readonly<Record<ContentSurface, string>> = {
  generate_content: "generateContent",
  generate_content_list: "streamGenerateContent",
  generate_content_events: "streamGenerateContent?alt=sse",
};

/**
 * `POST …/models/{model}:generateContent` and `:streamGenerateContent`: hot routes, on node's own streams.
 *
 * @throws Refusal for everything that is refused before the vendor is called; later refusals it answers itself.
 */
export async function generateContent(
  request: IncomingMessage,
  response: ServerResponse,
  call: HotCall,
): Promise<void> {
  const url = request.url ?? "";
  const { model, surface } = readTarget(url);
  const callerOf = await knowCaller(withQueryKey(headersOf(request), url), call, {
    route: ROUTES[surface],
    surface,
  });
  const client = surfaceClient(contentWords(surface), response, call.headers);
  // Until the call is over: the vendor reads the pictures from there, a second time if it has to.
  using room = new PictureRoom();
  const { invite } = call;
  const { body, pictures } = await inWords(() => readContent(request, { room, invite }));
  const { parameters, pictures: places } = contentOrder(readContentBody(body), model);
  await inWords(async () => {
    const sent = sentPictures(places, pictures);
    const order = parseOrder(parameters, call.deps.legacy);
    const reading = { room, left: client.left };
    const measured = await measureAll({ images: sent, mask: undefined }, reading);
    const caller = callerOf(bodyIdentity(parameters, measured.files));
    await generateImage({ ...order, ...measured.pictures }, caller, client, call.deps);
  });
}

/** What is shared with the images routes refuses in their words: their names for parameters are put into ours. */
async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof Refusal ? inGeminiWords(cause) : cause;
  }
}
