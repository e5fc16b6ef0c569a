import { describe, expect, it } from "vitest";
import type { ImageOrder, Reference } from "../../src/gates/order.ts";
import { Refusal, type RefusalCode } from "../../src/refusals.ts";
import { measured } from "./pictures.ts";
import { acceptedFor } from "./vendor-bench.ts";

type Say = { readonly code: RefusalCode; readonly message: string; readonly details: object };

async function refusalFor(model: string, asked: Partial<ImageOrder>): Promise<Say> {
  try {
    await acceptedFor(model, asked);
  } catch (cause) {
    if (cause instanceof Refusal) {
      const { code, message, details } = cause;
      return { code, message, details };
    }
    throw cause;
  }
  throw new Error(`${model} accepted it`);
}

const one = (facts: Partial<Reference> = {}) => ({ references: [measured(facts)] as const });
const two = (facts: Partial<Reference>) => ({ references: [measured(), measured(facts)] as const });

function many(count: number): Pick<ImageOrder, "references"> {
  const [first, ...rest] = Array.from({ length: count }, () => measured());
  return first === undefined ? {} : { references: [first, ...rest] };
}

describe("what may be edited by which model", () => {
  it("a model that makes pictures from text alone takes no reference", async () => {
    expect(await refusalFor("qwen-image-max", one())).toEqual({
      code: "unsupported_parameter",
      message: "image=1: this model makes pictures from text alone",
      details: { param: "image", sent: 1, allowed: null },
    });
  });

  it.each([
    ["qwen-image-edit", "1 to 3 pictures", { min: 1, max: 3 }],
    ["wan2.6-image", "1 to 4 pictures", { min: 1, max: 4 }],
    ["seededit-3-0", "one picture", { min: 1, max: 1 }],
  ])("%s makes nothing from text alone, and says where it edits", async (model, text, allowed) => {
    expect(await refusalFor(model, {})).toEqual({
      code: "missing_parameter",
      message: `image: this model only edits pictures; send ${text} to POST /v1/images/edits`,
      details: { param: "image", sent: 0, allowed },
    });
  });

  it.each([
    ["gpt-image-2", 16],
    ["gpt-image-1.5", 16],
    ["gemini-2.5-flash-image", 3],
    ["gemini-3-pro-image", 14],
    ["qwen-image-3.0-pro", 3],
    ["wan2.7-image", 9],
    ["wan2.5-i2i-preview", 3],
    ["seedream-4-0", 10],
    ["seedream-4-5", 14],
    ["seedream-5-5", 10],
    ["seededit-3-0", 1],
  ])("%s takes %i references and not one more", async (model, most) => {
    expect((await acceptedFor(model, many(most))).order.references).toHaveLength(most);
    const refusal = await refusalFor(model, many(most + 1));
    expect(refusal).toMatchObject({
      code: "unsupported_value",
      details: { param: "image", sent: most + 1, allowed: { max: most } },
    });
    expect(refusal.message).toContain(`image=${most + 1}: this model takes `);
  });
});

