import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawn } from "../core/pictures.ts";
import { send } from "./raw-client.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";

/** The vendor files' vectors and the article's image-to-image table, as a caller meets them: edits over HTTP. */

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

const RECOLOR = "Recolor this mug: matte cobalt-blue, nothing else.";
const mug = drawn(1024, 1024);
/** A jpeg: some models read png without an alpha channel only. */
const photo = drawn(1024, 768, { format: "jpeg" });

async function edit(asked: object, picture: typeof mug, count: number) {
  const url = `data:image/${picture.format};base64,${picture.file.toString("base64")}`;
  const images = Array.from({ length: count }, () => ({ image_url: url }));
  const answer = await send(sandbox.gateway.url, {
    path: "/v1/images/edits",
    headers: { authorization: `Bearer ${sandbox.apiKey}`, "content-type": "application/json" },
    body: Buffer.from(JSON.stringify({ prompt: RECOLOR, ...asked, images })),
  });
  expect(answer.status, answer.text.slice(0, 500)).toBe(200);
  const { usage } = JSON.parse(answer.text);
  const { body: receipt } = await sandbox.get(`/v1/receipts/${usage.cost_details.receipt_id}`);
  return { usage, receipt };
}

describe("the article's image-to-image table, from receipts", () => {
  const low = { model: "gpt-image-2", quality: "low", size: "1024x1024" };

  it.each([
    [1, 1_043, "19", "1024", "0.014167"],
    [2, 2_068, "20", "2048", "0.022364"],
    [3, 3_093, "21", "3072", "0.030561"],
  ])(
    "gpt-image-2 low, %i references: %i tokens in, %s of text, %s of image: %s USD",
    async (count, tokens, text, image, total) => {
      const { usage, receipt } = await edit(low, mug, count);
      expect(usage.input_tokens).toBe(tokens);
      expect(receipt).toMatchObject({
        surface: "edits",
        status: "settled",
        basis: "usage",
        total,
        expected: total,
        lines: [
          { meter: "text_input_tokens", quantity: text },
          { meter: "image_input_tokens", quantity: image },
          { meter: "image_output_tokens", quantity: "196" },
        ],
        mask: null,
        flags: [],
      });
      const { sha256, bytes } = mug;
      expect(receipt.references).toEqual(
        Array.from({ length: count }, () => ({
          width: 1024,
          height: 1024,
          format: "png",
          bytes,
          sha256,
        })),
      );
    },
  );

  it("gemini 2.5 flash: 1,297 tokens in, 7 of text and 1,290 of image, 0.0390891 USD", async () => {
    const { usage, receipt } = await edit({ model: "gemini-2.5-flash-image" }, mug, 1);
    expect(usage.input_tokens).toBe(1_297);
    expect(receipt).toMatchObject({
      total: "0.0390891",
      lines: [
        { meter: "text_input_tokens", quantity: "7" },
        { meter: "image_input_tokens", quantity: "1290" },
        { meter: "image_output_tokens", quantity: "1290" },
      ],
    });
  });
});

describe("flat models' vectors with references: quoted, reserved and charged alike", () => {
  it.each([
    ["A2", { model: "qwen-image-2.0-pro", n: 6, size: "1024x1536" }, 3, "0.45"],
    ["A6", { model: "qwen-image-3.0" }, 3, "0.039"],
    ["B4", { model: "seedream-5-0-pro", size: "1.5K" }, 1, "0.045"],
    ["B7", { model: "seedream-5-0-pro", size: "2K" }, 10, "0.117"],
    ["B8", { model: "seedream-5-0-flash", size: "2K" }, 10, "0.018"],
    ["B9", { model: "seedream-5-5", size: "1K" }, 3, "0.044"],
    ["an edit-only model", { model: "qwen-image-edit-plus", n: 2 }, 2, "0.06"],
  ])("%s: %o with %i references is %s USD", async (_name, asked, count, total) => {
    const { receipt } = await edit(asked, photo, count);
    expect(receipt).toMatchObject({
      total,
      expected: total,
      ceiling: total,
      basis: "flat",
      surface: "edits",
    });
    expect(receipt.references).toHaveLength(count);
  });
});
