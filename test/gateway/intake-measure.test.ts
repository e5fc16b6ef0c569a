import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measure } from "../../src/intake/measure/measure.ts";
import { RestingBytes } from "../../src/vendors/wire/resting-bytes.ts";
import {
  animationChunk,
  bmpOf,
  encoded,
  gifOf,
  heavyPng,
  heifOf,
  losslessWebp,
  pngChunk,
  pngOf,
  tiffOf,
  webpOf,
} from "./pictures.ts";

/** Pictures are known by their bytes alone, and half ones are told from whole ones. */

async function measured(file: Buffer) {
  const resting = new RestingBytes();
  try {
    await resting.append(file);
    return await measure(resting);
  } finally {
    resting.dispose();
  }
}

const still = { alpha: false, animated: false };

describe("format, dimensions, transparency and motion come from the header", () => {
  it.each([
    [
      "a PNG of an encoder's",
      encoded("png", [640, 480]),
      "png",
      [640, 480],
      { ...still, alpha: true },
    ],
    ["a JPEG of an encoder's", encoded("jpeg", [641, 479]), "jpeg", [641, 479], still],
    ["a lossy WebP of an encoder's", encoded("webp", [333, 77]), "webp", [333, 77], still],
    ["an AVIF of an encoder's", encoded("avif", [64, 48]), "avif", [64, 48], still],
    ["a PNG of colours", pngOf({ width: 7, height: 9 }), "png", [7, 9], still],
    [
      "a PNG with an alpha channel",
      pngOf({ colourType: 6 }),
      "png",
      [1, 1],
      { ...still, alpha: true },
    ],
    [
      "a PNG with a see-through palette",
      pngOf({ colourType: 3, before: [pngChunk("tRNS", Buffer.alloc(3))] }),
      "png",
      [1, 1],
      { ...still, alpha: true },
    ],
    [
      "a PNG of two frames",
      pngOf({ before: [animationChunk(2)] }),
      "png",
      [1, 1],
      { ...still, animated: true },
    ],
    ["a PNG of one frame", pngOf({ before: [animationChunk(1)] }), "png", [1, 1], still],
    ["a GIF", gifOf(), "gif", [3, 2], still],
    ["a see-through GIF", gifOf({ alpha: true }), "gif", [3, 2], { ...still, alpha: true }],
    ["a GIF of two frames", gifOf({ frames: 2 }), "gif", [3, 2], { ...still, animated: true }],
    ["an extended WebP", webpOf([5_000, 16], 0), "webp", [5_000, 16], still],
    ["a see-through WebP", webpOf([2, 3], 0x10), "webp", [2, 3], { ...still, alpha: true }],
    ["a moving WebP", webpOf([2, 3], 0x02), "webp", [2, 3], { ...still, animated: true }],
    ["a lossless WebP", losslessWebp([4_000, 9_000], false), "webp", [4_000, 9_000], still],
    [
      "a lossless WebP with alpha",
      losslessWebp([1, 2], true),
      "webp",
      [1, 2],
      { ...still, alpha: true },
    ],
    ["a bitmap", bmpOf([5, 3]), "bmp", [5, 3], still],
    ["a bitmap from top to bottom", bmpOf([5, -3]), "bmp", [5, 3], still],
    ["a bitmap with alpha", bmpOf([5, 3], true), "bmp", [5, 3], { ...still, alpha: true }],
    ["a TIFF, little end first", tiffOf([300, 200]), "tiff", [300, 200], still],
    ["a TIFF, big end first", tiffOf([300, 200], { bigEndian: true }), "tiff", [300, 200], still],
    [
      "a TIFF with alpha",
      tiffOf([3, 2], { alpha: true }),
      "tiff",
      [3, 2],
      { ...still, alpha: true },
    ],
    [
      "a TIFF of two pages",
      tiffOf([3, 2], { further: [0] }),
      "tiff",
      [3, 2],
      { ...still, animated: true },
    ],
    ["a TIFF with a small copy", tiffOf([3, 2], { further: [1] }), "tiff", [3, 2], still],
    ["a HEIC of tiles", heifOf([4_032, 3_024]), "heic", [4_032, 3_024], still],
    ["a HEIF", heifOf([40, 30], { brand: "mif1" }), "heif", [40, 30], still],
    [
      "a HEIF with alpha",
      heifOf([40, 30], { alpha: true }),
      "heic",
      [40, 30],
      { ...still, alpha: true },
    ],
    [
      "a HEIF sequence",
      heifOf([4, 3], { brand: "hevc" }),
      "heic",
      [4, 3],
      { ...still, animated: true },
    ],
  ] as const)("of %s", async (_name, file, format, [width, height], rest) => {
    expect(await measured(file)).toEqual({ format, width, height, ...rest });
  });

  it("however heavy it is, whether it rests in memory or in a file", async () => {
    for (const bytes of [60_000, 70_000, 3_000_000]) {
      expect(await measured(heavyPng(bytes))).toMatchObject({ width: 1_024, height: 1_024 });
    }
  });

  it("of a JPEG whose frame header stands behind half a megabyte of metadata", async () => {
    const jpeg = encoded("jpeg", [32, 16]);
    const profile = Buffer.alloc(65_537, 0xd9);
    profile.set([0xff, 0xe2, 0xff, 0xff]);
    const heavy = Buffer.concat([jpeg.subarray(0, 2), ...Array(8).fill(profile), jpeg.subarray(2)]);
    expect(await measured(heavy)).toMatchObject({ format: "jpeg", width: 32, height: 16 });
  });

  it("a header that promises more pixels than a machine has memory is measured, not decoded", async () => {
    const bomb = pngOf({ width: 2_147_483_647, height: 2_147_483_647 });
    expect(await measured(bomb)).toMatchObject({ width: 2_147_483_647, height: 2_147_483_647 });
  });
});

