import { once } from "node:events";
import { Readable } from "node:stream";
import { Busboy } from "@fastify/busboy";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPictureForm } from "../../src/intake/form-body.ts";
import { FormReader } from "../../src/intake/form-reader.ts";
import { PictureRoom } from "../../src/intake/picture.ts";
import {
  BOUNDARY,
  bytesOf,
  cut,
  type FormPart,
  formOf,
  formType,
  requestOf,
} from "./intake-bench.ts";
import { pngOf } from "./pictures.ts";

/** Forms are read whole or refused: however they are cut, nothing in them is skipped, doubled or guessed. */

type Part = { readonly head: string; readonly body: string };

function partsOf(bytes: Buffer, lengths: readonly number[], boundary = BOUNDARY): Part[] {
  const reader = new FormReader(boundary);
  const parts: { head: string; body: string }[] = [];
  let ended = 0;
  for (const piece of cut(bytes, lengths)) {
    for (const step of reader.push(piece)) {
      const last = parts.at(-1);
      if (step.kind === "part") parts.push({ head: step.head.toString("latin1"), body: "" });
      else if (step.kind === "end") ended += 1;
      else if (last !== undefined) last.body += step.bytes.toString("latin1");
    }
  }
  reader.finish();
  expect(ended).toBe(parts.length);
  return parts;
}

/** Bodies full of what nearly is a boundary. */
const body = fc
  .array(
    fc.constantFrom("\r", "\n", "-", "--", "\r\n", "\r\n--", `\r\n--${BOUNDARY.slice(0, 9)}`, "a"),
  )
  .map((words) => words.join(""));

