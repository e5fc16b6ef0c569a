import { createServer, type IncomingMessage, type Server } from "node:http";
import { type Answer, jsonAnswer, PROMPT_DELIVERY, sendAnswer } from "../answer.ts";
import { bearerKey, isBadKey } from "../exchange.ts";
import { GPT_IMAGE_MODELS } from "../openai/models.ts";
import { fieldOf, readGatewayOrder } from "./order.ts";
import { dollars } from "./prices.ts";
import { type Shop, sell } from "./sell.ts";

const IMAGE_PATHS = ["/v1/images/generations", "/v1/images/edits"] as const;
const IDLE_MS_MAX = 65_000;

/** One HTTP server for the gateway. The caller listens and closes. */
export function createGatewayServer(shop: Shop): Server {
  return createServer({ keepAliveTimeout: IDLE_MS_MAX }, (request, response) => {
    answer(request, shop)
      .then((said) => sendAnswer(response, said, PROMPT_DELIVERY))
      .catch((error: unknown) => {
        // A bug in an emulator must be seen by whoever runs the test, and must not end the process.
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: { message: `emulator bug: ${message}` } }));
      });
  });
}

async function answer(request: IncomingMessage, shop: Shop): Promise<Answer> {
  const { method = "GET" } = request;
  const { pathname } = new URL(request.url ?? "/", "http://gateway");
  if (method === "GET" && pathname === "/__charges") return charges(shop);
  const key = bearerKey(request.headers);
  if (key === undefined || isBadKey(key)) {
    return refuse(401, "invalid_api_key", "This key is not known here.");
  }
  if (method === "GET" && pathname === "/v1/models") return models();
  if (method === "GET" && pathname === "/v1/credits") return credits(key, shop);
  const path = IMAGE_PATHS.find((known) => known === pathname);
  return method === "POST" && path !== undefined
    ? takeOrder(request, { path, key }, shop)
    : refuse(404, "not_found", `Nothing is at ${method} ${pathname}.`);
}

async function takeOrder(
  request: IncomingMessage,
  { path, key }: { readonly path: (typeof IMAGE_PATHS)[number]; readonly key: string },
  shop: Shop,
): Promise<Answer> {
  const { credits: given, used } = shop.accounts.balance(key);
  const body = await readBody(request);
  if (given <= used) return refuse(402, "insufficient_credits", "This key has no credits left.");
  const order = await readGatewayOrder(path, body, request.headers["content-type"] ?? "");
  if (order === undefined) return refuse(400, "invalid_body", "The body can't be read.");
  if (fieldOf(order, "stream") === true) {
    return refuse(400, "unsupported_value", "Streams are not sold here.", "stream");
  }
  const intent = request.headers["idempotency-key"];
  return sell({ order, key, intent: typeof intent === "string" ? intent : undefined }, shop);
}

/** Ours: what was charged, for whoever checks an audit. */
function charges({ accounts }: Shop): Answer {
  const rows = accounts.charges().map(({ key, why, model, picodollars }) => ({
    ...{ key, why, model },
    usd: dollars(picodollars),
  }));
  return jsonAnswer(200, { charges: rows });
}

function models(): Answer {
  const data = GPT_IMAGE_MODELS.map(({ id }) => ({
    ...{ id, object: "model", created: 1_745_539_200, owned_by: "gateway" },
  }));
  return jsonAnswer(200, { object: "list", data });
}

/** OpenRouter's shape: docs/api/api-reference/credits/get-credits, read 2026-11-26. */
function credits(key: string, { accounts }: Shop): Answer {
  const { credits: given, used } = accounts.balance(key);
  const text = `{"data":{"total_credits":${dollars(given)},"total_usage":${dollars(used)}}}`;
  return { status: 200, headers: { "content-type": "application/json" }, body: [text] };
}

function refuse(
  status: number,
  code: string,
  message: string,
  param: string | null = null,
): Answer {
  const error = { message, type: "invalid_request_error", param, code };
  return jsonAnswer(status, { error });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