describe("a reference that a model can't read is named, with what was sent and what is allowed", () => {
  it.each<[string, Partial<Reference>, string]>([
    ["gpt-image-2", { format: "gif" }, "gif: this model reads png, jpeg, webp"],
    ["wan2.7-image", { format: "gif" }, "gif: this model reads jpeg, png, bmp, webp"],
    ["seedream-4-0", { format: "svg" }, "svg: this model reads jpeg, png, webp, bmp, tiff"],
    [
      "qwen-image-2.0",
      { format: "gif", animated: true },
      "animated gif: of more than one frame the first alone would be read; send a still picture",
    ],
    ["gpt-image-2", { format: "webp", animated: true }, "animated webp: of more than one frame"],
    [
      "wan2.7-image",
      { format: "png", alpha: true },
      "png with an alpha channel: this model reads png without an alpha channel only",
    ],
    [
      "gpt-image-2",
      { bytes: 50_000_000 },
      "50000000 bytes: this model takes files of at most 49999999",
    ],
    ["qwen-image-2.0", { bytes: 10_000_001 }, "10000001 bytes: this model takes files of at most"],
    ["wan2.7-image", { bytes: 10_000_001 }, "10000001 bytes: this model takes files of at most"],
    ["seedream-4-0", { bytes: 30_000_001 }, "30000001 bytes: this model takes files of at most"],
    ["qwen-image-2.0", { width: 383 }, "383x1024: an edge is at least 384 pixels"],
    ["qwen-image-2.0", { height: 3_073 }, "1024x3073: an edge is at most 3072 pixels"],
    ["wan2.7-image", { width: 239 }, "239x1024: an edge is at least 240 pixels"],
    ["wan2.7-image", { width: 8_001, height: 2_000 }, "8001x2000: an edge is at most 8000 pixels"],
    ["wan2.7-image", { width: 2_409, height: 301 }, "2409x301: the long edge is at most 8 times"],
    ["wan2.5-i2i-preview", { width: 5_001 }, "5001x1024: an edge is at most 5000 pixels"],
    ["seedream-4-0", { width: 14 }, "14x1024: an edge is at least 15 pixels"],
    ["seedream-4-0", { width: 6_000, height: 6_001 }, "6000x6001: 36006000 pixels in all, at most"],
    ["seedream-4-0", { width: 321, height: 20 }, "321x20: the long edge is at most 16 times"],
  ])("%s: %o", async (model, facts, words) => {
    const alone = await refusalFor(model, one(facts));
    expect(alone).toMatchObject({ code: "unsupported_value", details: { param: "image" } });
    expect(alone.message).toContain(`image=${words}`);
    const second = await refusalFor(model, two(facts));
    expect(second).toMatchObject({ details: { param: "image[1]" } });
    expect(second.message).toContain(`image[1]=${words}`);
    expect(second.message).not.toContain("matte blue mug");
  });

  it.each<[string, Partial<Reference>]>([
    ["gpt-image-2", { bytes: 49_999_999, alpha: true }],
    ["gpt-image-2", { width: 1, height: 1 }],
    ["qwen-image-2.0", { format: "gif", width: 384, height: 3_072, bytes: 10_000_000 }],
    ["wan2.7-image", { format: "webp", alpha: true, width: 8_000, height: 1_000 }],
    ["wan2.7-image", { format: "png", width: 240, height: 1_920 }],
    ["seedream-4-0", { format: "heic", width: 15, height: 240, bytes: 30_000_000 }],
    ["seedream-4-0", { format: "tiff", width: 6_000, height: 6_000 }],
  ])("%s takes what stands exactly at its limits: %o", async (model, facts) => {
    expect((await acceptedFor(model, one(facts))).order.references).toHaveLength(1);
  });

  it("a Gemini request holds 15 MB of files in all, which are 20 MB of base64", async () => {
    const of = (last: number) => ({
      references: [measured({ bytes: 10_000_000 }), measured({ bytes: last })] as const,
    });
    expect((await acceptedFor("gemini-3-pro-image", of(5_000_000))).order.references).toHaveLength(
      2,
    );
    expect(await refusalFor("gemini-3-pro-image", of(5_000_001))).toMatchObject({
      code: "unsupported_value",
      details: {
        param: "image",
        sent: "15000001 bytes",
        allowed: { bytesTotalMax: 15_000_000 },
      },
    });
  });
});

describe("a mask", () => {
  const mask = (facts: Partial<Reference> = {}) => measured({ alpha: true, bytes: 500, ...facts });

  it("of the first reference's pixels, with an alpha channel, is taken", async () => {
    const order = { ...two({ width: 10 }), mask: mask({ bytes: 3_999_999 }) };
    expect((await acceptedFor("gpt-image-2", order)).order.mask).toBeDefined();
  });

  it.each<[string, Partial<Reference>, string]>([
    [
      "gpt-image-2",
      { width: 1_000 },
      "1000x1024: a mask has the pixels of the first image, 1024x1024",
    ],
    [
      "gpt-image-2",
      { alpha: false },
      "no alpha channel: its see-through pixels say what to change",
    ],
    ["gpt-image-2", { format: "webp" }, "webp: a mask is png"],
    ["gpt-image-2", { animated: true }, "animated png: a mask is a still picture"],
    ["gpt-image-2", { bytes: 4_000_000 }, "4000000 bytes: a mask has at most 3999999 bytes"],
  ])("%s refuses one that is %o", async (model, facts, words) => {
    expect(await refusalFor(model, { ...one(), mask: mask(facts) })).toMatchObject({
      code: "unsupported_value",
      message: `mask=${words}`,
      details: { param: "mask" },
    });
  });

  it.each(["gemini-3-pro-image", "qwen-image-2.0", "wan2.7-image", "seedream-4-0"])(
    "%s has no such parameter",
    async (model) => {
      expect(await refusalFor(model, { ...one(), mask: mask() })).toMatchObject({
        code: "unsupported_parameter",
        details: { param: "mask", sent: "1024x1024 png", allowed: null },
      });
    },
  );

  it("without a picture below it is refused", async () => {
    expect(await refusalFor("gpt-image-2", { mask: mask() })).toMatchObject({
      code: "unsupported_value",
      message: "mask=1024x1024: it goes over the first image, and there is none",
    });
  });
});

