import { describe, expect, it } from "vitest";
import { quoteEstimate } from "../../src/billing/quote.ts";
import type { ImageOrder } from "../../src/gates/order.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { byteplusVendor } from "../../src/vendors/byteplus/client.ts";
import { wireBody } from "../../src/vendors/byteplus/request.ts";
import { drawn, measured } from "./pictures.ts";
import { acceptedFor, callTo, recordingSink, sendJson, serve } from "./vendor-bench.ts";

const always = { prompt: "a matte blue mug", response_format: "b64_json" };

describe("a request to BytePlus", () => {
  it.each<[string, string, Partial<ImageOrder>, object, object]>([
    ["nothing but a prompt", "seedream-4-5", {}, { watermark: false }, { watermark: false }],
    ["n=1", "seedream-4-0", { n: 1 }, { watermark: false }, { watermark: false }],
    ["a watermark asked for", "seedream-4-5", { watermark: true }, { watermark: true }, {}],
    ["no watermark asked for", "seedream-4-5", { watermark: false }, { watermark: false }, {}],
    [
      "exact pixels",
      "seedream-4-5",
      { size: { kind: "pixels", width: 2560, height: 1440 } },
      { size: "2560x1440", watermark: false },
      { watermark: false },
    ],
    [
      "a label alone, as it is",
      "seedream-5-0-pro",
      { size: { kind: "label", label: "1.5K" } },
      { size: "1.5K", watermark: false },
      { watermark: false },
    ],
    [
      "resolution alone is a label",
      "seedream-4-0",
      { resolution: "4K" },
      { size: "4K", watermark: false },
      { watermark: false },
    ],
    [
      "label and ratio are the published exact size",
      "seedream-4-5",
      { resolution: "2K", aspectRatio: "16:9" },
      { size: "2848x1600", watermark: false },
      { watermark: false },
    ],
    [
      "size auto asks for nothing",
      "seedream-5-5",
      { size: { kind: "auto" } },
      { watermark: false },
      { watermark: false },
    ],
    [
      "a format where it can be chosen",
      "seedream-5-0-pro",
      { outputFormat: "png" },
      { output_format: "png", watermark: false },
      { watermark: false },
    ],
    [
      "the only format where it can't",
      "seedream-4-5",
      { outputFormat: "jpeg" },
      { watermark: false },
      { watermark: false },
    ],
    [
      "format auto asks for nothing",
      "seedream-5-0-pro",
      { outputFormat: "auto" },
      { watermark: false },
      { watermark: false },
    ],
    [
      "a transparent background",
      "seedream-5-5",
      { background: "transparent", outputFormat: "png" },
      { background: "transparent", output_format: "png", watermark: false },
      { watermark: false },
    ],
    [
      "background auto where the model has it",
      "seedream-5-5",
      { background: "auto" },
      { background: "auto", watermark: false },
      { watermark: false },
    ],
    [
      "background auto where it asks for nothing",
      "seedream-4-0",
      { background: "auto" },
      { watermark: false },
      { watermark: false },
    ],
    [
      "seed and guidance in the 3.0 era",
      "seedream-3-0",
      { seed: 0, guidanceScale: 2.5 },
      { seed: 0, guidance_scale: 2.5, watermark: false },
      { watermark: false },
    ],
    [
      "what asks for nothing, and what isn't forwarded here",
      "seedream-4-0",
      { quality: "auto", moderation: "auto", promptExtend: false, user: "u-1", tags: { a: "b" } },
      { watermark: false },
      { watermark: false },
    ],
  ])("%s (%s)", async (_name, id, asked, fields, sent) => {
    const accepted = await acceptedFor(id, asked);
    expect(wireBody(accepted)).toEqual({ ...always, model: accepted.model.wireId, ...fields });
    expect(byteplusVendor().sent(accepted)).toEqual(sent);
  });

  it("never carries n, group generation or streaming: ignored, or 400 on the newer models", async () => {
    for (const id of ["seedream-3-0", "seedream-4-5", "seedream-5-0-flash", "seedream-5-5"]) {
      const body = wireBody(await acceptedFor(id));
      expect(Object.keys(body).toSorted()).toEqual([
        "model",
        "prompt",
        "response_format",
        "watermark",
      ]);
    }
  });
});