describe("a file that is cut off is refused", () => {
  it.each([
    ["png", encoded("png", [64, 64])],
    ["jpeg", encoded("jpeg", [64, 64])],
    ["webp", encoded("webp", [64, 64])],
    ["avif", encoded("avif", [64, 64])],
    ["gif", gifOf({ frames: 2 })],
    ["bmp", bmpOf([16, 16])],
    ["tiff", tiffOf([16, 16])],
    ["heic", heifOf([16, 16])],
  ])("%s, wherever it is cut", async (_format, file) => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: file.length - 1 }), async (length) => {
        await expect(measured(file.subarray(0, length))).rejects.toMatchObject({
          name: "BrokenPicture",
        });
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ["avif", encoded("avif", [64, 64])],
    ["heic", heifOf([16, 16])],
  ])("%s, at the end of each of its boxes too", async (_format, file) => {
    for (let at = 0; at < file.length; at += file.readUInt32BE(at)) {
      await expect(measured(file.subarray(0, at))).rejects.toMatchObject({ name: "BrokenPicture" });
    }
  });

  it("but bytes behind its end are no fault: phones put their own there", async () => {
    for (const format of ["png", "jpeg"] as const) {
      const file = Buffer.concat([encoded(format, [8, 8]), Buffer.alloc(5_000, 7)]);
      expect(await measured(file)).toMatchObject({ format, width: 8 });
    }
  });
});

describe("a file that is broken is refused with words for it", () => {
  const noHeader = pngOf();
  noHeader.write("IHDX", 12, "latin1");
  it.each([
    ["nothing", Buffer.alloc(0), "it is empty"],
    ["a PNG without IHDR", noHeader, "without its header"],
    [
      "a PNG without data",
      Buffer.concat([pngOf().subarray(0, 33), pngChunk("IEND", Buffer.alloc(0))]),
      "without picture data",
    ],
    ["no width", pngOf({ width: 0 }), "0x1 pixels"],
    ["no height", bmpOf([5, 0]), "5x0 pixels"],
    ["a GIF without a frame", gifOf({ frames: 0 }), "without a picture"],
    ["a TIFF that goes in circles", loop(tiffOf([3, 2])), "too many parts"],
    ["SVG", Buffer.from('<?xml version="1.0"?>\n<svg xmlns="x"/>'), "an SVG drawing"],
    ["SVG at once", Buffer.from("<svg/>"), "an SVG drawing"],
    ["PDF", Buffer.from("%PDF-1.7 \0\x01"), "a PDF document"],
    ["text", Buffer.from("a mug, please"), "text, not a picture"],
    ["a web page", Buffer.from("<!DOCTYPE html><html>"), "a web page"],
    ["a URL", Buffer.from("https://example.com/mug.png"), "a URL in words"],
    ["a data URL", Buffer.from("data:image/png;base64,AAAA"), "a data URL in words"],
    ["a video", Buffer.from("\0\0\0\x18ftypisom\0\0\0\0"), "a video"],
    ["noise", Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]), "of no known picture format"],
    ["one byte", Buffer.from([0]), "of no known picture format"],
  ])("%s", async (_name, file, words) => {
    await expect(measured(file)).rejects.toMatchObject({
      name: "BrokenPicture",
      message: expect.stringContaining(words),
    });
  });

  /** The first directory's next one is itself, as a small copy would be. */
  function loop(tiff: Buffer): Buffer {
    tiff.writeUInt32LE(1, 8 + 2 + 8); // its kind: a small copy
    tiff.writeUInt32LE(8, 8 + 2 + 7 * 12);
    return tiff;
  }
});

it("whatever the bytes behind a signature, it ends, and ends in words or measures", async () => {
  const seeds = [pngOf(), encoded("jpeg", [8, 8]), gifOf(), webpOf([1, 1], 0), bmpOf([2, 2])];
  const files = [...seeds, tiffOf([2, 2], { further: [1] }), heifOf([2, 2], { alpha: true })];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
      async (file, changes) => {
        const changed = Buffer.from(file);
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        const end = await measured(changed).catch((cause: unknown) => cause);
        if (end instanceof Error) expect(end.name).toBe("BrokenPicture");
      },
    ),
    { numRuns: 2_000 },
  );
});
