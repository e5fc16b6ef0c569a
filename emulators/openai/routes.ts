import { type Answer, AnswerError, jsonAnswer } from "../answer.ts";
import { bearerKey, type Exchange, isBadKey, type Route } from "../exchange.ts";
import { isObject } from "../json.ts";
import { DALL_E_IDS, generateWithDallE } from "./dall-e.ts";
import { editImages } from "./edit.ts";
import { modelNotFound, openaiError, openaiHeaders, refuseParameter } from "./errors.ts";
import { field } from "./fields.ts";
import { generateImages, NO_EDIT } from "./generate.ts";
import { findGptImageModel, GPT_IMAGE_MODELS } from "./models.ts";
import { readGptImageOrder } from "./order.ts";

/** The spec's own default, though the model is shut down (openai.md §1: "Spec defaults are traps"). */
const MODEL_DEFAULT = "dall-e-2";

/** OpenAI's paths: openai.md §2, §1. */
export function routeOpenai(method: string, path: string): Route | undefined {
  if (method === "POST" && path === "/v1/images/generations") {
    return { kind: "generation", vendor: "openai", model: null, handle: generations, refuse };
  }
  if (method === "POST" && path === "/v1/images/edits") {
    return { kind: "generation", vendor: "openai", model: null, handle: edits, refuse };
  }
  const model = /^\/v1\/models(?:\/([\w.-]+))?$/.exec(path);
  if (method === "GET" && model !== null) {
    const id = model[1];
    return { kind: "other", handle: (exchange) => listModels(exchange, id) };
  }
  return undefined;
}

function refuse(message: string): Answer {
  return openaiError({ status: 400, code: "unknown_emulator_switch", param: "x-emulate", message });
}

async function generations(exchange: Exchange): Promise<Answer> {
  checkKey(exchange);
  const body = exchange.json;
  if (!isObject(body)) throw refuseParameter("invalid_json", "body", "Could not parse JSON body.");
  const id = field(body, "model") ?? MODEL_DEFAULT;
  if (typeof id !== "string") {
    throw refuseParameter("invalid_type", "model", "Invalid type for 'model': expected a string.");
  }
  exchange.call.model = id;
  if (DALL_E_IDS.includes(id)) return generateWithDallE(exchange, body, id);
  const model = findGptImageModel(id);
  if (model === undefined) return modelNotFound(id);
  return generateImages(exchange, readGptImageOrder(body, model), NO_EDIT);
}

function edits(exchange: Exchange): Promise<Answer> {
  checkKey(exchange);
  return editImages(exchange);
}

/** Any non-empty key is good except those that begin with `bad` (openai.md §5: 401 invalid_api_key). */
function checkKey(exchange: Exchange): void {
  const key = bearerKey(exchange.headers);
  if (key !== undefined && !isBadKey(key)) return;
  const message =
    key === undefined
      ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
      : "Incorrect API key provided: bad***. You can find your API key at https://platform.openai.com/account/api-keys.";
  throw new AnswerError(openaiError({ status: 401, code: "invalid_api_key", message }));
}

/** The list carries `shutdown_date` (openai.md §1 [spec]). */
function listModels(exchange: Exchange, id: string | undefined): Answer {
  checkKey(exchange);
  const rows = GPT_IMAGE_MODELS.map((model) => ({
    id: model.id,
    object: "model",
    created: 1_745_539_200,
    owned_by: "openai",
    shutdown_date: model.shutdownDate,
  }));
  if (id === undefined) return jsonAnswer(200, { object: "list", data: rows }, openaiHeaders());
  const row = rows.find((candidate) => candidate.id === id);
  return row === undefined ? modelNotFound(id) : jsonAnswer(200, row, openaiHeaders());
}
