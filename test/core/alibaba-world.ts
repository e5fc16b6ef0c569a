import type { ServerResponse } from "node:http";
import { alibabaVendor } from "../../src/vendors/alibaba/client.ts";
import type { Outcome } from "../../src/vendors/port.ts";
import { acceptedFor, callTo, recordingSink, type Seen, serve } from "./vendor-bench.ts";

/** What each picture URL of a test answers; every other path is the API's. */
export type World = {
  readonly api: (request: Seen, response: ServerResponse, origin: string) => void;
  readonly picture?: (path: string, response: ServerResponse) => void;
  readonly model?: string;
  readonly n?: number;
  readonly deadline?: AbortController;
  readonly noteTask?: (taskId: string) => Promise<void>;
};
type Run = {
  readonly outcome: Outcome;
  readonly whole: string[];
  readonly seen: Seen[];
  /** The API's calls, in order, as "METHOD path". */
  readonly calls: string[];
};

/** Dispatches one order against a DashScope of the test's own. */
export async function run(world: World): Promise<Run> {
  let origin = "";
  await using server = await serve((request, response) => {
    if (!request.url.startsWith("/pictures/")) return world.api(request, response, origin);
    (world.picture ?? sendPicture)(request.url, response);
  });
  origin = server.origin;
  const accepted = await acceptedFor(world.model ?? "qwen-image-2.0", { n: world.n ?? 1 });
  const sink = recordingSink();
  const call = callTo("alibaba", {
    origin,
    accepted,
    headers: { "x-emulate": "slow=10" },
    ...(world.deadline === undefined ? {} : { signal: world.deadline.signal }),
    ...(world.noteTask === undefined ? {} : { noteTask: world.noteTask }),
  });
  const outcome = await alibabaVendor().dispatch(call, sink);
  const seen = server.seen.filter(({ url }) => url.startsWith("/api/"));
  return {
    outcome,
    whole: sink.whole.map((base64) => Buffer.from(base64, "base64").toString("utf8")),
    seen,
    calls: seen.map(({ method, url }) => `${method} ${url}`),
  };
}

/** The picture at a path is its path: `/pictures/1`. */
function sendPicture(path: string, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "image/png" });
  response.end(path);
}

/** A choice with these pictures. */
export function contentOf(...urls: string[]): object {
  return {
    finish_reason: "stop",
    message: { role: "assistant", content: urls.map((image) => ({ image })) },
  };
}

/** A task as a poll shows it. */
export function task(status: string, more: object = {}): object {
  return { request_id: "req-1", output: { task_id: "task-1", task_status: status, ...more } };
}
