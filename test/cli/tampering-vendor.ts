import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a tampering vendor does to an answer's body; a status and headers in place of the vendor's own where given. */
export type Tamper = (
  // biome-ignore lint/suspicious/noExplicitAny: whatever the vendor answers
  body: any,
  call: { readonly path: string; readonly count: number },
) => {
  readonly body: unknown;
  readonly status?: number;
  readonly headers?: Record<string, string>;
};

/** Stands between a gateway and an emulator and changes what the vendor's JSON answers say. */
export async function tamperingVendor(emulatorUrl: string, tamper: Tamper) {
  let count = 0;
  const server = createServer((request, response) => {
    const forward = async (): Promise<void> => {
      const answer = await fetch(`${emulatorUrl}${request.url}`, {
        method: request.method ?? "GET",
        headers: {
          authorization: request.headers.authorization ?? "",
          ...(request.headers["content-type"] === undefined
            ? {}
            : { "content-type": request.headers["content-type"] }),
        },
        ...(request.method === "POST" ? { body: await bodyOf(request) } : {}),
      });
      count += 1;
      const changed = tamper(await answer.json(), { path: request.url ?? "", count });
      response.writeHead(changed.status ?? answer.status, {
        "content-type": "application/json",
        ...changed.headers,
      });
      response.end(JSON.stringify(changed.body));
    };
    forward().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls: () => count,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
