import type { IncomingMessage, ServerResponse } from "node:http";
import { generateImage } from "../../gateway/generate-image.ts";
import { bodyIdentity } from "../../gateway/same.ts";
import { Refusal } from "../../refusals.ts";
import { type HotCall, headersOf, knowCaller } from "../image-call.ts";
import { readJson } from "../read-body.ts";
import { openaiClient } from "./image-client.ts";
import { askedIn, parseOrder } from "./parse-order.ts";

/** A body of parameters and one prompt, without pictures. */
const ORDER_BYTES_MAX = 1024 * 1024;

export const GENERATIONS_PATHS: ReadonlySet<string> = new Set([
  "/v1/images/generations",
  "/images/generations",
]);

/**
 * `POST /v1/images/generations`: a hot route, on node's own streams.
 *
 * @throws Refusal for everything that is refused before the vendor is called; later refusals it answers itself.
 */
export async function generations(
  request: IncomingMessage,
  response: ServerResponse,
  call: HotCall,
): Promise<void> {
  const callerOf = await knowCaller(headersOf(request), call, {
    route: "images/generations",
    surface: "generations",
  });
  call.invite();
  const body = await readJson(request, ORDER_BYTES_MAX).catch(sayWherePicturesGo);
  const order = parseOrder(body, call.deps.legacy);
  const caller = callerOf(bodyIdentity(askedIn(body), []));
  const client = openaiClient(response, call.headers);
  await generateImage(order, caller, client, call.deps);
}

/** A body over the limit holds a picture, as a rule: other services take them on this path. */
function sayWherePicturesGo(cause: unknown): never {
  if (!(cause instanceof Refusal) || cause.code !== "body_too_large") throw cause;
  const message = `${cause.message}; pictures to work on go to POST /v1/images/edits`;
  throw new Refusal(cause.code, message, cause.details);
}
