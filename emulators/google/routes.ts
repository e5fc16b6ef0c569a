import { type Answer, jsonAnswer } from "../answer.ts";
import { type Exchange, isBadKey, type Route } from "../exchange.ts";
import { badKey, googleError, invalidArgument, noKey, unknownModel } from "./errors.ts";
import { type GeminiForm, generateContent } from "./generate.ts";
import { GEMINI_MODELS } from "./models.ts";
import { readGeminiOrder } from "./order.ts";

/** Whole requests: 100 MB since 2026-01-08 (google.md §2 [spec S13, S17]). */
const REQUEST_BYTES_MAX = 104_857_600;

/** `POST /v1beta/models/{m}:generateContent` and the stream; `/v1` too, since the SDK 3.1.0 uses it (google.md §2). */
export function routeGoogle(method: string, path: string): Route | undefined {
  if (method === "GET" && /^\/v1beta\/models$/.test(path))
    return { kind: "other", handle: listModels };
  const match = /^\/(v1beta|v1)\/models\/([\w.-]+):(\w+)$/.exec(path);
  if (method !== "POST" || match === null) return undefined;
  const [, version = "v1beta", model = "", action = ""] = match;
  return {
    kind: "generation",
    vendor: "google",
    model,
    handle: (exchange) => generate(exchange, { version, model, action }),
    refuse: (message) => googleError(400, message),
  };
}

async function generate(
  exchange: Exchange,
  target: { readonly version: string; readonly model: string; readonly action: string },
): Promise<Answer> {
  checkKey(exchange);
  const model = GEMINI_MODELS.find((candidate) => candidate.id === target.model);
  const isStream = target.action === "streamGenerateContent";
  // Imagen lives on `:predict` and on Vertex; here it is unknown like any other (google.md §4, §8).
  if (model === undefined || (target.action !== "generateContent" && !isStream)) {
    return unknownModel(target.model, target.version);
  }
  if (exchange.body.byteLength > REQUEST_BYTES_MAX) {
    throw invalidArgument(`Request payload size exceeds the limit: ${REQUEST_BYTES_MAX} bytes.`);
  }
  const streamForm: GeminiForm = exchange.query.get("alt") === "sse" ? "events" : "list";
  const order = readGeminiOrder(exchange.json, model);
  return generateContent(exchange, order, isStream ? streamForm : "whole");
}

/** `x-goog-api-key` or `?key=`: google.md §2. */
function checkKey(exchange: Exchange): void {
  const { "x-goog-api-key": header } = exchange.headers;
  const key = typeof header === "string" ? header : exchange.query.get("key");
  if (key === null || key === "") throw noKey();
  if (isBadKey(key)) throw badKey();
}

/** By default a page holds 50, at most 1,000: https://ai.google.dev/api/models, checked 2026-11-26. */
const PAGE_SIZE_DEFAULT = 50;
const PAGE_SIZE_MAX = 1_000;

/** `ListModels`, which the 404 names (google.md §4). Tokens are opaque to clients; here they count. */
function listModels(exchange: Exchange): Answer {
  checkKey(exchange);
  const { query } = exchange;
  const size = Math.min(Number(query.get("pageSize") ?? PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX);
  const from = Number(query.get("pageToken") ?? 0);
  const models = GEMINI_MODELS.slice(from, from + size).map(({ id, version }) => ({
    name: `models/${id}`,
    version,
    displayName: id,
    supportedGenerationMethods: ["generateContent", "streamGenerateContent"],
  }));
  const next = from + size;
  return jsonAnswer(200, {
    models,
    ...(next < GEMINI_MODELS.length ? { nextPageToken: String(next) } : {}),
  });
}