describe("an estimate of BytePlus'", () => {
  it.each<[string, string, Partial<ImageOrder>, bigint | undefined]>([
    [
      "exact pixels",
      "seedream-5-5",
      { size: { kind: "pixels", width: 1612, height: 1612 } },
      2_598_544n,
    ],
    ["a label", "seedream-5-0-pro", { size: { kind: "label", label: "1.5K" } }, 2_359_296n],
    ["label and ratio", "seedream-5-5", { resolution: "2K", aspectRatio: "1:1" }, 4_194_304n],
    ["nothing, where a label is the default", "seedream-5-0-pro", {}, 4_194_304n],
    ["nothing, where a size is the default", "seedream-3-0", {}, 1_048_576n],
    ["auto", "seedream-5-5", { size: { kind: "auto" } }, 4_194_304n],
  ])("is one picture of the asked area: %s on %s", async (_name, id, asked, areaPixels) => {
    const { expected, ceiling } = byteplusVendor().estimate(await acceptedFor(id, asked));
    expect(expected).toEqual([{ meter: "output_images", quantity: 1n, areaPixels }]);
    expect(ceiling).toEqual(expected);
  });

  it("references stand once beside it: 0.117 for ten on 5.0 pro, 0.044 for three on 5.5", async () => {
    const total = async (id: string, count: number, label: string) => {
      const references = manyMeasured(count);
      const size = { kind: "label", label } as const;
      const accepted = await acceptedFor(id, { size, ...references });
      const price = accepted.model.rateCard.at(-1);
      if (price === undefined) throw new Error("no price");
      const estimate = byteplusVendor().estimate(accepted);
      const quote = quoteEstimate(accepted.model, price, { facts: {}, n: 1n, estimate });
      return [formatUsd(quote.expected.total), formatUsd(quote.ceiling.total)];
    };
    // B7: 0.09 + 9 x 0.003, the first free. B4: 0.045. B9: 0.020 + 3 x 0.008. B8: 0.018, references free.
    expect(await total("seedream-5-0-pro", 10, "2K")).toEqual(["0.117", "0.117"]);
    expect(await total("seedream-5-0-pro", 1, "1.5K")).toEqual(["0.045", "0.045"]);
    expect(await total("seedream-5-5", 3, "1K")).toEqual(["0.044", "0.044"]);
    expect(await total("seedream-5-0-flash", 10, "2K")).toEqual(["0.018", "0.018"]);
  });
});

function manyMeasured(count: number): Pick<ImageOrder, "references"> {
  const [first, ...rest] = Array.from({ length: count }, () => measured());
  return first === undefined ? {} : { references: [first, ...rest] };
}

describe("an edit to BytePlus", () => {
  it.each([
    ["seedream-4-0", 1],
    ["seedream-5-5", 2],
    ["seededit-3-0", 1],
  ])("%s: %i reference goes as a data URL, several as a list", async (id, count) => {
    await using server = await serve((_request, response) => {
      sendJson(response, 200, { data: [{ b64_json: "AAAA" }] });
    });
    const photo = drawn(40, 40, { format: "jpeg" });
    const references = count === 1 ? ([photo] as const) : ([photo, photo] as const);
    const accepted = await acceptedFor(id, { references });
    const call = callTo("byteplus", { origin: server.origin, accepted });
    await byteplusVendor().dispatch(call, recordingSink());
    expect(server.seen).toHaveLength(1);
    const [seen] = server.seen;
    expect(seen?.url).toBe("/images/generations");
    expect(seen?.headers["content-length"]).toBe(String(seen?.bytes.length));
    const url = `data:image/jpeg;base64,${photo.file.toString("base64")}`;
    expect(JSON.parse(seen?.body ?? "")).toEqual({
      ...always,
      model: accepted.model.wireId,
      image: count === 1 ? url : [url, url],
      watermark: false,
    });
  });

  it("5.0 pro's see-through picture of one with alpha", async () => {
    const references = [measured({ alpha: true })] as const;
    const asked = { references, background: "transparent", outputFormat: "png" };
    expect(wireBody(await acceptedFor("seedream-5-0-pro", asked))).toMatchObject({
      background: "transparent",
      output_format: "png",
    });
  });
});
