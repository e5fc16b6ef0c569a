import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { startEmulatedGateway } from "../../emulators/gateway/start.ts";

/** What stands in for the gateway's own answer; `drop` breaks the connection. */
export type Instead =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body: string }
  | { readonly change: (body: string) => string }
  | "drop";

/** An image call or a look at the balance, counted from 1 each. */
export type Passing = {
  readonly what: "image" | "credits" | "models";
  readonly index: number;
  readonly key: string;
};

/** An honest emulated gateway behind something that spoils single answers. */
export async function startFront(
  vendorUrl: string,
  spoil: (passing: Passing) => Instead | undefined,
) {
  const gateway = await startEmulatedGateway({ vendorUrl });
  const seen = { image: 0, credits: 0, models: 0 };
  const server = createServer(async (request, response) => {
    const what = kindOf(request.url ?? "");
    seen[what] += 1;
    const key = (request.headers.authorization ?? "").replace("Bearer ", "");
    const instead = spoil({ what, index: seen[what], key });
    if (instead === "drop") return void request.socket.destroy();
    if (instead !== undefined && "status" in instead) {
      request.resume();
      response.writeHead(instead.status, {
        "content-type": "application/json",
        ...instead.headers,
      });
      return void response.end(instead.body);
    }
    const answer = await forward(gateway.url, request);
    const text = await answer.text();
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(instead === undefined ? text : instead.change(text));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway.close();
    },
  };
}

function kindOf(url: string): Passing["what"] {
  if (url.includes("/images/")) return "image";
  return url.endsWith("/models") ? "models" : "credits";
}

async function forward(to: string, request: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { "content-type": type, authorization, "idempotency-key": intent } = request.headers;
  const given = { "content-type": type, authorization, "idempotency-key": intent };
  const headers = Object.entries(given).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[name, value]] : [],
  );
  const body = chunks.length === 0 ? {} : { body: new Uint8Array(Buffer.concat(chunks)) };
  return await fetch(to + (request.url ?? ""), {
    method: request.method ?? "GET",
    headers,
    ...body,
  });
}

export function refusal(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): Instead {
  return { status, headers, body: JSON.stringify({ error: { message, code: "planted" } }) };
}
