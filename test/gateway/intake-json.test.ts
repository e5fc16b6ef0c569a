import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kindAt, nameOf } from "../../src/http/openai/json-pictures.ts";
import { Base64Decoder } from "../../src/intake/base64.ts";
import { type PictureJson, readPictureJson } from "../../src/intake/json-body.ts";
import { DATA_URL_CHARACTERS_MAX } from "../../src/intake/limits.ts";
import { PictureRoom } from "../../src/intake/picture.ts";
import { bytesOf, cut, requestOf } from "./intake-bench.ts";
import { pngOf } from "./pictures.ts";

/** Pictures in JSON come out byte for byte, however the body was written and cut; what isn't base64 is refused. */

type ReadJson = { readonly value: unknown; readonly pictures: readonly string[] };

async function read(text: string | Buffer, lengths: readonly number[] = []): Promise<ReadJson> {
  using room = new PictureRoom();
  const request = requestOf("application/json", cut(Buffer.from(text), lengths));
  const { value, pictures } = await readPictureJson(request, { kindAt, nameOf, room });
  return { value, pictures: await Promise.all(pictures.map(said)) };
}

async function said({ text }: PictureJson["pictures"][number]): Promise<string> {
  if (text.kind === "url") return `${text.name} ${text.url}`;
  const { sha256, width } = await text.picture.reference();
  return `${text.picture.name} ${width} ${sha256.slice(0, 8)}`;
}

const picture = pngOf({ width: 11 });
const base64 = picture.toString("base64");
const dataUrl = `data:image/png;base64,${base64}`;

describe("base64", () => {
  function decode(pieces: readonly string[]): Buffer {
    const decoder = new Base64Decoder();
    const decoded = pieces.map((piece) => decoder.decode(Buffer.from(piece, "latin1")));
    decoder.finish();
    return Buffer.concat(decoded);
  }

  it("decodes to the same bytes however it is cut", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.nat({ max: 9 })), (bytes, lengths) => {
        const text = Buffer.from(bytes).toString("base64");
        const pieces = cut(Buffer.from(text), lengths).map(String);
        expect(decode(pieces).equals(bytes)).toBe(true);
      }),
    );
  });

  it.each([
    ["a padding too few", "bXVnbQ="],
    ["no padding", "bXVnbQ"],
    ["one character over", "bXVnb"],
    ["padding first", "===="],
    ["three paddings", "b==="],
    ["padding in the middle", "bX==bXVn"],
    ["a picture behind its end", "bXVnbQ==bXVn"],
    ["the alphabet of URLs", "bX-_"],
    ["a line break", "bXVn\nbXVn"],
    ["a blank", "bXVn bXVn"],
    ["another letter", "bXVü"],
    ["a zero byte", "bXV\0"],
  ])("with %s is refused, however it is cut", (_what, text) => {
    for (let at = 0; at <= text.length; at += 1) {
      expect(() => decode([text.slice(0, at), text.slice(at)])).toThrow(
        expect.objectContaining({ name: "NotBase64" }),
      );
    }
  });
});

