import { describe, expect, it } from "vitest";
import { alibabaVendor } from "../../src/vendors/alibaba/client.ts";
import { contentOf, task } from "./alibaba-world.ts";
import { acceptedFor, callTo, recordingSink, sendJson, serve } from "./vendor-bench.ts";

/** Nobody fetches from there, and nobody tries twice. */
const REFUSED = "http://10.0.0.1/pictures/3";

/** Asks after a task that outlived its gateway, and collects its pictures; each is its own path. */
async function collect(paths: readonly string[], imagesAsked: number) {
  await using server = await serve((request, response) => {
    if (request.url.startsWith("/pictures/")) {
      response.writeHead(200, { "content-type": "image/png" });
      response.end(request.url);
      return;
    }
    const { origin } = server;
    const urls = paths.map((path) => (path === REFUSED ? path : `${origin}${path}`));
    const choices = [contentOf(...urls)];
    sendJson(response, 200, { ...task("SUCCEEDED", { choices }), usage: { image_count: 2 } });
  });
  const accepted = await acceptedFor("wan2.7-image");
  const { connection } = callTo("alibaba", { origin: server.origin, accepted });
  const sink = recordingSink();
  const ended = await alibabaVendor().resume?.({
    taskId: "task-1",
    connection,
    signal: AbortSignal.timeout(10_000),
    references: 0,
    collect: { sink, imagesAsked },
  });
  const whole = sink.whole.map((base64) => Buffer.from(base64, "base64").toString("utf8"));
  return { ended, whole };
}

describe("the pictures of a task that outlived its gateway", () => {
  it("are collected in the vendor's order, and judged like any others", async () => {
    const { ended, whole } = await collect(["/pictures/1", "/pictures/2"], 3);
    expect(whole).toEqual(["/pictures/1", "/pictures/2"]);
    expect(ended).toMatchObject({
      kind: "succeeded",
      usage: { kind: "reported", items: [{ meter: "output_images", quantity: 2n }] },
      made: {
        kind: "made",
        images: 2,
        servedModel: null,
        usage: { kind: "reported", items: [{ meter: "output_images", quantity: 2n }] },
        flags: ["images_fewer_than_asked"],
      },
    });
  });

  it("of which one is gone are those that can be had", async () => {
    const { ended, whole } = await collect([REFUSED, "/pictures/2"], 2);
    expect(whole).toEqual(["/pictures/2"]);
    expect(ended).toMatchObject({ made: { images: 1, flags: ["results_lost"] } });
  });

  it("that are all gone are not made for anybody", async () => {
    const { ended, whole } = await collect([REFUSED], 1);
    expect(whole).toEqual([]);
    expect(ended).toMatchObject({ kind: "succeeded", usage: { kind: "reported" } });
    expect(ended).not.toHaveProperty("made");
  });
});
