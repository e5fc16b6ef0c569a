import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ImageInspector } from "../../src/gateway/image-facts.ts";
import { png } from "./replay-vendor.ts";

/** Inspects an image whose base64 arrives in pieces of the given lengths, the rest in one. */
function inspect(base64: string, lengths: readonly number[] = [], format?: string) {
  const bytes = Buffer.from(base64, "latin1");
  const inspector = new ImageInspector();
  let at = 0;
  for (const length of lengths) {
    inspector.piece(bytes.subarray(at, at + length));
    at += length;
  }
  inspector.piece(bytes.subarray(at));
  return inspector.facts({ pixels: { width: 64, height: 48 }, format });
}

/** A PNG with one more chunk behind its signature's first one. */
function pngWith(name: string, data: Buffer): Buffer {
  const whole = png([64, 48]);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(data.length);
  header.write(name, 4, "latin1");
  return Buffer.concat([whole.subarray(0, 33), header, data, Buffer.alloc(4), whole.subarray(33)]);
}

describe("what is known of an image from its base64", () => {
  it("is held against the format that was asked for", () => {
    const base64 = png([64, 48]).toString("base64");
    expect(inspect(base64, [], "png").flags).toEqual([]);
    expect(inspect(base64, [], "webp").flags).toEqual(["format_differs"]);
  });

  it("does not depend on how it was cut", () => {
    const noise = deflateSync(
      Buffer.from(Array.from({ length: 9_000 }, (_, at) => (at * 7919) % 251)),
    );
    const picture = Buffer.concat([png([64, 48]), noise, Buffer.alloc(1, 0xff)]);
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 900 }), { maxLength: 12 }),
        fc.nat({ max: 2 }),
        (lengths, cutOff) => {
          const bytes = picture.subarray(0, picture.length - cutOff);
          expect(inspect(bytes.toString("base64"), lengths)).toEqual({
            width: 64,
            height: 48,
            format: "png",
            bytes: bytes.length,
            sha256: null,
            contentCredentials: false,
            flags: [],
          });
        },
      ),
    );
  });

  it("content credentials are found where they stand and nowhere else", () => {
    const data = Buffer.alloc(100, 1);
    const named = (name: string) =>
      inspect(pngWith(name, data).toString("base64")).contentCredentials;
    expect([named("caBX"), named("tEXt")]).toEqual([true, false]);
    const inside = pngWith("tEXt", Buffer.from("caBX".repeat(20)));
    expect(inspect(inside.toString("base64")).contentCredentials).toBe(false);
  });

  it("a picture that was cut before its size has none: not that of whatever lies behind it in memory", () => {
    for (let length = 0; length < 24; length += 1) {
      const cut = png([64, 48]).subarray(0, length).toString("base64");
      expect(inspect(cut)).toMatchObject({ width: null, height: null, flags: ["unreadable"] });
    }
  });

  const beginnings = [
    "89504e470d0a1a0a", // PNG
    "89504e470d0a1a0a0000000d49484452",
    "ffd8ffe0", // JPEG
    "ffd8ffe1",
    "524946460000000057454250565038", // WebP
    "52494646000000005745425056503858",
    "0000000c6a5020200d0a870a", // JPEG 2000
    "0000000c4a584c200d0a870a", // JPEG XL
    "0000001c6674797061766966", // AVIF
    "00000018667479706d696631", // HEIF
    "69636e73", // ICNS
    "00000100", // ICO
    "49492a00", // TIFF
    "3c737667", // SVG
    "474946383961", // GIF
    "",
  ];
  const fillings = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    fc.nat({ max: 70_000 }).map((length) => new Uint8Array(length)),
    fc.nat({ max: 70_000 }).map((length) => new Uint8Array(length).fill(0xff)),
    // Boxes that give their own length as zero made such readers loop for ever.
    fc
      .array(fc.constantFrom("meta", "iprp", "ipco", "ispe", "jp2h", "jxlp", "moov", "\0\0\0\0"), {
        maxLength: 200,
      })
      .map((names) => Buffer.from(names.map((name) => `\0\0\0\0${name}`).join(""), "latin1")),
  );

  it("whatever the bytes are, an end is reached and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.constantFrom(...beginnings), fillings, (beginning, filling) => {
        const bytes = Buffer.concat([Buffer.from(beginning, "hex"), filling]);
        const facts = inspect(bytes.toString("base64"), [1, 2, 3]);
        expect(facts.bytes).toBe(bytes.length);
      }),
      { numRuns: 1_500 },
    );
  });

  it("what is no base64 at all is unreadable", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        expect(inspect(text).flags).toContain("unreadable");
      }),
    );
  });
});
