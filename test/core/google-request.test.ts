import { describe, expect, it } from "vitest";
import { rateItems } from "../../src/billing/rate.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { googleVendor } from "../../src/vendors/google/client.ts";
import { wireBody, wirePath } from "../../src/vendors/google/request.ts";
import { drawn, measured } from "./pictures.ts";
import {
  acceptedFor,
  callTo,
  catalogModel,
  recordingSink,
  sendJson,
  serve,
} from "./vendor-bench.ts";

const IMAGES_ONLY = { responseModalities: ["IMAGE"] };

describe("what goes to Gemini", () => {
  it("a bare order asks for an image and nothing else", async () => {
    expect(wireBody(await acceptedFor("gemini-3-pro-image"))).toEqual({
      contents: [{ role: "user", parts: [{ text: "a matte blue mug" }] }],
      generationConfig: IMAGES_ONLY,
    });
  });

  it("exact pixels go out as the cell's ratio and label", async () => {
    const size = { kind: "pixels", width: 2752, height: 1536 } as const;
    const body = wireBody(await acceptedFor("gemini-3-pro-image", { size }));
    expect(body.generationConfig).toEqual({
      ...IMAGES_ONLY,
      imageConfig: { aspectRatio: "16:9", imageSize: "2K" },
    });
  });

  it("a label alone goes out without a ratio", async () => {
    const size = { kind: "label", label: "4K" } as const;
    const body = wireBody(await acceptedFor("gemini-3-pro-image", { size }));
    expect(body.generationConfig.imageConfig).toEqual({ imageSize: "4K" });
  });

  it("a ratio alone goes out without the label that nobody asked for", async () => {
    const body = wireBody(await acceptedFor("gemini-3-pro-image", { aspectRatio: "3:2" }));
    expect(body.generationConfig.imageConfig).toEqual({ aspectRatio: "3:2" });
  });

  it("a model without imageSize never gets one", async () => {
    const size = { kind: "pixels", width: 1344, height: 768 } as const;
    const body = wireBody(await acceptedFor("gemini-2.5-flash-image", { size }));
    expect(body.generationConfig.imageConfig).toEqual({ aspectRatio: "16:9" });
  });

  it("nothing is added to what was asked", async () => {
    expect(googleVendor().sent(await acceptedFor("gemini-3-pro-image"))).toEqual({});
  });

  it("the call is v1beta's, where responseModalities is known", () => {
    expect(wirePath("gemini-3-pro-image")).toBe(
      "/v1beta/models/gemini-3-pro-image:generateContent",
    );
  });
});

describe("what a Gemini image is estimated to use up", () => {
  it("3-pro at 1K: one image expected, three at the ceiling, text by tokens and by bytes", async () => {
    const accepted = await acceptedFor("gemini-3-pro-image");
    const { expected, ceiling } = googleVendor().estimate(accepted);
    expect(expected).toContainEqual({ meter: "text_input_tokens", quantity: 4n });
    expect(expected).toContainEqual({ meter: "image_output_tokens", quantity: 1120n });
    expect(ceiling).toEqual([
      { meter: "text_input_tokens", quantity: 16n },
      { meter: "image_output_tokens", quantity: 3360n },
      { meter: "text_output_tokens", quantity: 1500n },
    ]);
    const price = (await catalogModel("gemini-3-pro-image")).rateCard.at(-1);
    // 16 x 2 + 3 x 1,120 x 120 + 1,500 x 12 per million: the printed 0.4212 and the prompt.
    expect(price && formatUsd(rateItems(ceiling, price, {}).total)).toBe("0.421232");
  });

  it("2.1 at 4K: the ceiling takes the dearer of two published counts", async () => {
    const size = { kind: "label", label: "4K" } as const;
    const { ceiling } = googleVendor().estimate(
      await acceptedFor("gemini-nano-banana-2.1", { size }),
    );
    expect(ceiling).toContainEqual({ meter: "image_output_tokens", quantity: 3780n });
  });

  it("an omitted size is estimated at the model's own default", async () => {
    const { expected } = googleVendor().estimate(await acceptedFor("gemini-2.5-flash-image"));
    expect(expected).toContainEqual({ meter: "image_output_tokens", quantity: 1290n });
  });

  it("a byte is at least a token: expected never exceeds the ceiling", async () => {
    for (const id of [
      "gemini-3-pro-image",
      "gemini-3.1-flash-lite-image",
      "gemini-nano-banana-2.1",
    ]) {
      const { expected, ceiling } = googleVendor().estimate(await acceptedFor(id));
      for (const { meter, quantity } of expected) {
        const bound = ceiling.find((item) => item.meter === meter)?.quantity ?? 0n;
        expect(bound).toBeGreaterThanOrEqual(quantity);
      }
    }
  });
});

