import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type CallersUrl, fetchPictures } from "../../src/intake/fetch-pictures.ts";
import { FETCH_LIMITS } from "../../src/intake/limits.ts";
import { PictureRoom } from "../../src/intake/picture.ts";
import type { DownloadLimits } from "../../src/vendors/wire/download.ts";
import { serve } from "../core/vendor-bench.ts";
import { bytesOf, restingFiles } from "./intake-bench.ts";
import { heavyPng, pngOf } from "./pictures.ts";
import { until } from "./sandbox.ts";

/** URLs that callers write lead to public pictures, in time and in bounds, or nowhere. */

afterEach(() => until(() => restingFiles() === 0));

function named(...urls: readonly string[]): CallersUrl[] {
  return urls.map((url, index) => ({ name: `image[${index}]`, url }));
}

/** Fetches with loopback let through, which no caller's URL ever is: there is no public server to ask here. */
async function fetchHere(
  urls: readonly CallersUrl[],
  limits: Partial<DownloadLimits> = {},
  signal: AbortSignal = AbortSignal.timeout(10_000),
) {
  using room = new PictureRoom();
  const guard = { loopbackAllowed: true, limits: { pauseMs: 1, ...limits } };
  const references = await fetchPictures(urls, { room, signal, guard });
  return await Promise.all(
    references.map(async (reference) => ({
      width: reference.width,
      whole: (await bytesOf(reference)).length === reference.bytes,
      sha256: reference.sha256,
    })),
  );
}

function send(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { "content-type": "image/png", "content-length": body.length });
  response.end(body);
}

describe("pictures behind URLs", () => {
  it("come in the order in which they were named, few at a time, each measured", async () => {
    let open = 0;
    let most = 0;
    await using server = await serve(async (request, response) => {
      open += 1;
      most = Math.max(most, open);
      const width = +request.url.slice(1);
      await sleep(width % 3);
      open -= 1;
      send(response, width === 7 ? heavyPng(300_000) : pngOf({ width }));
    });
    const urls = Array.from({ length: 9 }, (_each, index) => `${server.origin}/${index + 1}`);
    const fetched = await fetchHere(named(...urls));
    expect(fetched.map(({ width }) => width)).toEqual([1, 2, 3, 4, 5, 6, 1_024, 8, 9]);
    expect(fetched.every(({ whole }) => whole)).toBe(true);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it("are tried twice, within twenty seconds in all", async () => {
    expect(FETCH_LIMITS).toMatchObject({ tries: 2, timeoutMs: 20_000, redirects: 3 });
    await using server = await serve((_request, response) => {
      if (server.seen.length > 1) return send(response, pngOf());
      response.writeHead(503);
      response.end();
    });
    expect(await fetchHere(named(server.origin))).toHaveLength(1);
    expect(server.seen).toHaveLength(2);
  });
});

describe("a URL is refused", () => {
  it.each([
    "http://127.0.0.1:1/a.png",
    "http://localhost:1/a.png",
    "http://[::1]:1/a.png",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "https://user:secret@example.com/a.png",
  ])("%s: loopback and private addresses, in any world", async (url) => {
    using room = new PictureRoom();
    const signal = AbortSignal.timeout(10_000);
    const fetching = fetchPictures(named(url), { room, signal });
    await expect(fetching).rejects.toMatchObject({
      code: "image_unreachable",
      details: { param: "image[0]" },
    });
  });

  const endless = async (_request: unknown, response: ServerResponse): Promise<void> => {
    response.writeHead(200, { "content-type": "image/png" });
    while (!response.destroyed) {
      response.write(Buffer.alloc(10_000));
      await sleep(1);
    }
  };

  it.each([
    ["that redirects into a private network", "/in", {}, "not public"],
    ["without an end", "/endless", { bytesMax: 200_000 }, "larger than 200000 bytes"],
    ["that says nothing", "/silent", { silenceMs: 30 }, "failed or was cut"],
    ["that drips for ever", "/endless", { timeoutMs: 60 }, "no time was left"],
    ["to a page", "/page", {}, "not a picture"],
    ["to nothing", "/none", {}, "status 404"],
  ] as const)("%s", async (_what, path, limits, words) => {
    await using server = await serve(async (request, response) => {
      if (request.url === "/endless") return await endless(request, response);
      if (request.url === "/silent") return;
      const answers = {
        "/in": [302, { location: "http://10.0.0.1/" }],
        "/page": [200, { "content-type": "text/html" }],
      } as const;
      const [status, headers] = answers[request.url as "/in"] ?? [404, {}];
      response.writeHead(status, headers);
      response.end("sorry");
    });
    await expect(fetchHere(named(`${server.origin}${path}`), limits)).rejects.toMatchObject({
      code: "image_unreachable",
      message: expect.stringContaining(words),
    });
  });

  it("that leads to no picture, by its bytes", async () => {
    await using server = await serve((_request, response) => send(response, Buffer.from("<svg/>")));
    await expect(fetchHere(named(server.origin))).rejects.toMatchObject({
      code: "invalid_image",
      message: "image[0]: it is an SVG drawing, which no model here reads",
    });
  });

  it("and ends the others, which give back what they brought", async () => {
    await using server = await serve(async (request, response) => {
      if (request.url === "/good") return send(response, heavyPng(300_000));
      if (request.url === "/endless") return await endless(request, response);
      response.writeHead(404);
      response.end();
    });
    const paths = ["/good", "/endless", "/endless", "/none", "/endless"];
    const urls = named(...paths.map((path) => `${server.origin}${path}`));
    await expect(fetchHere(urls)).rejects.toMatchObject({
      code: "image_unreachable",
      details: { param: "image[3]" },
    });
  });

  it("when nobody waits for it any more", async () => {
    await using server = await serve(endless);
    const fetching = fetchHere(named(server.origin), {}, AbortSignal.timeout(50));
    await expect(fetching).rejects.toMatchObject({ code: "image_unreachable" });
  });
});
