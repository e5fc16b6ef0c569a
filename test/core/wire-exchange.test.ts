import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Reference } from "../../src/gates/order.ts";
import { exchange, type WireBody, type WireEnd } from "../../src/vendors/wire/exchange.ts";
import { dataUrl, jsonBody } from "../../src/vendors/wire/json-body.ts";
import { measured } from "./pictures.ts";
import { serve } from "./vendor-bench.ts";

/** A file that counts what is read of it and knows when its reader is done with it. */
function watched(bytes: number, failAt = Number.POSITIVE_INFINITY) {
  const seen = { opened: 0, bytes: 0, closed: 0 };
  const read = async function* (): AsyncGenerator<Buffer> {
    seen.opened += 1;
    const piece = Buffer.alloc(65_536);
    try {
      for (let left = bytes; left > 0; left -= piece.length) {
        if (seen.bytes >= failAt) throw new Error("EIO");
        seen.bytes += piece.length;
        yield left < piece.length ? piece.subarray(0, left) : piece;
      }
    } finally {
      seen.closed += 1;
    }
  };
  return { seen, picture: measured({ bytes, read }) };
}

function bodyWith(picture: Reference): WireBody {
  const body = jsonBody({ image: dataUrl(picture) });
  if (typeof body === "string") throw new Error("this body is a text");
  return body;
}

function send(
  url: string,
  body: WireBody,
  signal: AbortSignal = AbortSignal.timeout(20_000),
): Promise<WireEnd> {
  const headers = { "x-own": "1", "content-type": "text/never" };
  const reader = { head: () => undefined, data: () => undefined };
  return exchange({ method: "POST", url, headers, body, signal }, reader);
}

/** A server of raw sockets: what a vendor does with a request is the test's own. */
async function sockets(handle: (socket: Socket) => void) {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    handle(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    connections: () => open.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("a body that is read while it goes out", () => {
  it("has its own type and its exact length, and arrives whole", async () => {
    await using server = await serve((_request, response) => {
      response.end("ok");
    });
    const { picture, seen } = watched(1_000_000);
    expect(await send(server.origin, bodyWith(picture))).toMatchObject({ kind: "complete" });
    expect(server.seen).toHaveLength(1);
    const [request] = server.seen;
    // 333,334 triples are 1,333,336 characters beside 34 of JSON.
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": "1333370",
      "x-own": "1",
    });
    expect(request?.headers["transfer-encoding"]).toBeUndefined();
    expect(request?.bytes.length).toBe(1_333_370);
    expect(seen).toEqual({ opened: 1, bytes: 1_048_576, closed: 1 });
  });

  it("is opened only once there is a connection: an address where nobody listens is not sent", async () => {
    const closed = await sockets(() => undefined);
    await closed[Symbol.asyncDispose]();
    const { picture, seen } = watched(1_000);
    expect(await send(closed.url, bodyWith(picture))).toMatchObject({ kind: "not_sent" });
    expect(seen).toEqual({ opened: 0, bytes: 0, closed: 0 });
  });

  it("whose first file can't be read at all is not sent: no byte has reached the vendor", async () => {
    let received = 0;
    await using server = await sockets((socket) =>
      socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
      }),
    );
    const { picture } = watched(1_000, 0);
    const end = await send(server.url, bodyWith(picture));
    expect(end).toMatchObject({ kind: "not_sent", cause: { message: "EIO" } });
    expect(received).toBe(0);
  });

  it("that fails on its way is broken: what the vendor makes of half a request nobody knows", async () => {
    await using server = await sockets((socket) => socket.resume());
    const { picture, seen } = watched(10_000_000, 3_000_000);
    const end = await send(server.url, bodyWith(picture));
    expect(end).toMatchObject({ kind: "broken", head: undefined, cause: { message: "EIO" } });
    expect(seen).toMatchObject({ opened: 1, closed: 1 });
    expect(server.connections()).toBe(1);
  });

  it("that the vendor refuses before having read it is answered, and the file is let go", async () => {
    await using server = await sockets((socket) =>
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      }),
    );
    const { picture, seen } = watched(200_000_000);
    const end = await send(server.url, bodyWith(picture));
    expect(end).toMatchObject({ kind: "complete", head: { status: 413 } });
    await expect.poll(() => seen.closed).toBe(1);
    expect(seen.bytes).toBeLessThan(20_000_000);
  });

  it("stops at the deadline, and the file is let go", async () => {
    await using server = await sockets((socket) => socket.pause());
    const deadline = new AbortController();
    const { picture, seen } = watched(200_000_000);
    const going = send(server.url, bodyWith(picture), deadline.signal);
    await expect.poll(() => seen.bytes).toBeGreaterThan(0);
    deadline.abort();
    expect(await going).toMatchObject({ kind: "broken", head: undefined });
    await expect.poll(() => seen.closed).toBe(1);
    expect(seen.bytes).toBeLessThan(200_000_000);
  });

  it("is never sent twice: a connection that dies with it is the end", async () => {
    await using server = await sockets((socket) => socket.once("data", () => socket.destroy()));
    const { picture, seen } = watched(5_000_000);
    expect(await send(server.url, bodyWith(picture))).toMatchObject({ kind: "broken" });
    expect(server.connections()).toBe(1);
    expect(seen.opened).toBe(1);
  });

  it("waits for a slow vendor: 256 MB go out with under 100 MB of buffers alive", async () => {
    let received = 0;
    let most = 0;
    await using server = await sockets((socket) =>
      socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
        most = Math.max(most, process.memoryUsage().arrayBuffers);
        if (received > 357_913_977) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      }),
    );
    const before = process.memoryUsage().arrayBuffers;
    const { picture } = watched(256 * 1024 * 1024);
    expect(await send(server.url, bodyWith(picture))).toMatchObject({ kind: "complete" });
    expect(most - before).toBeLessThan(100 * 1024 * 1024);
  });
});