describe("what depends on references", () => {
  it("input_fidelity is for edits of gpt-image-1 and 1.5", async () => {
    const asked = { inputFidelity: "high" };
    for (const model of ["gpt-image-1", "gpt-image-1.5"]) {
      expect((await acceptedFor(model, { ...one(), ...asked })).order).toMatchObject(asked);
      expect(await refusalFor(model, asked)).toMatchObject({
        code: "unsupported_parameter",
        message: "input_fidelity=high: it speaks of reference images, and a generation has none",
      });
    }
    for (const model of [
      "gpt-image-2",
      "gpt-image-1-mini",
      "chatgpt-image-latest",
      "seedream-4-0",
    ]) {
      expect(await refusalFor(model, { ...one(), ...asked })).toMatchObject({
        code: "unsupported_parameter",
        details: { param: "input_fidelity", sent: "high", allowed: null },
      });
    }
    expect(await refusalFor("gpt-image-1.5", { ...one(), inputFidelity: "most" })).toMatchObject({
      code: "unsupported_value",
      details: { param: "input_fidelity", sent: "most", allowed: ["low", "high"] },
    });
  });

  it("wan2.7 pro makes 4K and ratios from text only", async () => {
    const size = { kind: "label", label: "4K" } as const;
    expect((await acceptedFor("wan2.7-image-pro", { size })).size).toEqual({ label: "4K" });
    expect(await refusalFor("wan2.7-image-pro", { size, ...one() })).toMatchObject({
      code: "unsupported_size",
      message: "size=4K: this model takes the labels 1K, 2K",
    });
    const ratio = { resolution: "2K", aspectRatio: "1:1" };
    expect(await refusalFor("wan2.7-image-pro", { ...ratio, ...one() })).toMatchObject({
      code: "unsupported_size",
      details: { param: "aspect_ratio" },
    });
  });

  it("seedream 5.0 pro makes a see-through picture of exactly one with alpha, and not as jpeg", async () => {
    const clear = { background: "transparent", outputFormat: "png" };
    const alpha = one({ alpha: true });
    expect((await acceptedFor("seedream-5-0-pro", { ...clear, ...alpha })).order).toMatchObject(
      clear,
    );
    const why =
      "background=transparent: this model makes see-through pictures only of exactly 1 with an alpha channel of its own, by POST /v1/images/edits";
    for (const references of [
      {},
      one(),
      { references: [...alpha.references, ...alpha.references] as const },
    ]) {
      expect(await refusalFor("seedream-5-0-pro", { ...clear, ...references })).toEqual({
        code: "unsupported_combination",
        message: why,
        details: {
          param: "background",
          sent: "transparent",
          allowed: { image: { count: 1, alpha: true } },
        },
      });
    }
    expect(
      await refusalFor("seedream-5-0-pro", { ...clear, ...alpha, outputFormat: "jpeg" }),
    ).toMatchObject({
      message: "background=transparent: jpeg carries no transparency; ask for png",
    });
    expect((await acceptedFor("seedream-5-5", clear)).order).toMatchObject(clear);
  });

  it("low moderation sends data URLs, of 20,971,520 characters at most: 15,728,622 bytes of png", async () => {
    const low = { moderation: "low" };
    // "data:image/png;base64," has 22 characters; (20,971,520 - 22) / 4 = 5,242,874 triples are 15,728,622 bytes.
    const most = one({ bytes: 15_728_622 });
    const more = one({ bytes: 15_728_623 });
    expect((await acceptedFor("gpt-image-2", { ...low, ...most })).order).toMatchObject(low);
    expect(await refusalFor("gpt-image-2", { ...low, ...more })).toMatchObject({
      code: "unsupported_combination",
      details: {
        param: "image",
        sent: "20971522 characters as a data URL",
        allowed: { charactersMax: 20_971_520 },
      },
    });
    for (const moderation of [undefined, "auto"]) {
      const order = { ...more, ...(moderation === undefined ? {} : { moderation }) };
      expect((await acceptedFor("gpt-image-2", order)).order.references).toHaveLength(1);
    }
  });
});
