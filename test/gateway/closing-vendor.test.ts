import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { exchange } from "../../src/vendors/wire/exchange.ts";

/** A vendor that answers and at once closes its side of a connection that it had called keep-alive. */
async function closingVendor(answer: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(answer, "latin1"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return {
    url: `http://127.0.0.1:${address.port}/x`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** Reads with a pause after every chunk, as for a client that lags. */
async function readPausing(url: string, fails = false) {
  let text = "";
  const end = await exchange(
    { method: "POST", url, headers: {}, body: "{}", signal: AbortSignal.timeout(10_000) },
    {
      head: () => undefined,
      data: async (chunk) => {
        text += chunk.toString("latin1");
        await sleep(50);
        if (fails) throw new Error("the reader failed");
      },
    },
  );
  return { kind: end.kind, text };
}

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\n";

describe("a vendor that closes while its last bytes are waited with", () => {
  // undici 8.12.4 says "other side closed" of it, though every byte had been handed over: a picture that
  // was made and paid for went to nobody.
  it.each([
    ["with a length", `${HEAD}content-length: 5\r\n\r\nwhole`, "whole"],
    ["in chunks", `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n`, "whole"],
  ])("%s has answered whole", async (_name, answer, text) => {
    await using vendor = await closingVendor(answer);
    expect(await readPausing(vendor.url)).toEqual({ kind: "complete", text });
  });

  it.each([
    ["fewer bytes than promised", `${HEAD}content-length: 6\r\n\r\nwhole`],
    ["no last chunk", `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nwhole\r\n`],
  ])("%s is a cut answer all the same", async (_name, answer) => {
    await using vendor = await closingVendor(answer);
    expect(await readPausing(vendor.url)).toEqual({ kind: "broken", text: "whole" });
  });

  it("a reader that fails on the last bytes has not read an answer", async () => {
    await using vendor = await closingVendor(`${HEAD}content-length: 5\r\n\r\nwhole`);
    expect((await readPausing(vendor.url, true)).kind).toBe("broken");
  });
});