describe("a form comes apart into the same parts", () => {
  it("however its bytes are cut, whatever its parts hold", () => {
    fc.assert(
      fc.property(
        fc.array(body, { maxLength: 4 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 60 }),
        (bodies, lengths) => {
          const parts = bodies.map((text, index) => ({ name: `p${index}`, body: text }));
          const head = (index: number) => `content-disposition: form-data; name="p${index}"`;
          const expected = bodies.map((text, index) => ({ head: head(index), body: text }));
          expect(partsOf(formOf(parts), lengths)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("one byte at a time, with a preamble and blanks behind it", () => {
    const form = formOf([{ name: "a", body: "1" }]);
    const bytes = Buffer.concat([Buffer.from("ignored\r\n"), form, Buffer.from(" \r\n\t")]);
    const ones = Array.from({ length: bytes.length }, () => 1);
    expect(partsOf(bytes, ones)).toHaveLength(1);
  });

  it("as the platform's own FormData writes it", async () => {
    const form = new FormData();
    form.append("prompt", "a müg");
    form.append("image", new Blob([new Uint8Array([0, 13, 10, 45, 45])]), "blob");
    const response = new Response(form);
    const type = response.headers.get("content-type") ?? "";
    const boundary = type.slice(type.indexOf("=") + 1);
    const parts = partsOf(Buffer.from(await response.arrayBuffer()), [7, 9, 200], boundary);
    expect(parts.map((part) => part.body)).toEqual([
      Buffer.from("a müg").toString("latin1"),
      "\0\r\n--",
    ]);
  });

  it("a part without a body, with and without an empty line of its own", () => {
    const head = 'content-disposition: form-data; name="a"';
    const bare = Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n--${BOUNDARY}--`);
    expect(partsOf(bare, [])).toEqual([{ head, body: "" }]);
    expect(partsOf(formOf([{ name: "a", body: "" }]), [])).toEqual([{ head, body: "" }]);
  });
});

/** The same form through somebody else's reader, for what it doesn't refuse. */
async function readElsewhere(bytes: Buffer): Promise<Record<string, string>> {
  const busboy = new Busboy({ headers: { "content-type": formType() } });
  const fields: Record<string, string> = {};
  busboy.on("field", (name, value) => {
    fields[name] = Buffer.from(value, "utf8").toString("latin1");
  });
  busboy.on("file", (name, stream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      fields[name] = Buffer.concat(chunks).toString("latin1");
    });
  });
  Readable.from(cut(bytes, [70, 130, 11])).pipe(busboy);
  await once(busboy, "finish");
  return fields;
}

it("another reader finds the same fields and files in the same form", async () => {
  const part = fc.record({ body, isFile: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (asked) => {
      const parts = asked.map((each, index) => ({
        name: `p${index}`,
        body: each.body,
        ...(each.isFile ? { filename: "blob", type: "application/octet-stream" } : {}),
      }));
      const bytes = formOf(parts);
      const ours = partsOf(bytes, [33, 1, 200]).map((each, index) => [`p${index}`, each.body]);
      expect(Object.fromEntries(ours)).toEqual(await readElsewhere(bytes));
    }),
  );
});

describe("a form is broken", () => {
  const form = formOf([{ name: "a", body: "mug" }]).toString("latin1");
  it.each([
    ["cut anywhere before its last boundary", form.slice(0, -6)],
    ["of nothing", ""],
    ["without its boundary", "a".repeat(50)],
    ["behind nine kilobytes of something else", "a".repeat(9_000) + form],
    ["with something behind its end", `${form}extra`],
    ["with words behind a boundary", form.replace(`${BOUNDARY}\r\n`, `${BOUNDARY} x\r\n`)],
    ["with a head that never ends", `--${BOUNDARY}\r\n${"a: b\r\n".repeat(4_000)}`],
  ])("%s", (_why, text) => {
    expect(() => partsOf(Buffer.from(text, "latin1"), [100, 1_000])).toThrow(
      expect.objectContaining({ name: "BrokenForm" }),
    );
  });

  it("at every cut", () => {
    const whole = formOf([{ name: "a", body: "mug" }]);
    for (let length = 0; length < whole.length - 2; length += 1) {
      expect(() => partsOf(whole.subarray(0, length), [])).toThrow();
    }
  });
});

async function read(parts: readonly FormPart[] | Buffer, type = formType()) {
  using room = new PictureRoom();
  const bytes = Buffer.isBuffer(parts) ? parts : formOf(parts);
  const request = requestOf(type, cut(bytes, [5, 50, 500]));
  const form = await readPictureForm(request, { room, fieldNames: ["model", "prompt", "tags"] });
  const images = await Promise.all(
    form.images.map(async (picture) => {
      const reference = await picture.reference();
      return `${picture.name} ${reference.width} ${(await bytesOf(reference)).length}`;
    }),
  );
  return { fields: Object.fromEntries(form.fields), images, mask: form.mask?.name };
}

describe("a picture form", () => {
  const image = pngOf({ width: 3 });

  it("has fields and pictures in any order, whatever they say of themselves", async () => {
    const form = await read([
      { name: "image[]", body: image, filename: "blob", type: "application/octet-stream" },
      { name: "prompt", body: "blue, “quoted”\r\n", type: "text/plain; charset=UTF-8" },
      { name: "mask", body: pngOf({ width: 4 }) },
      {
        name: "image",
        body: pngOf({ width: 5 }),
        filename: "C:\\mugs\\a %22b%22.png",
        type: "a/b",
      },
      { name: "model", body: "m" },
    ]);
    expect(form).toEqual({
      fields: { prompt: "blue, “quoted”\r\n", model: "m" },
      images: [`image[0] 3 ${image.length}`, `image[1] 5 ${image.length}`],
      mask: "mask",
    });
  });

  it("may quote its boundary, and hold fields of no length", async () => {
    const form = formOf([{ name: "prompt", body: "" }], "a b=c");
    expect(await read(form, 'Multipart/Form-Data; charset=utf-8; boundary="a b=c"')).toEqual({
      fields: { prompt: "" },
      images: [],
      mask: undefined,
    });
  });

  it.each<[string, readonly FormPart[] | Buffer, string, string, string?]>([
    ["no boundary", [], "invalid_form", "no boundary", "multipart/form-data"],
    ["an empty boundary", [], "invalid_form", "no boundary", 'multipart/form-data; boundary=""'],
    ["no part at all", Buffer.from("--x"), "invalid_form", "boundary never comes"],
    ["an unknown field", [{ name: "style", body: "x" }], "unknown_parameter", "style"],
    ["a picture of another name", [{ name: "file", body: image }], "unknown_parameter", "file"],
    [
      "a field twice",
      [
        { name: "prompt", body: "a" },
        { name: "prompt", body: "a" },
      ],
      "invalid_value",
      "prompt",
    ],
    [
      "a mask twice",
      [
        { name: "mask", body: image },
        { name: "mask", body: image },
      ],
      "invalid_value",
      "mask",
    ],
    [
      "17 images",
      Array.from({ length: 17 }, () => ({ name: "image", body: image })),
      "too_many_images",
      "16",
    ],
    [
      "a thousand parts",
      Array.from({ length: 1_000 }, (_part, index) => ({ name: `x${index}`, body: "" })),
      "unknown_parameter",
      "x0",
    ],
    [
      "a field of 200 KB",
      [{ name: "prompt", body: "a".repeat(200_000) }],
      "body_too_large",
      "131072",
    ],
    [
      "a field of other letters",
      [{ name: "prompt", body: Buffer.from([0xff]) }],
      "invalid_value",
      "UTF-8",
    ],
    [
      "another charset",
      [{ name: "prompt", body: "a", type: "text/plain; charset=utf-16" }],
      "invalid_form",
      "utf-16",
    ],
    [
      "a form in the form",
      [{ name: "image", body: formOf([], "y"), type: "multipart/mixed; boundary=y" }],
      "invalid_form",
      "a form itself",
    ],
    [
      "base64 in the form",
      [
        {
          name: "a",
          head: 'content-disposition: form-data; name="image"\r\ncontent-transfer-encoding: base64',
          body: "",
        },
      ],
      "invalid_form",
      "base64",
    ],
    [
      "a part without a name",
      [{ name: "a", head: "content-type: image/png", body: "" }],
      "invalid_form",
      "no name",
    ],
    [
      "an attachment",
      [{ name: "a", head: 'content-disposition: attachment; name="a"', body: "" }],
      "invalid_form",
      "no name",
    ],
    [
      "a head that is none",
      [{ name: "a", head: "form-data", body: "" }],
      "invalid_form",
      "no header",
    ],
    [
      "two names",
      [{ name: "a", head: 'content-disposition: form-data; name="a"; name="b"', body: "" }],
      "invalid_form",
      "two parameters",
    ],
    [
      "two dispositions",
      [
        {
          name: "a",
          head: 'content-disposition: form-data; name="a"\r\ncontent-disposition: form-data; name="b"',
          body: "",
        },
      ],
      "invalid_form",
      "two headers",
    ],
    [
      "a folded head",
      [{ name: "a", head: 'content-disposition: form-data;\r\n name="prompt"', body: "" }],
      "invalid_form",
      "no header",
    ],
    ["an empty picture", [{ name: "image", body: "" }], "invalid_image", "image[0]: it is empty"],
    [
      "half a picture",
      [{ name: "image", body: image.subarray(0, 60) }],
      "invalid_image",
      "cut off",
    ],
  ])("with %s is refused", async (_what, parts, code, words, type) => {
    await expect(read(parts, type)).rejects.toMatchObject({
      name: "Refusal",
      code,
      message: expect.stringContaining(words),
    });
  });
});
