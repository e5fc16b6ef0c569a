import type { IncomingMessage, ServerResponse } from "node:http";
import { ownOutcomes } from "../../advisor/own-outcomes.ts";
import { checkKey } from "../../gateway/api-keys.ts";
import { compare, comparisonJson, type RankedBy, rankings } from "../../gateway/compare.ts";
import { PictureRoom } from "../../intake/picture.ts";
import { Refusal } from "../../refusals.ts";
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
 * because of the pictures that it may bring. `?by=kept` ranks by the price per kept picture.
 *
 * @throws Refusal for everything that `model: "auto"` would be refused for, a lack of capable models apart.
 */
export async function compareModels(
  request: IncomingMessage,
  response: ServerResponse,
  { deps, headers, invite }: HotCall,
): Promise<void> {
  const key = await checkKey(presentedKey(headersOf(request)), deps.world, deps.ledger);
  const rankedBy = rankingIn(request.url ?? "");
  using room = new PictureRoom();
  const left = leftSignal(response);
  const reading = { room, left, invite, legacy: deps.legacy, modelOmitted: "auto" };
  const { order } = await readImageRequest(request, reading);
  const by = { deps, accountPath: key.accountPath, policy: key };
  const { rootId, accountId } = key;
  const outcomes = ownOutcomes(await deps.ledger.judged({ rootId, accountId }));
  const comparison = comparisonJson(await compare(order, by, { rankedBy, outcomes }), deps);
  const body = JSON.stringify(snakeCase(comparison));
  response.writeHead(200, { ...headers, "content-type": "application/json" });
  response.end(body);
}

/** What the query asks to rank by; by price where it asks for nothing. */
function rankingIn(url: string): RankedBy {
  const query = new URLSearchParams(url.split("?").slice(1).join("?"));
  const [other] = [...query.keys()].filter((name) => name !== "by");
  if (other !== undefined) {
    throw new Refusal("unknown_parameter", `unknown parameter: ${other}`, {
      ...{ param: other, sent: query.get(other), allowed: ["by"] },
    });
  }
  const sent = query.get("by") ?? "price";
  const found = rankings.find((each) => each === sent);
  if (found !== undefined) return found;
  const why = `by=${sent}: must be price (expected, the default) or kept (per kept picture, by your own outcomes)`;
  throw new Refusal("invalid_value", why, { param: "by", sent, allowed: rankings });
}
