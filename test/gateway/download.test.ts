import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertAllowedUrl, isAllowedAddress } from "../../src/vendors/wire/address-guard.ts";
import { type DownloadLimits, downloadImage } from "../../src/vendors/wire/download.ts";
import { type Seen, serve } from "../core/vendor-bench.ts";

type Fetched = { readonly text: string; readonly pieces: number } | { readonly why: string };

/** Downloads whole. Pauses are short; nothing here waits for a clock. */
async function fetchText(
  url: string,
  options: {
    readonly limits?: Partial<DownloadLimits>;
    readonly loopbackAllowed?: boolean;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Fetched> {
  const download = await downloadImage(url, {
    signal: options.signal ?? AbortSignal.timeout(10_000),
    loopbackAllowed: options.loopbackAllowed ?? true,
    limits: { pauseMs: 1, ...options.limits },
  });
  if (download.kind === "unavailable") return { why: download.why };
  const pieces: Buffer[] = [];
  for await (const piece of download.base64) pieces.push(piece);
  download.dispose();
  const base64 = Buffer.concat(pieces).toString("latin1");
  expect(base64).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
  return { text: Buffer.from(base64, "base64").toString("latin1"), pieces: pieces.length };
}

function sendImage(response: ServerResponse, body: string | Buffer, headers: object = {}): void {
  response.writeHead(200, { "content-type": "image/png", ...headers });
  response.end(body);
}

describe("an address that the guard refuses", () => {
  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:7f00:1",
    "::8.8.8.8",
    "64:ff9b::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "1.2.3",
    "",
  ])("%s", (address) => {
    expect(isAllowedAddress(address, false)).toBe(false);
  });

  it.each(["8.8.8.8", "47.88.1.1", "100.63.255.255", "172.32.0.1", "2400:3200::1", "2a00:1450::1"])(
    "%s is public",
    (address) => {
      expect(isAllowedAddress(address, false)).toBe(true);
    },
  );

  it("loopback is allowed where the vendor itself is on loopback, and nothing else private is", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1"].map((each) => isAllowedAddress(each, true))).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1", "0.0.0.0"].filter((each) =>
        isAllowedAddress(each, true),
      ),
    ).toEqual([]);
  });

  it("every address of a private block, however it is written in a URL", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 24 - 1 }), fc.constantFrom(10, 127), (rest, block) => {
        const whole = block * 2 ** 24 + rest;
        for (const host of [`${whole}`, `0x${whole.toString(16)}`]) {
          expect(() => assertAllowedUrl(new URL(`http://${host}/`), false)).toThrow("not public");
        }
      }),
    );
  });

  it.each([
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "data:image/png;base64,AAAA",
    "http://user:secret@8.8.8.8/",
    "http://[::ffff:10.0.0.1]/",
    "http://[fe80::1]/",
  ])("no connection is tried to %s", async (url) => {
    const fetched = await fetchText(url, { loopbackAllowed: false });
    expect(fetched).toHaveProperty("why");
  });
});

describe("a picture", () => {
  it.each([0, 1, 2, 3, 4, 65_535, 65_536, 65_537, 196_608, 196_609, 1_000_003])(
    "of %i + 1 bytes arrives whole",
    async (size) => {
      const body = Buffer.alloc(size + 1, "spot");
      await using server = await serve((_request, response) => sendImage(response, body));
      expect(await fetchText(server.origin)).toMatchObject({ text: body.toString("latin1") });
    },
  );

  it("comes in chunks without a length", async () => {
    await using server = await serve(async (_request, response) => {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      for (const word of ["a ", "matte ", "mug"]) {
        response.write(word);
        await sleep(1);
      }
      response.end();
    });
    expect(await fetchText(server.origin)).toMatchObject({ text: "a matte mug" });
  });

  it("comes after up to three redirects, relative ones too", async () => {
    await using server = await serve((request, response) => {
      const hop = +request.url.slice(1);
      if (hop === 3) return sendImage(response, "mug");
      response.writeHead(302, { location: `/${hop + 1}` });
      response.end("elsewhere");
    });
    expect(await fetchText(`${server.origin}/0`)).toMatchObject({ text: "mug" });
    expect(await fetchText(`${server.origin}/0`, { limits: { redirects: 2 } })).toEqual({
      why: "more than 2 redirects",
    });
  });

  it("comes at a later try, at most the fifth", async () => {
    await using server = await serve((request, response) => {
      const nth = server.seen.filter(({ url }) => url === request.url).length;
      if (request.url === "/fifth" && nth === 5) return sendImage(response, "mug");
      if (nth % 2 === 0) return void response.socket?.resetAndDestroy();
      response.writeHead(503);
      response.end();
    });
    expect(await fetchText(`${server.origin}/fifth`)).toMatchObject({ text: "mug" });
    expect(await fetchText(`${server.origin}/never`)).toEqual({ why: "status 503" });
    expect(server.seen.filter(({ url }) => url === "/never")).toHaveLength(5);
  });
});

