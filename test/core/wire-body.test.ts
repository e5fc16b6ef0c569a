import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reference } from "../../src/gates/order.ts";
import type { WireBody } from "../../src/vendors/wire/exchange.ts";
import { base64Text, dataUrl, jsonBody } from "../../src/vendors/wire/json-body.ts";
import { multipartBody } from "../../src/vendors/wire/multipart-body.ts";
import { inPieces, measured } from "./pictures.ts";

/** A file of these bytes, read in pieces of a length. */
function fileOf(bytes: Uint8Array, piece = 5): Reference {
  const file = Buffer.from(bytes);
  return measured({ bytes: file.length, read: () => inPieces(file, piece) });
}

function streamed(body: string | WireBody): WireBody {
  if (typeof body === "string") throw new Error("this body is a text");
  return body;
}

/** Everything that a body gives, as often as it is asked for. */
async function wholeOf(body: WireBody): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("a JSON body with pictures in it", () => {
  it("is the JSON of the value with each picture's base64 in its place", async () => {
    const first = fileOf(Buffer.from("any file"));
    const body = streamed(
      jsonBody({
        model: "m",
        'odd "name"\n': [1, null, true, undefined, { left_out: undefined, kept: "ü – \u2028" }],
        image: dataUrl(first),
        parts: [{ text: "t" }, { inlineData: { data: base64Text(first) } }],
      }),
    );
    expect(body.contentType).toBe("application/json");
    expect(JSON.parse((await wholeOf(body)).toString("utf8"))).toEqual({
      model: "m",
      'odd "name"\n': [1, null, true, null, { kept: "ü – \u2028" }],
      image: "data:image/png;base64,YW55IGZpbGU=",
      parts: [{ text: "t" }, { inlineData: { data: "YW55IGZpbGU=" } }],
    });
  });

  it("without a picture is a text, the same that JSON writes", () => {
    const value = { a: [1, "two", { three: false }], b: null };
    expect(jsonBody(value)).toBe(JSON.stringify(value));
  });

  it("says its length beforehand, exactly, whatever the files and however they are read", async () => {
    const files = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.integer({ min: 1, max: 64 }),
        fc.string(),
        async (all, piece, text) => {
          const pictures = all.map((bytes) => fileOf(bytes, piece));
          const body = streamed(jsonBody({ text, images: pictures.map(base64Text) }));
          const whole = await wholeOf(body);
          expect(whole.length).toBe(body.length);
          expect(JSON.parse(whole.toString("utf8"))).toEqual({
            text,
            images: all.map((bytes) => Buffer.from(bytes).toString("base64")),
          });
          expect(await wholeOf(body)).toEqual(whole);
        },
      ),
    );
  });
});

describe("a form with files in it", () => {
  it("is RFC 7578, fields and files in their order, byte for byte", async () => {
    const picture = { ...fileOf(Buffer.from([0, 13, 10, 255, 45, 45])), format: "webp" };
    const body = multipartBody([
      { name: "model", text: "gpt-image-2" },
      { name: "prompt", text: 'two "lines"\r\nü' },
      { name: "image[]", picture, fileName: "image-1.webp" },
    ]);
    const [, boundary = ""] = /^multipart\/form-data; boundary=(.+)$/.exec(body.contentType) ?? [];
    expect(boundary).toMatch(/^spotmeter-[0-9a-f]{36}$/);
    const whole = await wholeOf(body);
    expect(whole.length).toBe(body.length);
    expect(whole.toString("latin1")).toBe(
      [
        `--${boundary}\r\ncontent-disposition: form-data; name="model"\r\n\r\ngpt-image-2\r\n`,
        `--${boundary}\r\ncontent-disposition: form-data; name="prompt"\r\n\r\ntwo "lines"\r\nÃ¼\r\n`,
        `--${boundary}\r\ncontent-disposition: form-data; name="image[]"; filename="image-1.webp"\r\n`,
        "content-type: image/webp\r\n\r\n\0\r\n\xff--\r\n",
        `--${boundary}--\r\n`,
      ].join(""),
    );
  });

  it("is read by others as it was meant, with a boundary of its own each time", async () => {
    const bytes = Uint8Array.from({ length: 10_000 }, (_, index) => (index * 7) % 256);
    const make = () =>
      multipartBody([{ name: "image", picture: fileOf(bytes, 999), fileName: "a.png" }]);
    const body = make();
    expect(make().contentType).not.toBe(body.contentType);
    const headers = { "content-type": body.contentType };
    const form = await new Response(new Uint8Array(await wholeOf(body)), { headers }).formData();
    const file = form.get("image");
    if (!(file instanceof File)) throw new Error("no file");
    expect([file.name, file.type]).toEqual(["a.png", "image/png"]);
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes);
  });
});

describe("a file that fails while it is read", () => {
  /** What a body gives until it fails. */
  async function given(
    body: WireBody,
  ): Promise<{ readonly bytes: number; readonly failure: string }> {
    let bytes = 0;
    try {
      for await (const chunk of body.read()) bytes += chunk.length;
    } catch (cause) {
      return { bytes, failure: String(cause) };
    }
    throw new Error("it did not fail");
  }

  it("at once, first of all, gives not a byte: the text before it has waited", async () => {
    const gone = measured({ read: () => failing([]) });
    for (const body of [
      streamed(jsonBody({ text: "t", image: dataUrl(gone) })),
      multipartBody([
        { name: "model", text: "m" },
        { name: "image", picture: gone, fileName: "a.png" },
      ]),
    ]) {
      expect(await given(body)).toEqual({ bytes: 0, failure: "Error: EIO" });
    }
  });

  it("later on never gives all that was promised", async () => {
    const broken = measured({
      bytes: 9_000,
      read: () => failing([Buffer.alloc(3_000), Buffer.alloc(3_000)]),
    });
    const body = streamed(jsonBody({ image: dataUrl(broken) }));
    const { bytes, failure } = await given(body);
    expect(failure).toBe("Error: EIO");
    expect(bytes).toBeLessThan(body.length);
  });

  it.each([
    ["shorter", 999],
    ["longer", 1_001],
  ])(
    "a file that is %s than it was fails, and is never padded or cut to fit",
    async (_how, real) => {
      const changed = measured({ bytes: 1_000, read: () => inPieces(Buffer.alloc(real), 100) });
      const body = streamed(jsonBody({ image: dataUrl(changed) }));
      const { bytes, failure } = await given(body);
      expect(failure).toBe("Error: a picture's file has changed its length");
      expect(bytes).toBeLessThan(body.length);
    },
  );

  async function* failing(first: readonly Buffer[]): AsyncGenerator<Buffer> {
    yield* first;
    throw new Error("EIO");
  }
});

describe("a large body", () => {
  it("is never held whole: 64 MB pass in pieces of under 128 KB", async () => {
    const picture = measured({ bytes: 64 * 1024 * 1024 });
    const lengths: number[] = [];
    for await (const chunk of streamed(jsonBody({ image: dataUrl(picture) })).read()) {
      lengths.push(chunk.length);
    }
    expect(Math.max(...lengths)).toBeLessThan(131_072);
    // 64 MiB are 22,369,622 triples, 89,478,488 characters, and {"image":"data:image/png;base64,"} is 34.
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(89_478_522);
  });
});
