import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientStream } from "../../src/gateway/client-stream.ts";

/** A writer and a reader on loopback; the writer waits for a lagging reader for `slowingMs` in all. */
async function meet(
  slowingMs: number,
  write: (stream: ClientStream) => Promise<void>,
  read: (response: IncomingMessage) => Promise<void>,
): Promise<void> {
  let written: Promise<void> | undefined;
  const server = createServer((_request, response) => {
    const stream = new ClientStream(response, slowingMs);
    stream.head(200, { "content-type": "application/json" });
    written = write(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  const request = get({ port: address.port, host: "127.0.0.1", agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  await read(response);
  await written;
  server.closeAllConnections();
  server.close();
}

async function collect(response: IncomingMessage, pauseMs = 0): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return Buffer.concat(chunks);
}

describe("what is written to a client", () => {
  it("arrives whole and in order, whoever waits and whoever doesn't", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 400_000 }), fc.boolean()), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(0, 1, 50),
        fc.constantFrom(0, 1),
        async (writes, slowingMs, readPauseMs) => {
          const pieces = writes.map(([size], index) => Buffer.alloc(size, index + 1));
          const tail = Buffer.from("the end");
          await meet(
            slowingMs,
            async (stream) => {
              for (const [index, piece] of pieces.entries()) {
                const wait = stream.write(piece);
                // Punctuation between pictures is written without waiting.
                if (writes[index]?.[1]) await wait;
              }
              stream.end(tail);
            },
            async (response) => {
              const whole = Buffer.concat([...pieces, tail]);
              expect((await collect(response, readPauseMs)).equals(whole)).toBe(true);
            },
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("waits in a file for a client that reads nothing, and the writer goes on", async () => {
    const piece = Buffer.alloc(1_000_000, "a");
    await meet(
      20,
      async (stream) => {
        for (let nth = 0; nth < 30; nth += 1) await stream.write(piece);
        stream.end(Buffer.from("z"));
        expect(stream.gone).toBe(false);
      },
      async (response) => {
        // The writer is through long before anything is read.
        await sleep(100);
        const whole = await collect(response);
        expect([whole.length, whole.at(-1)]).toEqual([30_000_001, 0x7a]);
      },
    );
  });

  it("is dropped for a client that has gone, and the writer never waits for it", async () => {
    await meet(
      60_000,
      async (stream) => {
        for (let nth = 0; nth < 30; nth += 1) await stream.write(Buffer.alloc(1_000_000, "a"));
        expect(stream.gone).toBe(true);
        stream.end(Buffer.from("z"));
      },
      async (response) => {
        response.destroy();
        await once(response, "close");
      },
    );
  });

  it("is not taken for whole when it is broken off", async () => {
    await meet(
      0,
      async (stream) => {
        await stream.write(Buffer.alloc(3_000_000, "a"));
        stream.breakOff();
        stream.end(Buffer.from("z"));
      },
      async (response) => {
        await expect(collect(response)).rejects.toThrow("aborted");
      },
    );
  });

  it("a client that hung up before anything was written is known to be gone", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not a TCP server");
    const request = get({ port: address.port, host: "127.0.0.1", agent: false });
    request.on("error", () => undefined);
    const [, response] = await once(server, "request");
    request.destroy();
    await once(response, "close");
    const stream = new ClientStream(response);
    expect(stream.gone).toBe(true);
    expect(stream.write(Buffer.alloc(1_000_000))).toBeUndefined();
    stream.end(Buffer.from("z"));
    server.close();
  });
});