describe("a JSON body with pictures", () => {
  it("keeps what stands around them, and names them by their places", async () => {
    const body = {
      images: [{ image_url: dataUrl }, { image_url: "https://example.com/a?b=c&d" }],
      mask: { image_url: dataUrl },
      prompt: "a müg",
    };
    const { value, pictures } = await read(JSON.stringify(body));
    expect(value).toEqual({
      images: [{ image_url: "" }, { image_url: "" }],
      mask: { image_url: "" },
      prompt: "a müg",
    });
    expect(pictures.map((each) => each.split(" ").slice(0, 2))).toEqual([
      ["images[0].image_url", "11"],
      ["images[1].image_url", "https://example.com/a?b=c&d"],
      ["mask.image_url", "11"],
    ]);
  });

  it("gives the same pictures however it is cut and escaped", async () => {
    const plain = await read(JSON.stringify({ image: [dataUrl, dataUrl] }));
    const writers: ((url: string) => string)[] = [
      (url) => url,
      (url) => url.replaceAll("/", "\\/"),
      (url) => url.replaceAll("+", "\\u002B").replaceAll("=", "\\u003d"),
      (url) => [...url].map((each) => `\\u00${each.charCodeAt(0).toString(16)}`).join(""),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...writers),
        fc.array(fc.nat({ max: 70 }), { maxLength: 20 }),
        async (write, lengths) => {
          const url = write(dataUrl);
          expect(await read(`{"image":["${url}","${url}"]}`, lengths)).toEqual(plain);
        },
      ),
    );
  });

  it("of megabytes goes to the disk as it comes", async () => {
    using room = new PictureRoom();
    const large = Buffer.concat([picture, Buffer.alloc(5_000_000, 3)]);
    const body = JSON.stringify({ image: `data:;base64,${large.toString("base64")}` });
    const pieces = cut(Buffer.from(body), Array(200).fill(65_536));
    const request = requestOf("application/json", pieces);
    const { pictures } = await readPictureJson(request, { kindAt, nameOf, room });
    const [first] = pictures;
    if (first?.text.kind !== "picture") throw new Error("no picture");
    expect((await bytesOf(await first.text.picture.reference())).equals(large)).toBe(true);
  });

  it.each([
    ["a string that is neither", { image: "mug.png" }, "invalid_image", "image: neither"],
    ["bare base64", { image: base64 }, "invalid_image", "neither a data URL"],
    ["an empty string", { image: "" }, "invalid_image", "neither"],
    ["another scheme", { mask: "ftp://example.com/a.png" }, "invalid_image", "mask: neither"],
    ["a path of ours", { image: "file:///etc/passwd" }, "invalid_image", "neither"],
    ["a URL with a line break", { image: "https://example.com/\na" }, "invalid_image", "escape"],
    ["a URL with a blank", { image: "https://example.com/a b" }, "invalid_image", "neither"],
    ["a URL without a host", { image: "https://" }, "invalid_image", "neither"],
    [
      "a very long URL",
      { image: `https://example.com/${"a".repeat(9_000)}` },
      "invalid_image",
      "8192",
    ],
    ["a data URL of text", { image: "data:image/png,abc" }, "invalid_image", "must be base64"],
    ["a data URL of nothing", { image: "data:image/png;base64," }, "invalid_image", "it is empty"],
    ["a broken one", { image: `${dataUrl}!` }, "invalid_image", "not base64"],
    ["a cut one", { image: dataUrl.slice(0, -5) }, "invalid_image", "multiple of four"],
    ["a half picture", { image: dataUrl.slice(0, 82) }, "invalid_image", "image: it is"],
    [
      "a web page",
      { image: `data:image/png;base64,${btoa("<html>")}` },
      "invalid_image",
      "web page",
    ],
    ["eighteen pictures", { image: Array(18).fill(dataUrl) }, "too_many_images", "17"],
    [
      "a picture where none is read",
      { prompt: "a".repeat(1_100_000) },
      "body_too_large",
      "1048576",
    ],
  ])("with %s is refused", async (_what, body, code, words) => {
    await expect(read(JSON.stringify(body))).rejects.toMatchObject({
      name: "Refusal",
      code,
      message: expect.stringContaining(words),
    });
  });

  it("with a data URL over its limit is refused before it is whole", async () => {
    const long = Buffer.alloc(DATA_URL_CHARACTERS_MAX, "A");
    const body = Buffer.concat([Buffer.from('{"image":"data:;base64,'), long]);
    await expect(read(body, Array(400).fill(65_536))).rejects.toMatchObject({
      code: "body_too_large",
      details: { param: "image", allowed: { charactersMax: 20_971_520 } },
    });
  });

  it.each([
    ["half of it", `{"image":"${dataUrl}`],
    ["no JSON", `{"image":"${dataUrl}",}`],
    ["other letters", Buffer.from('{"prompt":"\xff"}', "latin1")],
    ["a very deep one", "[".repeat(100)],
  ])("as %s is invalid_json", async (_what, body) => {
    await expect(read(body)).rejects.toMatchObject({ name: "Refusal", code: "invalid_json" });
  });
});
