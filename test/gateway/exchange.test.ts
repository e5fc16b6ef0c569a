import { once } from "node:events";
import { createServer } from "node:net";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { exchange, type WireHead, type WireReader } from "../../src/vendors/wire/exchange.ts";
import { serve } from "../core/vendor-bench.ts";

type Remembered = WireReader & { readonly heads: WireHead[]; readonly text: () => string };

function remember(wait: () => Promise<void> | undefined = () => undefined): Remembered {
  const heads: WireHead[] = [];
  const chunks: Buffer[] = [];
  return {
    heads,
    text: () => Buffer.concat(chunks).toString("latin1"),
    head: (head) => {
      heads.push(head);
    },
    data: (chunk) => {
      chunks.push(Buffer.from(chunk));
      return wait();
    },
  };
}

function post(url: string, signal = AbortSignal.timeout(10_000)) {
  return { method: "POST" as const, url, headers: { "x-a": "b" }, body: "{}", signal };
}

/** A TCP server that answers every request with raw bytes and then does something to the socket. */
async function rawServer(
  answer: string,
  then: "keep" | "end" | "reset",
): Promise<{ readonly url: string; readonly count: () => number } & AsyncDisposable> {
  let connections = 0;
  const sockets = new Set<import("node:net").Socket>();
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      if (answer === "" && then === "reset") return void socket.resetAndDestroy();
      socket.write(answer, "latin1", () => {
        if (then === "end") socket.end();
        if (then === "reset") setTimeout(() => socket.resetAndDestroy(), 20);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return {
    url: `http://127.0.0.1:${address.port}/x`,
    count: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const OK = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

describe("exchange", () => {
  it("gives head and body, and says that the answer is complete", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(201, { "X-Request-Id": "r1", "set-cookie": ["a", "b"] });
      response.end("hello");
    });
    const reader = remember();
    const end = await exchange(post(`${server.origin}/v1/x?y=1`), reader);
    expect(end).toMatchObject({ kind: "complete", head: { status: 201 } });
    expect(reader.heads[0]?.headers).toMatchObject({ "x-request-id": "r1", "set-cookie": "a, b" });
    expect(reader.text()).toBe("hello");
    expect(server.seen).toMatchObject([{ method: "POST", url: "/v1/x?y=1", body: "{}" }]);
    expect(server.seen[0]?.headers["x-a"]).toBe("b");
  });

  it("nothing was sent when nobody listens, the name is unknown or the address is none", async () => {
    const closed = await serve(() => undefined);
    await closed[Symbol.asyncDispose]();
    for (const url of [closed.origin, "http://no-such-host.invalid", "nonsense", "ftp://x/y"]) {
      expect(await exchange(post(url), remember())).toMatchObject({ kind: "not_sent" });
    }
  });

  it("nothing was sent when a header can't be written, a key with a line break for one", async () => {
    await using server = await serve((_request, response) => void response.end());
    const request = { ...post(server.origin), headers: { authorization: "Bearer a\nb" } };
    expect(await exchange(request, remember())).toMatchObject({ kind: "not_sent" });
    expect(server.seen).toEqual([]);
  });

  it("a deadline that has passed before the call sends nothing", async () => {
    await using server = await serve((_request, response) => void response.end());
    const end = await exchange(post(server.origin, AbortSignal.abort()), remember());
    expect(end.kind).toBe("not_sent");
    expect(server.seen).toEqual([]);
  });

  it("a deadline during the wait is broken: the request had started", async () => {
    await using server = await serve(() => undefined);
    const abort = new AbortController();
    const ending = exchange(post(server.origin, abort.signal), remember());
    while (server.seen.length === 0) await sleep(2);
    abort.abort();
    expect(await ending).toMatchObject({ kind: "broken", head: undefined });
  });

  it("a deadline during the body is broken, with the head that came", async () => {
    await using server = await serve((_request, response) => void response.write("half"));
    const abort = new AbortController();
    const reader = remember();
    const ending = exchange(post(server.origin, abort.signal), reader);
    while (reader.text() === "") await sleep(2);
    abort.abort();
    expect(await ending).toMatchObject({ kind: "broken", head: { status: 200 } });
  });

  it.each([
    ["a reset without an answer", "", "reset", undefined],
    ["a close without an answer", "", "end", undefined],
    ["garbage for an answer", "SSH-2.0-OpenSSH_9.9\r\n", "end", undefined],
    ["half a head", "HTTP/1.1 200 OK\r\ncontent-", "end", undefined],
    ["a body short of its length", `${OK}content-length: 10\r\n\r\nabc`, "end", { status: 200 }],
    ["a reset in the body", `${OK}content-length: 10\r\n\r\nabc`, "reset", { status: 200 }],
    [
      "chunks without an end",
      `${OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`,
      "end",
      { status: 200 },
    ],
    ["a broken chunk", `${OK}transfer-encoding: chunked\r\n\r\nzz\r\n`, "keep", { status: 200 }],
  ] as const)("%s is broken and is not sent again", async (_name, answer, then, head) => {
    await using server = await rawServer(answer, then);
    const end = await exchange(post(server.url), remember());
    if (head === undefined) expect(end).toMatchObject({ kind: "broken", head: undefined });
    else expect(end).toMatchObject({ kind: "broken", head });
    expect(server.count()).toBe(1);
  });

  it("a body that ends with the connection is complete: only its reader can say if it is whole", async () => {
    await using server = await rawServer(`${OK}connection: close\r\n\r\nabc`, "end");
    const reader = remember();
    expect(await exchange(post(server.url), reader)).toMatchObject({ kind: "complete" });
    expect(reader.text()).toBe("abc");
  });

  it.each(["keep-alive", "close"])(
    "gives one chunk at a time, in order, and ends after the last was taken (connection: %s)",
    async (connection) => {
      const body = Array.from({ length: 40_000 }, (_, index) => `${index},`).join("");
      await using server = await serve((_request, response) => {
        response.writeHead(200, { connection, "content-length": body.length });
        response.end(body);
      });
      let taking = 0;
      let most = 0;
      const reader = remember(async () => {
        taking += 1;
        most = Math.max(most, taking);
        await sleep(3);
        taking -= 1;
      });
      const end = await exchange(post(server.origin), reader);
      expect(end.kind).toBe("complete");
      expect(taking).toBe(0);
      expect(most).toBe(1);
      expect(reader.text()).toBe(body);
    },
  );

  it("a reader that waits holds the vendor back", async () => {
    const piece = Buffer.alloc(65_536, "a");
    let written = 0;
    await using server = await serve(async (_request, response) => {
      for (let count = 0; count < 1_000; count += 1) {
        written += piece.length;
        if (!response.write(piece)) await once(response, "drain");
      }
      response.end();
    });
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const abort = new AbortController();
    const ending = exchange(
      post(server.origin, abort.signal),
      remember(() => gate),
    );
    await sleep(300);
    // What the system's socket buffers take is out of our hands; 64 MB is not.
    expect(written).toBeLessThan(32 * 1_048_576);
    abort.abort();
    go();
    expect((await ending).kind).toBe("broken");
    await setImmediate();
  });

  it.each(["head", "data"] as const)(
    "a reader that throws in %s ends it as broken, by its own error",
    async (where) => {
      await using server = await serve((_request, response) => void response.end("hello"));
      const mine = new Error("not for me");
      const reader: WireReader = {
        head: () => {
          if (where === "head") throw mine;
        },
        data: () => {
          throw mine;
        },
      };
      const end = await exchange(post(server.origin), reader);
      expect(end).toMatchObject({ kind: "broken", cause: mine });
    },
  );

  it("a reader whose promise fails ends it as broken, even at the last chunk", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { connection: "close", "content-length": 5 });
      response.end("hello");
    });
    const mine = new Error("the disk is full");
    const reader = { head: () => undefined, data: () => Promise.reject(mine) };
    expect(await exchange(post(server.origin), reader)).toMatchObject({
      kind: "broken",
      cause: mine,
    });
  });
});
