import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { newId } from "../ids.ts";
import { BODY_MS_MAX } from "../intake/limits.ts";
import { Refusal } from "../refusals.ts";
import { apiRoutes } from "./api.ts";
import type { ApiDeps } from "./api-deps.ts";
import { sendEarly } from "./early-answer.ts";
import { refusalFor, sendError } from "./error-answer.ts";
import {
  errorOf,
  type HotRoute,
  hotRoute,
  keptPictureRoute,
  runFileRoute,
  runPictureRoute,
} from "./hot-routes.ts";
import type { HotCall } from "./image-call.ts";

const HEADER_BYTES_MAX = 16 * 1024;
/** The head of a request must arrive within this time. */
const HEAD_MS_MAX = 60_000;
/**
 * A request must be here whole within this time; every route has a shorter one of its own, which answers. The
 * answer takes as long as pictures take.
 */
const REQUEST_MS_MAX = BODY_MS_MAX + HEAD_MS_MAX;

/** @param isWaiting the client has sent the head only and waits to be invited (`Expect: 100-continue`). */
type Listener = (request: IncomingMessage, response: ServerResponse, isWaiting: boolean) => void;

/** A server that can be listening before the gateway is ready, and after it stopped taking orders. */
export type GatewayServer = {
  readonly server: Server;
  /** From now on every route is served. */
  readonly serve: (deps: ApiDeps) => void;
  /** From now on new requests get 503; resolves when the calls in flight have ended. */
  readonly drain: () => Promise<void>;
  readonly callsInFlight: () => number;
};

/** The HTTP server, not yet listening: answers 503 `starting` until it serves. */
export function createGatewayServer(): GatewayServer {
  let listener: Listener = refuseAll("the gateway is starting", 2);
  const inFlight = new Set<Promise<void>>();
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEAD_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
    },
    (request, response) => listener(request, response, false),
  );
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) =>
    listener(request, response, true),
  );
  return {
    server,
    serve: (deps) => {
      listener = serving(deps, inFlight);
    },
    drain: async () => {
      listener = refuseAll("the gateway is stopping", 10);
      await Promise.allSettled([...inFlight]);
    },
    callsInFlight: () => inFlight.size,
  };
}

/** Hot routes on node's own streams, every other route through hono. */
function serving(deps: ApiDeps, inFlight: Set<Promise<void>>): Listener {
  const api = getRequestListener(apiRoutes(deps).fetch, { overrideGlobalObjects: false });
  return (request, response, isWaiting) => {
    const invite = isWaiting ? () => response.writeContinue() : () => undefined;
    const requestId = newId("req");
    const headers = commonHeaders(requestId, deps);
    const route = routeOf(request);
    if (route !== undefined) {
      const call = hot(
        route,
        { request, response },
        { deps, runs: deps.runs, headers, requestId, invite },
      );
      inFlight.add(call);
      void call.finally(() => inFlight.delete(call));
      return;
    }
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    invite();
    void api(request, response);
  };
}

function routeOf(request: IncomingMessage): HotRoute | undefined {
  const path = pathOf(request);
  switch (request.method) {
    case "POST":
      return hotRoute(path);
    case "PUT":
      return runFileRoute(path);
    case "GET":
      return keptPictureRoute(path) ?? runPictureRoute(path);
    case "HEAD":
      return keptPictureRoute(path);
    default:
      return undefined;
  }
}

/** Before and after its working life the gateway says so to everybody; `/healthz` stays true. */
function refuseAll(why: string, retryAfterSeconds: number): Listener {
  return (request, response) => {
    const path = pathOf(request);
    if (path === "/healthz") return answerJson(response, 200, { status: "ok" });
    if (path === "/readyz") return answerJson(response, 503, { ready: false });
    const refusal = new Refusal("not_ready", `${why}; nothing was spent`, { retryAfterSeconds });
    sendError(response, errorOf(path)(refusal), { connection: "close" });
  };
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function commonHeaders(requestId: string, deps: ApiDeps): Record<string, string> {
  return {
    "x-request-id": requestId,
    ...(deps.world === "sandbox" ? { "x-spotmeter-sandbox": "true" } : {}),
  };
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split("?")[0] ?? "";
}

async function hot(
  route: HotRoute,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  call: HotCall,
): Promise<void> {
  try {
    await route.run(request, response, call);
  } catch (cause) {
    const answer = route.errorOf(refusalFor(cause, call.requestId, call.deps.log));
    if (request.complete || response.headersSent) sendError(response, answer, call.headers);
    else await sendEarly({ request, response }, answer, call.headers);
  }
}