describe("no picture is", () => {
  it.each([
    { law: "another status", status: 404, headers: {}, body: "gone", why: "status 404" },
    { law: "206", status: 206, headers: {}, body: "part", why: "status 206" },
    {
      law: "a page that says sorry",
      status: 200,
      headers: { "content-type": "text/html" },
      body: "<html>",
      why: "the answer is not a picture",
    },
    {
      law: "compressed bytes",
      status: 200,
      headers: { "content-encoding": "gzip" },
      body: "x",
      why: "the answer is compressed",
    },
    { law: "an empty body", status: 200, headers: {}, body: "", why: "the picture is empty" },
    {
      law: "a redirect to nowhere",
      status: 302,
      headers: {},
      body: "",
      why: "a redirect to nowhere",
    },
  ])("$law", async ({ status, headers, body, why }) => {
    await using server = await serve((_request, response) => {
      response.writeHead(status, { "content-type": "image/png", ...headers });
      response.end(body);
    });
    expect(await fetchText(server.origin, { limits: { tries: 2 } })).toEqual({ why });
  });

  it("a body cut before its length, at every try", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "image/png", "content-length": 100 });
      response.write("half", () => response.destroy());
    });
    expect(await fetchText(server.origin)).toEqual({ why: "the connection failed or was cut" });
    expect(server.seen).toHaveLength(5);
  });

  it("a body that doesn't say where it ends: it could be cut unseen", async () => {
    await using server = await serve((_request, response) => {
      response.socket?.end("HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\nhalf");
    });
    expect(await fetchText(server.origin, { limits: { tries: 1 } })).toEqual({
      why: "the answer does not say where it ends",
    });
  });
});

describe("the guard holds", () => {
  it("a redirect into a private network is not followed", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" });
      response.end();
    });
    expect(await fetchText(server.origin)).toEqual({
      why: "the URL leads to an address that is not public",
    });
    expect(server.seen).toHaveLength(1);
  });

  it("loopback is refused where it isn't allowed, by address and by name, and nothing is sent", async () => {
    await using server = await serve((_request, response) => sendImage(response, "secret"));
    const { port } = new URL(server.origin);
    for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"]) {
      const fetched = await fetchText(`http://${host}:${port}/`, { loopbackAllowed: false });
      expect(fetched).toHaveProperty("why");
    }
    expect(server.seen).toEqual([]);
  });

  it("the connection goes to the address that was checked: a name is resolved once", async () => {
    await using server = await serve((_request, response) => sendImage(response, "mug"));
    const { port } = new URL(server.origin);
    const asked: string[] = [];
    const resolve: DownloadLimits["resolve"] = (host) => {
      asked.push(host);
      // The second answer is what a rebinding attacker would like to see used.
      const address = asked.length === 1 ? "127.0.0.1" : "10.0.0.1";
      return Promise.resolve([{ address, family: 4 }]);
    };
    const fetched = await fetchText(`http://pictures.test:${port}/`, { limits: { resolve } });
    expect(fetched).toMatchObject({ text: "mug" });
    expect(asked).toEqual(["pictures.test"]);
  });

  it("a name that turns private at the next try is refused then", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(503, { connection: "close" });
      response.end();
    });
    const { port } = new URL(server.origin);
    let asked = 0;
    const resolve: DownloadLimits["resolve"] = () => {
      asked += 1;
      return Promise.resolve([{ address: asked === 1 ? "127.0.0.1" : "10.0.0.1", family: 4 }]);
    };
    expect(await fetchText(`http://pictures.test:${port}/`, { limits: { resolve } })).toEqual({
      why: "the host leads to an address that is not public",
    });
    expect(server.seen).toHaveLength(1);
  });

  it("one forbidden address among several refuses the name", async () => {
    const resolve: DownloadLimits["resolve"] = () =>
      Promise.resolve([
        { address: "8.8.8.8", family: 4 },
        { address: "192.168.0.1", family: 4 },
      ]);
    expect(await fetchText("http://pictures.test/", { limits: { resolve } })).toEqual({
      why: "the host leads to an address that is not public",
    });
  });

  it("a name that doesn't resolve is unavailable", async () => {
    const resolve: DownloadLimits["resolve"] = () => Promise.reject(new Error("ENOTFOUND"));
    expect(await fetchText("http://pictures.test/", { limits: { resolve, tries: 2 } })).toEqual({
      why: "the connection failed or was cut",
    });
  });
});

describe("the limits hold", () => {
  const endless = async (_request: Seen, response: ServerResponse): Promise<void> => {
    response.writeHead(200, { "content-type": "image/png" });
    while (!response.destroyed) {
      response.write(Buffer.alloc(10_000));
      await sleep(1);
    }
  };

  it("an endless body is broken off at the size limit and not asked for again", async () => {
    await using server = await serve(endless);
    expect(await fetchText(server.origin, { limits: { bytesMax: 100_000 } })).toEqual({
      why: "the picture is larger than 100000 bytes",
    });
    expect(server.seen).toHaveLength(1);
  });

  it("a length above the size limit is believed before a byte is read", async () => {
    await using server = await serve((_request, response) => sendImage(response, "x".repeat(101)));
    expect(await fetchText(server.origin, { limits: { bytesMax: 100 } })).toEqual({
      why: "the picture is larger than 100 bytes",
    });
  });

  it("everything together ends at the time limit", async () => {
    await using server = await serve(endless);
    expect(await fetchText(server.origin, { limits: { timeoutMs: 50 } })).toEqual({
      why: "no time was left",
    });
  });

  it("the caller's signal ends it, before and while it runs", async () => {
    await using server = await serve(endless);
    const signal = AbortSignal.timeout(50);
    expect(await fetchText(server.origin, { signal })).toEqual({ why: "no time was left" });
    expect(await fetchText(server.origin, { signal: AbortSignal.abort() })).toEqual({
      why: "no time was left",
    });
    expect(server.seen).toHaveLength(1);
  });
});
