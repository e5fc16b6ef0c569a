import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { routeAlibaba } from "./alibaba/routes.ts";
import { type Answer, AnswerError, jsonAnswer, PROMPT_DELIVERY, sendAnswer } from "./answer.ts";
import { routeByteplus } from "./byteplus/routes.ts";
import { type Call, CallLog, cutLongText, type VendorName } from "./call-log.ts";
import type { Exchange, Route, Router, World } from "./exchange.ts";
import { NO_FAULTS, readFaults } from "./faults.ts";
import { routeGoogle } from "./google/routes.ts";
import { isObject, parseJson } from "./json.ts";
import { routeOpenai } from "./openai/routes.ts";

/** Asked in this order: Gemini's `/v1/models/{m}:generateContent` comes before OpenAI's `/v1/models/{m}`. */
const ROUTERS: readonly Router[] = [routeGoogle, routeByteplus, routeAlibaba, routeOpenai];

/** Sixteen references of 50 MB would fit no vendor's limit on the whole request; beyond this nothing is read. */
const BODY_BYTES_MAX = 157_286_400;

/** Far above what any client keeps a socket for: vendors don't close what somebody is about to use. */
const IDLE_MS_MAX = 65_000;

/** One HTTP server for all four vendors. The caller listens and closes. */
export function createEmulatorServer(world: World): Server {
  const log = new CallLog();
  return createServer({ keepAliveTimeout: IDLE_MS_MAX }, (request, response) => {
    answerRequest(request, response, { world, log }).catch((error: unknown) => {
      // A bug in an emulator must be seen by whoever runs the test, and must not end the process.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `emulator bug: ${message}` } }));
    });
  });
}

type Desk = { readonly world: World; readonly log: CallLog };

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  desk: Desk,
): Promise<void> {
  const method = request.method ?? "GET";
  const url = new URL(request.url ?? "/", "http://emulator");
  const own = answerOwnPath(method, url.pathname, desk);
  if (own !== undefined) return sendAnswer(response, own, PROMPT_DELIVERY);
  const route = findRoute(method, url.pathname);
  if (route === undefined) return sendAnswer(response, notFound(url.pathname), PROMPT_DELIVERY);
  const body = await readBody(request);
  if (body === undefined) {
    const message = `Request body larger than ${BODY_BYTES_MAX} bytes`;
    return sendAnswer(response, jsonAnswer(413, { error: { message } }), PROMPT_DELIVERY);
  }
  const { exchange, complaint } = openExchange({ request, url, body, route }, desk);
  const answer =
    complaint === undefined ? await catchRefusal(() => route.handle(exchange)) : complaint;
  const delivery = answer.delivery ?? exchange.faults;
  if (!delivery.hang) exchange.call.status = answer.status;
  await sendAnswer(response, answer, delivery);
}

type Arrival = {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
  readonly route: Route;
};

/** Logs an arrived request and reads its switches; a `complaint` is the answer to an unknown switch. */
function openExchange(
  arrival: Arrival,
  desk: Desk,
): { readonly exchange: Exchange; readonly complaint: Answer | undefined } {
  const { request, url, body, route } = arrival;
  const isMultipart = (request.headers["content-type"] ?? "").startsWith("multipart/");
  const json = isMultipart ? undefined : parseJson(body.toString("utf8"));
  const call = describeCall(request, url, json, route);
  if (route.kind === "generation") desk.log.add(call);
  if (route.kind === "poll") desk.log.countPoll();
  const faults = route.kind === "generation" ? readFaults(request.headers) : NO_FAULTS;
  const exchange: Exchange = {
    method: call.method,
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body,
    json,
    origin: `http://${request.headers.host ?? "127.0.0.1"}`,
    faults: typeof faults === "string" ? NO_FAULTS : faults,
    call,
    world: desk.world,
  };
  const isComplaint = typeof faults === "string" && route.kind === "generation";
  return { exchange, complaint: isComplaint ? route.refuse(faults) : undefined };
}

async function catchRefusal(run: () => Promise<Answer> | Answer): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AnswerError) return error.answer;
    throw error;
  }
}

function findRoute(method: string, path: string): Route | undefined {
  for (const router of ROUTERS) {
    const route = router(method, path);
    if (route !== undefined) return route;
  }
  return undefined;
}

/** `/__calls` and `/__pictures/…`: ours, no vendor's. */
function answerOwnPath(method: string, path: string, desk: Desk): Answer | undefined {
  if (path === "/__calls" && method === "GET") return jsonAnswer(200, desk.log.toJson());
  if (path === "/__calls" && method === "DELETE") {
    desk.log.clear();
    return { status: 204, headers: {}, body: [] };
  }
  const name = /^\/__pictures\/([\w.-]+)$/.exec(path)?.[1];
  if (name === undefined || (method !== "GET" && method !== "HEAD")) return undefined;
  desk.log.countDownload();
  const stored = desk.world.store.get(name);
  // Object stores answer an expired signature with 403 and XML [guess].
  if (stored === undefined) {
    const xml = "<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>";
    return { status: 403, headers: { "content-type": "application/xml" }, body: [xml] };
  }
  const headers = { "content-type": `image/${stored.format}` };
  return { status: 200, headers, body: method === "HEAD" ? [] : [stored.file] };
}

function describeCall(request: IncomingMessage, url: URL, json: unknown, route: Route): Call {
  const { "x-emulate": emulate, "x-emulate-leg": leg, "x-goog-api-key": googKey } = request.headers;
  const auth =
    (request.headers.authorization !== undefined && "authorization") ||
    (googKey !== undefined && "x-goog-api-key") ||
    (url.searchParams.has("key") && "key") ||
    "none";
  const { model = null } = isObject(json) ? json : {};
  const vendor: VendorName = route.kind === "generation" ? route.vendor : "openai";
  const pathModel = route.kind === "generation" ? route.model : null;
  return {
    at: new Date().toISOString(),
    vendor,
    method: request.method ?? "GET",
    path: url.pathname,
    model: pathModel ?? (typeof model === "string" ? model : null),
    body: cutLongText(json ?? null),
    headers: {
      ...(emulate === undefined ? {} : { "x-emulate": String(emulate) }),
      ...(leg === undefined ? {} : { "x-emulate-leg": String(leg) }),
      auth,
    },
    status: null,
    images: 0,
    usage: null,
  };
}

/** The whole body; undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** No vendor serves this path: OpenAI's words, since its clients are the ones that try others (guess). */
function notFound(path: string): Answer {
  const message = `Invalid URL (${path})`;
  return jsonAnswer(404, {
    error: { message, type: "invalid_request_error", param: null, code: null },
  });
}
