import type { IncomingMessage, ServerResponse } from "node:http";
import { generateImage } from "../../gateway/generate-image.ts";
import { PictureRoom } from "../../intake/picture.ts";
import { Refusal } from "../../refusals.ts";
import { type HotCall, headersOf, knowCaller } from "../image-call.ts";
import { openaiClient } from "./image-client.ts";
import { readImageRequest } from "./image-request.ts";

export const EDITS_PATHS: ReadonlySet<string> = new Set(["/v1/images/edits", "/images/edits"]);

/**
 * `POST /v1/images/edits`: pictures changed after a prompt; a form or JSON. A hot route, on node's own streams.
 *
 * @throws Refusal for everything that is refused before the vendor is called; later refusals it answers itself.
 */
export async function edits(
  request: IncomingMessage,
  response: ServerResponse,
  call: HotCall,
): Promise<void> {
  const callerOf = await knowCaller(headersOf(request), call, {
    route: "images/edits",
    surface: "edits",
  });
  const client = openaiClient(response, call.headers);
  // Until the call is over: the vendor reads the pictures from there, a second time if it has to.
  using room = new PictureRoom();
  const { invite } = call;
  const { order, identity } = await readImageRequest(request, {
    ...{ room, left: client.left, invite },
    legacy: call.deps.legacy,
  });
  if (order.references === undefined) {
    const why =
      "image is required: an edit works on at least one picture; POST /v1/images/generations makes one from words alone";
    throw new Refusal("missing_parameter", why, { param: "image" });
  }
  await generateImage(order, callerOf(identity), client, call.deps);
}
