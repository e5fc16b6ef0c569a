import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { chargeFor } from "../../src/billing/charge.ts";
import { quoteEstimate } from "../../src/billing/quote.ts";
import { accept } from "../../src/gates/accept.ts";
import type { ImageOrder, Reference } from "../../src/gates/order.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import type { Outcome } from "../../src/vendors/port.ts";
import { registrations } from "../../src/vendors/registry.ts";
import { drawn } from "./pictures.ts";
import { callTo, catalogModel, recordingSink } from "./vendor-bench.ts";

/** Every vendor's edit, quoted, sent to its emulator and billed by what that reports. */

const RECOLOR = "Recolor this mug: matte cobalt-blue, nothing else.";
/** 50 characters and bytes; 12 o200k tokens, 7 words. */
const measure = { characters: 50, bytes: 50, tokens: 12 };
const square = { kind: "pixels", width: 1024, height: 1024 } as const;

let emulator: RunningEmulator;
beforeAll(async () => {
  emulator = await startEmulator({ pictures: "small", latencyMs: 0 });
});
afterAll(() => emulator.close());

type Edit = Partial<ImageOrder> & { readonly headers?: Readonly<Record<string, string>> };

async function edit(model: string, { headers = {}, ...asked }: Edit) {
  const row = await catalogModel(model);
  const order = { model, prompt: RECOLOR, n: 1, ...asked };
  const accepted = accept(order, row, measure);
  const registration = registrations.find(({ vendor }) => vendor.id === row.vendor);
  const price = row.rateCard.at(-1);
  if (registration === undefined || price === undefined)
    throw new Error(`${model} isn't sold here`);
  const { vendor, emulatorPath } = registration;
  const facts = { promptExtend: false };
  const quote = quoteEstimate(row, price, {
    facts,
    n: BigInt(order.n),
    estimate: vendor.estimate(accepted),
  });
  const sink = recordingSink();
  const origin = `${emulator.url}${emulatorPath}`;
  const outcome = await vendor.dispatch(callTo(row.vendor, { origin, accepted, headers }), sink);
  return { outcome, quote, pictures: sink.whole.length, charge: chargeOf(outcome, quote.frozen) };
}

function chargeOf(outcome: Outcome, quote: Parameters<typeof chargeFor>[1]) {
  if (outcome.kind !== "made") return undefined;
  const charge = chargeFor({ usage: outcome.usage, images: BigInt(outcome.images) }, quote);
  return {
    basis: charge.basis,
    total: formatUsd(charge.amount),
    lines: charge.lines.map(({ meter, quantity, amount }) => [meter, quantity, formatUsd(amount)]),
  };
}

function repeated(reference: Reference, count: number): Pick<ImageOrder, "references"> {
  const rest = Array.from({ length: count - 1 }, () => reference);
  return { references: [reference, ...rest] };
}

describe("the article's image-to-image table, from bills", () => {
  it.each([
    // 196 x 30 and (12 + 6 + k) x 5 + k x 1,024 x 8, in millionths: 14,167, 22,364, 30,561.
    [1, 19n, 1_024n, "0.014167"],
    [2, 20n, 2_048n, "0.022364"],
    [3, 21n, 3_072n, "0.030561"],
  ])(
    "gpt-image-2 low with %i references: %s of text, %s of image, %s USD",
    async (count, text, image, total) => {
      const mug = drawn(1024, 1024);
      const edited = await edit("gpt-image-2", {
        ...repeated(mug, count),
        quality: "low",
        size: square,
      });
      expect(edited.charge?.lines.map(([meter, quantity]) => [meter, quantity])).toEqual([
        ["text_input_tokens", text],
        ["image_input_tokens", image],
        ["image_output_tokens", 196n],
      ]);
      expect(edited.charge).toMatchObject({ basis: "usage", total });
      expect(formatUsd(edited.quote.expected.total)).toBe(total);
      expect(edited.outcome).toMatchObject({ kind: "made", flags: [] });
    },
  );

  it("gemini 2.5 flash: 1,297 tokens of input with one", async () => {
    const edited = await edit("gemini-2.5-flash-image", repeated(drawn(512, 512), 1));
    // 7 x 0.30 + 1,290 x 0.30 + 1,290 x 30, in millionths: G4's 39,089.1.
    expect(edited.charge).toEqual({
      basis: "usage",
      total: "0.0390891",
      lines: [
        ["text_input_tokens", 7n, "0.0000021"],
        ["image_input_tokens", 1_290n, "0.000387"],
        ["image_output_tokens", 1_290n, "0.0387"],
      ],
    });
  });
});

