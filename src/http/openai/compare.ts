import type { IncomingMessage, ServerResponse } from "node:http";
import { checkKey } from "../../gateway/api-keys.ts";
import { compare, comparisonJson } from "../../gateway/compare.ts";
import { PictureRoom } from "../../intake/picture.ts";
import { presentedKey } from "../credentials.ts";
import { type HotCall, headersOf, leftSignal } from "../image-call.ts";
import { snakeCase } from "../snake-case.ts";
import { readImageRequest } from "./image-request.ts";

export const COMPARE_PATHS: ReadonlySet<string> = new Set([
  "/v1/images/compare",
  "/images/compare",
]);

/**
 * `POST /v1/images/compare`: every model ranked for a request without a model; spends nothing. A hot route
 * because of the pictures that it may bring.
 *
 * @throws Refusal for everything that `model: "auto"` would be refused for, a lack of capable models apart.
 */
export async function compareModels(
  request: IncomingMessage,
  response: ServerResponse,
  { deps, headers, invite }: HotCall,
): Promise<void> {
  const key = await checkKey(presentedKey(headersOf(request)), deps.world, deps.ledger);
  using room = new PictureRoom();
  const left = leftSignal(response);
  const reading = { room, left, invite, legacy: deps.legacy, modelOmitted: "auto" };
  const { order } = await readImageRequest(request, reading);
  const by = { deps, accountPath: key.accountPath, policy: key };
  const comparison = comparisonJson(await compare(order, by), deps);
  const body = JSON.stringify(snakeCase(comparison));
  response.writeHead(200, { ...headers, "content-type": "application/json" });
  response.end(body);
}
