import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BOUNDARY, type FormPart, formOf, formType, restingFiles } from "./intake-bench.ts";
import { heavyPng, pngOf } from "./pictures.ts";
import { expectNoInsides, expectRefusal, type RawAnswer, send, sendText } from "./raw-client.ts";
import { type Sandbox, startSandbox, until } from "./sandbox.ts";

/** Whatever pictures are sent, a refusal is clear, and leaves nothing held, charged, called or on the disk. */

let sandbox: Sandbox;
let settled: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  settled = (await sandbox.get("/v1/credits")).body.settled;
});
afterEach(async () => {
  await until(() => restingFiles() === 0 && sandbox.gateway.callsInFlight() === 0);
  expect(await sandbox.calls()).toEqual([]);
  const { body } = await sandbox.get("/v1/credits");
  expect([body.settled, body.held]).toEqual([settled, "0"]);
});
afterAll(() => sandbox.close());

const PATHS = ["/v1/images/edits", "/images/edits", "/v1/images/quote"] as const;
const ASKED = { model: "gpt-image-2", prompt: "Recolor this mug", quality: "low" };
const fields = Object.entries(ASKED).map(([name, body]) => ({ name, body }));
const image = pngOf({ width: 64, height: 64 });
const dataUrl = `data:image/png;base64,${image.toString("base64")}`;

type Sent = { readonly path?: string; readonly headers?: Record<string, string> };

function post(body: Buffer | Buffer[], type: string, { path, headers }: Sent = {}) {
  const authorization = `Bearer ${sandbox.apiKey}`;
  return send(sandbox.gateway.url, {
    path: path ?? PATHS[0],
    headers: { authorization, "content-type": type, ...headers },
    body,
  });
}

const form = (parts: readonly FormPart[], sent?: Sent) => post(formOf(parts), formType(), sent);
const json = (body: unknown, sent?: Sent): Promise<RawAnswer> =>
  post(Buffer.from(JSON.stringify(body)), "application/json", sent);

