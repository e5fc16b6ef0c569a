import type { IncomingMessage, ServerResponse } from "node:http";
import { checkKey } from "../../gateway/api-keys.ts";
import { prepare } from "../../gateway/prepare.ts";
import { quoteJson } from "../../gateway/quote-json.ts";
import { PictureRoom } from "../../intake/picture.ts";
import { presentedKey } from "../credentials.ts";
import { type HotCall, headersOf, leftSignal } from "../image-call.ts";
import { readImageRequest } from "./image-request.ts";

export const QUOTE_PATHS: ReadonlySet<string> = new Set(["/v1/images/quote", "/images/quote"]);

/**
 * `POST /v1/images/quote`: what a request would cost, an edit if it brings pictures; spends nothing. A hot
 * route because of those pictures, which are read and measured as for an edit.
 *
 * @throws Refusal for everything that the request itself would be refused for, the money apart.
 */
export async function quote(
  request: IncomingMessage,
  response: ServerResponse,
  { deps, headers, invite }: HotCall,
): Promise<void> {
  const key = await checkKey(presentedKey(headersOf(request)), deps.world, deps.ledger);
  using room = new PictureRoom();
  const left = leftSignal(response);
  const { order } = await readImageRequest(request, {
    ...{ room, left, invite },
    legacy: deps.legacy,
  });
  const by = { deps, accountPath: key.accountPath, policy: key };
  const body = JSON.stringify(quoteJson(await prepare(order, by), by));
  response.writeHead(200, { ...headers, "content-type": "application/json" });
  response.end(body);
}
