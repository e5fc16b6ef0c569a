import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Model, modelSchema } from "../../src/catalog/schema.ts";
import { type AcceptedOrder, accept } from "../../src/gates/accept.ts";
import type { ImageOrder } from "../../src/gates/order.ts";
import type { Connection, ImageSink, VendorCall } from "../../src/vendors/port.ts";

/** What the tests of an adapter stand on: a row of the catalog, a server of the test's own, a sink that remembers. */

const root = new URL("../../", import.meta.url);

export async function catalogModel(id: string): Promise<Model> {
  return modelSchema.parse(
    JSON.parse(await readFile(new URL(`catalog/models/${id}.json`, root), "utf8")),
  );
}

/** A recorded or documented answer; `source` beside it says whose. */
export async function fixture(
  path: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, body } = JSON.parse(
    await readFile(new URL(`src/vendors/${path}.json`, root), "utf8"),
  );
  return { status, body };
}

export async function acceptedFor(
  id: string,
  asked: Partial<ImageOrder> = {},
): Promise<AcceptedOrder> {
  const order: ImageOrder = {
    model: id,
    prompt: "a matte blue mug",
    n: 1,
    ...(asked.n === undefined ? { nOmitted: true } : {}),
    ...asked,
  };
  const prompt = {
    characters: [...order.prompt].length,
    bytes: Buffer.byteLength(order.prompt),
    tokens: order.prompt.split(" ").length,
  };
  return accept(order, await catalogModel(id), prompt);
}

export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The body as it came. */
  readonly bytes: Buffer;
};
export type Handler = (request: Seen, response: ServerResponse) => void | Promise<void>;

/** A server on loopback that keeps what it was asked. Ends with its scope (`await using`). */
export async function serve(
  handler: Handler,
): Promise<{ readonly origin: string; readonly seen: Seen[] } & AsyncDisposable> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const entry = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      body: bytes.toString("utf8"),
      bytes,
    };
    seen.push(entry);
    await handler(entry, response);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
  response.end(JSON.stringify(body));
}

/** Remembers every picture as text; `cut` are those that were begun and not ended. */
export function recordingSink(
  wait: () => Promise<void> | undefined = () => undefined,
): ImageSink & { readonly whole: string[]; readonly open: string[] } {
  const whole: string[] = [];
  const open: string[] = [];
  return {
    whole,
    open,
    begin: () => {
      open.push("");
    },
    piece: (bytes) => {
      open.push((open.pop() ?? "") + bytes.toString("latin1"));
      return wait();
    },
    end: () => {
      whole.push(open.pop() ?? "");
    },
  };
}

export function callTo(
  vendor: string,
  to: {
    readonly origin: string;
    readonly accepted: AcceptedOrder;
    readonly signal?: AbortSignal;
    readonly noteTask?: VendorCall["noteTask"];
    readonly headers?: VendorCall["headers"];
  },
): VendorCall {
  const connection: Connection = {
    id: `${vendor}-test`,
    vendor,
    baseUrl: to.origin,
    key: "test-key",
    loopback: true,
  };
  return {
    accepted: to.accepted,
    connection,
    signal: to.signal ?? AbortSignal.timeout(20_000),
    headers: to.headers ?? {},
    noteTask: to.noteTask ?? (() => Promise.resolve()),
  };
}
