import { type Answer, AnswerError } from "../answer.ts";
import { bearerKey, type Exchange, isBadKey, type Route } from "../exchange.ts";
import { isObject, type JsonObject } from "../json.ts";
import { arkError, arkStatus } from "./errors.ts";
import { generateImages } from "./generate.ts";
import { findSeedreamModel } from "./models.ts";
import { readSeedreamOrder } from "./order.ts";

/** `POST /api/v3/images/generations`: byteplus.md §1. */
export function routeByteplus(method: string, path: string): Route | undefined {
  if (method !== "POST" || path !== "/api/v3/images/generations") return undefined;
  return {
    kind: "generation",
    vendor: "byteplus",
    model: null,
    handle: generations,
    refuse: (message) => arkError(400, "InvalidParameter", message),
  };
}

async function generations(exchange: Exchange): Promise<Answer> {
  const key = bearerKey(exchange.headers);
  if (key === undefined || isBadKey(key)) return arkStatus(401);
  if (!isObject(exchange.json)) {
    return arkError(400, "InvalidParameter", "The request body is not a JSON object.");
  }
  const body = withoutNulls(exchange.json);
  const { model: name } = body;
  if (typeof name !== "string" || name === "") {
    throw new AnswerError(
      arkError(
        400,
        "MissingParameter",
        "The request failed because it is missing one or multiple required parameters: model.",
      ),
    );
  }
  const found = findSeedreamModel(name);
  if (found === undefined) {
    return arkError(
      404,
      "InvalidEndpointOrModel.NotFound",
      `The model or endpoint ${name} does not exist or you do not have access to it.`,
    );
  }
  return generateImages(exchange, readSeedreamOrder(body, found));
}

/** A null field counts as omitted [guess]. */
function withoutNulls(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}