describe("an edit is charged as quoted", () => {
  it.each<[string, number, Edit, string]>([
    ["qwen-image-2.0", 3, { n: 2, size: square }, "0.07"],
    // 2 x 0.03 + 3 x 0.003: the fee is once a request.
    ["qwen-image-3.0", 3, { n: 2, size: square }, "0.069"],
    ["qwen-image-3.0-pro", 1, { size: square }, "0.043"],
    ["qwen-image-edit-plus", 1, {}, "0.03"],
    ["wan2.7-image", 2, { n: 4 }, "0.12"],
    ["wan2.6-image", 1, {}, "0.03"],
    ["wan2.5-i2i-preview", 3, {}, "0.03"],
    ["seedream-4-0", 10, {}, "0.03"],
    ["seedream-5-0-pro", 10, { size: { kind: "label", label: "2K" } }, "0.117"],
    ["seedream-5-0-pro", 1, { size: { kind: "label", label: "1.5K" } }, "0.045"],
    ["seedream-5-0-flash", 10, {}, "0.018"],
    ["seedream-5-5", 3, { size: { kind: "label", label: "1K" } }, "0.044"],
    ["seededit-3-0", 1, {}, "0.03"],
  ])("%s with %i references: %o is %s USD", async (model, count, asked, total) => {
    // A jpeg: wan reads png without an alpha channel only.
    const photo = drawn(640, 480, { format: "jpeg" });
    const edited = await edit(model, { ...repeated(photo, count), ...asked });
    expect(edited.outcome.kind).toBe("made");
    expect(edited.pictures).toBe(asked.n ?? 1);
    expect(edited.charge).toMatchObject({ basis: "flat", total });
    expect(formatUsd(edited.quote.ceiling.total)).toBe(total);
  });

  it("by 1.5 with a mask at high fidelity, both as a form and in JSON", async () => {
    const mug = drawn(1024, 1024);
    const mask = drawn(1024, 1024, { transparent: true });
    const asked: Edit = {
      ...repeated(mug, 2),
      mask,
      inputFidelity: "high",
      quality: "low",
      size: square,
    };
    for (const moderation of [undefined, "low"]) {
      const more = moderation === undefined ? {} : { moderation };
      const edited = await edit("gpt-image-1.5", { ...asked, ...more });
      // 12 + 6 + 9 + 22 = 49 of text, 2 x (194 + 4,160) = 8,708 of image, 272 out: 245 + 69,664 + 8,704 millionths.
      expect(edited.charge).toMatchObject({ basis: "usage", total: "0.078613" });
      expect(formatUsd(edited.quote.expected.total)).toBe("0.078613");
    }
  });

  it("in a stream with two interim pictures, which cost 100 tokens each", async () => {
    const asked: Edit = {
      ...repeated(drawn(1024, 1024), 1),
      ...{ quality: "low", size: square, stream: true, partialImages: 2 },
    };
    const edited = await edit("gpt-image-2", asked);
    // 19 x 5 + 1,024 x 8 + (196 + 200) x 30, in millionths.
    expect(edited.charge).toMatchObject({ basis: "usage", total: "0.020167" });
    expect(formatUsd(edited.quote.expected.total)).toBe("0.020167");
    expect(edited.pictures).toBe(3);
  });

  it.each(["gpt-image-2", "gemini-3-pro-image", "qwen-image-3.0", "seedream-5-5"])(
    "%s without usage is charged its ceiling, references in it",
    async (model) => {
      const photo = drawn(640, 480, { format: "jpeg" });
      const headers = { "x-emulate": "no-usage" };
      const edited = await edit(model, { ...repeated(photo, 2), headers });
      expect(edited.charge?.basis).toBe("ceiling");
      expect(edited.charge?.total).toBe(formatUsd(edited.quote.ceiling.total));
      const meters = edited.charge?.lines.map(([meter]) => meter);
      const reference = model.startsWith("g") ? "image_input_tokens" : "reference_images";
      expect(meters).toContain(reference);
    },
  );

  it("a file that fails on its way to a vendor charges nobody: unsent at once, unknown halfway", async () => {
    const photo = drawn(640, 480, { format: "jpeg" });
    const failing = (after: number): Reference => ({
      ...photo,
      bytes: 1_000_000,
      read: async function* () {
        for (let sent = 0; sent < after; sent += 50_000) yield Buffer.alloc(50_000);
        throw new Error("EIO");
      },
    });
    for (const model of ["gpt-image-2", "gemini-3-pro-image", "qwen-image-2.0", "seedream-4-0"]) {
      const unsent = await edit(model, repeated(failing(0), 1));
      expect(unsent.outcome).toMatchObject({ kind: "unspent", why: "unreachable" });
      const half = await edit(model, repeated(failing(500_000), 1));
      expect(half.outcome).toMatchObject({ kind: "unknown", why: "reset" });
    }
  });
});