describe("an edit to Gemini", () => {
  const RECOLOR = "Recolor this mug: matte cobalt-blue, nothing else.";

  it("has its pictures after the text, in their order, as inline data", async () => {
    await using server = await serve((_request, response) => {
      sendJson(response, 400, { error: { code: 400, message: "no", status: "INVALID_ARGUMENT" } });
    });
    const [mug, photo] = [drawn(64, 48), drawn(32, 32, { format: "jpeg" })];
    const asked = { references: [mug, photo] as const, aspectRatio: "16:9" };
    const accepted = await acceptedFor("gemini-3-pro-image", asked);
    const call = callTo("google", { origin: server.origin, accepted });
    expect(await googleVendor().dispatch(call, recordingSink())).toMatchObject({ kind: "refused" });
    expect(server.seen).toHaveLength(1);
    const [seen] = server.seen;
    expect(seen?.headers["content-length"]).toBe(String(seen?.bytes.length));
    expect(JSON.parse(seen?.body ?? "")).toEqual({
      contents: [
        {
          role: "user",
          parts: [
            { text: "a matte blue mug" },
            { inlineData: { mimeType: "image/png", data: mug.file.toString("base64") } },
            { inlineData: { mimeType: "image/jpeg", data: photo.file.toString("base64") } },
          ],
        },
      ],
      generationConfig: { ...IMAGES_ONLY, imageConfig: { aspectRatio: "16:9" } },
    });
  });

  it.each([
    ["gemini-2.5-flash-image", 1, 1_290n, 1_290n],
    ["gemini-3-pro-image", 2, 1_120n, 1_120n],
    ["gemini-3.1-flash-image", 3, 3_360n, 3_360n],
    ["gemini-3.1-flash-lite-image", 1, 1_120n, 1_120n],
    ["gemini-nano-banana-2.1", 14, 15_680n, 15_680n],
  ])(
    "%s: %i references are %s image tokens, whatever their pixels",
    async (id, count, ...tokens) => {
      const [first, ...rest] = Array.from({ length: count }, (_, index) =>
        measured({ width: 16 + index, height: 4_096 }),
      );
      if (first === undefined) throw new Error("no picture");
      const accepted = await acceptedFor(id, { references: [first, ...rest] });
      const { expected, ceiling } = googleVendor().estimate(accepted);
      const image = (items: typeof expected) =>
        items.filter(({ meter }) => meter === "image_input_tokens").map(({ quantity }) => quantity);
      expect([...image(expected), ...image(ceiling)]).toEqual(tokens);
    },
  );

  it("G4, the article's: 7 tokens of text and 1,290 of image are 1,297", async () => {
    const references = [measured()] as const;
    const accepted = await acceptedFor("gemini-2.5-flash-image", { prompt: RECOLOR, references });
    expect(googleVendor().estimate(accepted).expected.slice(0, 2)).toEqual([
      { meter: "text_input_tokens", quantity: 7n },
      { meter: "image_input_tokens", quantity: 1_290n },
    ]);
  });
});