describe.each(PATHS)("POST %s refuses", (path) => {
  it.each<[string, readonly FormPart[], Parameters<typeof expectRefusal>[1], string]>([
    ["an empty picture", [{ name: "image", body: "" }], "invalid_image", "image[0]"],
    [
      "a second one that is text",
      [
        { name: "image", body: image },
        { name: "image", body: "mug.png" },
      ],
      "invalid_image",
      "image[1]",
    ],
    [
      "half a mask",
      [
        { name: "image", body: image },
        { name: "mask", body: image.subarray(0, 40) },
      ],
      "invalid_image",
      "mask",
    ],
    ["a mask without an image", [{ name: "mask", body: image }], "missing_parameter", "image"],
    [
      "half a megabyte that is no picture",
      [{ name: "image", body: Buffer.alloc(500_000, 7) }],
      "invalid_image",
      "image[0]",
    ],
    [
      "seventeen pictures",
      Array.from({ length: 17 }, () => ({ name: "image[]", body: image })),
      "too_many_images",
      "image",
    ],
    ["an unknown field", [{ name: "strength", body: "1" }], "unknown_parameter", "strength"],
  ])("%s in a form", async (_what, parts, code, param) => {
    expectRefusal(await form([...fields, ...parts], { path }), code, param);
  });

  it.each<[string, unknown, Parameters<typeof expectRefusal>[1], string]>([
    [
      "a file id",
      { images: [{ file_id: "file-1" }] },
      "unsupported_parameter",
      "images[0].file_id",
    ],
    ["a private URL", { image: "http://10.0.0.1/a.png" }, "image_unreachable", "image"],
    [
      "our own loopback, in the sandbox too",
      { images: [{ image_url: "http://127.0.0.1:80/a.png" }] },
      "image_unreachable",
      "images[0].image_url",
    ],
    ["bare base64", { image: image.toString("base64") }, "invalid_image", "image"],
    ["a number", { image: 7 }, "invalid_value", "image"],
    ["a list in a list", { image: [[dataUrl]] }, "invalid_value", "image[0]"],
    ["an object without a URL", { images: [{}] }, "missing_parameter", "images[0].image_url"],
    ["a URL that is none", { images: [{ image_url: 1 }] }, "invalid_value", "images[0].image_url"],
    [
      "an object with more in it",
      { images: [{ image_url: dataUrl, detail: "high" }] },
      "unknown_parameter",
      "images[0].detail",
    ],
    ["image and images", { image: dataUrl, images: [dataUrl] }, "invalid_value", "images"],
    ["a list of masks", { image: dataUrl, mask: [dataUrl] }, "invalid_value", "mask"],
    ["a mask alone", { mask: { image_url: dataUrl } }, "missing_parameter", "image"],
    ["seventeen of them", { image: Array(17).fill(dataUrl) }, "too_many_images", "image"],
  ])("%s in JSON", async (_what, pictures, code, param) => {
    expectRefusal(await json({ ...ASKED, ...(pictures as object) }, { path }), code, param);
  });

  it("a picture whose name stands twice", async () => {
    const text = `{"model":"gpt-image-2","prompt":"a","image":"${dataUrl}","image":"${dataUrl}"}`;
    const answer = await post(Buffer.from(text), "application/json", { path });
    expectRefusal(answer, "invalid_json", "image");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x", ""])(
    "content-type %j",
    async (type) => {
      const error = expectRefusal(await post(image, type, { path }), "unsupported_media_type");
      expect(error["allowed"]).toEqual(["application/json", "multipart/form-data"]);
    },
  );
});

describe("a generation", () => {
  it.each(["image", "images", "mask"])("with %s is told where pictures go", async (name) => {
    const answer = await json({ ...ASKED, [name]: dataUrl }, { path: "/v1/images/generations" });
    const error = expectRefusal(answer, "unsupported_parameter", name);
    expect(error.message).toContain("POST /v1/images/edits");
  });

  it("with a picture over its size limit is told so too", async () => {
    const body = { ...ASKED, image: `data:image/png;base64,${"A".repeat(2_000_000)}` };
    const answer = await json(body, { path: "/v1/images/generations" });
    const error = expectRefusal(answer, "body_too_large");
    expect(error.message).toContain("POST /v1/images/edits");
  });
});

describe("an edit without a picture", () => {
  it("is told where words alone go", async () => {
    for (const answer of [
      await form(fields),
      await json(ASKED),
      await json({ ...ASKED, images: [] }),
    ]) {
      const error = expectRefusal(answer, "missing_parameter", "image");
      expect(error.message).toContain("POST /v1/images/generations");
    }
  });
});

describe("a body that is too large", () => {
  it("by its own word is refused before it is read", async () => {
    const text = [
      "POST /v1/images/edits HTTP/1.1",
      "host: x",
      `authorization: Bearer ${sandbox.apiKey}`,
      `content-type: ${formType()}`,
      "content-length: 209715201",
    ].join("\r\n");
    const answer = await sendText(sandbox.gateway.url, `${text}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"body_too_large"');
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  });

  it("in one picture is refused as soon as it is, and the answer arrives while the client still sends", async () => {
    const head = formOf([...fields, { name: "image", body: image }]).toString("latin1");
    const open = head.slice(0, head.lastIndexOf(`\r\n--${BOUNDARY}--`));
    const pieces = [Buffer.from(open, "latin1"), ...Array(900).fill(Buffer.alloc(65_536))];
    const error = expectRefusal(await post(pieces, formType()), "body_too_large", "image[0]");
    expect(error["allowed"]).toEqual({ bytes_max: 49_999_999 });
  });
});

describe("a body that is cut", () => {
  function head(length: number, more: readonly string[] = []): string {
    return [
      "POST /v1/images/edits HTTP/1.1",
      "host: x",
      `authorization: Bearer ${sandbox.apiKey}`,
      `content-type: ${formType()}`,
      `content-length: ${length}`,
      ...more,
      "",
      "",
    ].join("\r\n");
  }
  const whole = formOf([...fields, { name: "image", body: heavyPng(300_000) }]);

  it("by a client that hangs up leaves nothing behind", async () => {
    const { hostname, port } = new URL(sandbox.gateway.url);
    const socket = connect(Number(port), hostname);
    socket.write(head(whole.length));
    socket.write(whole.subarray(0, 200_000));
    await until(() => restingFiles() === 1);
    socket.destroy();
  });

  it("because its length is a lie, too short, is refused, and its rest is no request", async () => {
    const text = head(whole.length - 100) + whole.toString("latin1");
    const { hostname, port } = new URL(sandbox.gateway.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(text, "latin1"));
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.on("error", reject);
      socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expectNoInsides(answer);
  });
});

describe("a client that asks first (Expect: 100-continue)", () => {
  const expecting = (lines: readonly string[]): string =>
    ["POST /v1/images/edits HTTP/1.1", "host: x", "expect: 100-continue", ...lines, "", ""].join(
      "\r\n",
    );

  it.each([
    ["without a key", [`content-type: ${formType()}`, "content-length: 1000"], "401"],
    ["with a body too large", ["content-length: 999999999", `content-type: ${formType()}`], "413"],
    ["with no form", ["content-length: 10", "content-type: text/plain"], "415"],
  ])("%s is refused and not invited", async (what, lines, status) => {
    const key = what === "without a key" ? [] : [`authorization: Bearer ${sandbox.apiKey}`];
    const answer = await sendText(sandbox.gateway.url, expecting([...key, ...lines]));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("is invited when nothing speaks against it, on every route", async () => {
    for (const path of [...PATHS, "/v1/images/generations", "/v1/receipts/none"]) {
      const type = path === "/v1/images/generations" ? "application/json" : formType();
      const answer = await send(sandbox.gateway.url, {
        path,
        method: path === "/v1/receipts/none" ? "PUT" : "POST",
        headers: {
          authorization: `Bearer ${sandbox.apiKey}`,
          "content-type": type,
          expect: "100-continue",
        },
        body: Buffer.from("{"),
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).toMatch(/invalid_form|invalid_json|method_not_allowed/);
    }
  });
});
