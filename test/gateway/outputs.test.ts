import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openOutputs } from "../../src/start/open-outputs.ts";
import { fetchRaw, sha256 } from "./fetch-raw.ts";
import { startS3 } from "./s3-stand-in.ts";
import { MUG, type Sandbox, startSandbox, testConfig } from "./sandbox.ts";

/** Pictures that callers choose to keep. */

const low = { model: "gpt-image-2", prompt: MUG, size: "1024x1024", quality: "low" } as const;

let folder: string;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spotmeter-shop-"));
  const settings = join(folder, "spotmeter.yaml");
  writeFileSync(settings, "outputs:\n  store: kept\n  cache_control: public, max-age=60\n");
  sandbox = await startSandbox({ environment: { SPOTMETER_CONFIG: settings } });
});
beforeEach(() => sandbox.forgetCalls());
afterEach(() => rmSync(join(folder, "kept"), { recursive: true, force: true }));
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function files(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "spotmeter.yaml")
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + "/kept/".length))
    .sort();
}

async function receiptOf(answer: Awaited<ReturnType<Sandbox["generate"]>>) {
  return (await sandbox.get(`/v1/receipts/${answer.headers.get("x-receipt-id")}`)).body;
}

describe("an output", () => {
  it("lies under the owner's key with the bytes that were answered, and a sidecar that says whose it is", async () => {
    const answer = await sandbox.generate({ ...low, spotmeter: { output: true } });
    expect(answer.body.usage.cost_details.total).toBe("0.005985");
    const bytes = Buffer.from(answer.body.data[0].b64_json, "base64");
    const id = answer.headers.get("x-receipt-id");
    const day = new Date().toISOString().slice(0, 10);
    expect(files()).toEqual([`${day}/${id}-0.png`, `${day}/${id}-0.png.json`]);
    expect(readFileSync(join(folder, "kept", day, `${id}-0.png`)).equals(bytes)).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, "kept", day, `${id}-0.png.json`), "utf8"))).toEqual(
      {
        receipt_id: id,
        index: 0,
        model: "gpt-image-2",
        sha256: sha256(bytes),
        bytes: bytes.length,
        content_type: "image/png",
        cache_control: "public, max-age=60",
        width: 1024,
        height: 1024,
        content_credentials: false,
      },
    );
    const receipt = await receiptOf(answer);
    expect(receipt.images).toMatchObject([{ sha256: sha256(bytes), flags: [] }]);
  });

  it("lies under the caller's own key, picture by picture, beside URLs too", async () => {
    const order = { model: "qwen-image-2.0", prompt: MUG, n: 2, response_format: "url" };
    const key = "{tag:sku}/{model}/{index}.{ext}";
    const spotmeter = { output: { key } };
    const answer = await sandbox.generate({ ...order, spotmeter, tags: { sku: "mug-7" } });
    expect(answer.status).toBe(200);
    const at = (index: number) => join("mug-7/qwen-image-2.0", `${index}.png`);
    expect(files()).toEqual([at(0), `${at(0)}.json`, at(1), `${at(1)}.json`]);
    for (const [index, { url }] of answer.body.data.entries()) {
      const { bytes } = await fetchRaw(url);
      expect(readFileSync(join(folder, "kept", at(index))).equals(bytes)).toBe(true);
    }
  });

  it("of a stream is kept too, the final picture only", async () => {
    const response = await fetch(`${sandbox.gateway.url}/v1/images/generations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${sandbox.apiKey}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        ...low,
        stream: true,
        partial_images: 2,
        spotmeter: { output: true },
      }),
    });
    expect((await response.text()).match(/event: /g)).toHaveLength(3);
    expect(files()).toHaveLength(2);
  });

  it("never takes the place of another one: the picture is answered, charged and flagged", async () => {
    mkdirSync(join(folder, "kept"), { recursive: true });
    writeFileSync(join(folder, "kept", "mug.png"), "mine");
    const answer = await sandbox.generate({ ...low, spotmeter: { output: { key: "mug.png" } } });
    expect(answer.status).toBe(200);
    expect(readFileSync(join(folder, "kept", "mug.png"), "utf8")).toBe("mine");
    expect(files()).toEqual(["mug.png"]);
    const receipt = await receiptOf(answer);
    expect(receipt).toMatchObject({ total: "0.005985", images: [{ flags: ["output_key_taken"] }] });
  });

  it("that can't be kept never fails the call: its receipt says so", async () => {
    writeFileSync(join(folder, "kept"), "a file in its place");
    const answer = await sandbox.generate({ ...low, spotmeter: { output: true } });
    expect(answer.status).toBe(200);
    const receipt = await receiptOf(answer);
    expect(receipt).toMatchObject({ total: "0.005985", images: [{ flags: ["output_not_kept"] }] });
  });

  it("of a call that comes to nothing is none", async () => {
    const answer = await sandbox.generate({ ...low, spotmeter: { output: true } }, "cut");
    expect(answer.status).toBe(424);
    expect(files()).toEqual([]);
  });

  it.each([
    [{ output: { key: "../x.png" } }, "invalid_value", "spotmeter.output.key"],
    [{ output: { key: "{tag:sku}.png" } }, "invalid_value", "spotmeter.output.key"],
    [{ output: { key: "{nothing}.png" } }, "invalid_value", "spotmeter.output.key"],
    [{ output: { path: "x" } }, "invalid_value", "spotmeter.output"],
    [{ output: "yes" }, "invalid_value", "spotmeter.output"],
    [{ outputs: true }, "invalid_value", "spotmeter"],
    ["output", "invalid_value", "spotmeter"],
  ])("asked for as %j is refused before anything is spent", async (spotmeter, code, param) => {
    const { status, body } = await sandbox.generate({ ...low, spotmeter });
    expect([status, body.error.code, body.error.param]).toEqual([400, code, param]);
    expect(await sandbox.calls()).toEqual([]);
  });

  it("of several pictures under one key is refused before anything is spent", async () => {
    const spotmeter = { output: { key: "{receipt}.png" } };
    const { status, body } = await sandbox.generate({
      ...{ model: "qwen-image-2.0", prompt: MUG, n: 2, spotmeter },
    });
    expect([status, body.error.param]).toEqual([400, "spotmeter.output.key"]);
    expect(body.error.message).toContain("n=2: the key needs {index} or {sha256}");
    expect(await sandbox.calls()).toEqual([]);
  });

  it("is not asked for by false or null", async () => {
    for (const spotmeter of [{ output: false }, { output: null }, {}, null]) {
      expect((await sandbox.generate({ ...low, spotmeter })).status).toBe(200);
    }
    expect(files()).toEqual([]);
  });
});

describe("a gateway without outputs", () => {
  it("refuses them, quotes included, and says who configures them", async () => {
    const plain = await startSandbox();
    const order = { ...low, spotmeter: { output: true } };
    for (const { status, body } of [await plain.generate(order), await plain.quote(order)]) {
      expect([status, body.error.code, body.error.param]).toEqual([
        400,
        "unsupported_parameter",
        "spotmeter.output",
      ]);
    }
    await plain.close();
  });
});

describe("outputs in an object store", () => {
  it("are objects with their type and cache-control", async () => {
    const s3 = await startS3();
    const settings = join(folder, "s3.yaml");
    writeFileSync(
      settings,
      'outputs: { store: "s3://shop/ai", key: "{sha256}.{ext}", cache_control: public }\n',
    );
    const keys = {
      S3_ENDPOINT: s3.settings.endpoint,
      S3_REGION: s3.settings.region,
      S3_ACCESS_KEY_ID: s3.settings.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.settings.secretAccessKey,
    };
    const shop = await startSandbox({ environment: { SPOTMETER_CONFIG: settings, ...keys } });
    const answer = await shop.generate({ ...low, spotmeter: { output: true } });
    const bytes = Buffer.from(answer.body.data[0].b64_json, "base64");
    const name = `shop/ai/${sha256(bytes)}.png`;
    expect([...s3.objects.keys()].sort()).toEqual([name, `${name}.json`]);
    expect(s3.objects.get(name)).toMatchObject({
      headers: { "content-type": "image/png", "cache-control": "public" },
    });
    expect(s3.objects.get(name)?.bytes.equals(bytes)).toBe(true);
    await shop.close();
    await s3.close();
    rmSync(settings);
  });
});

describe("bad settings of outputs", () => {
  it.each([
    ["outputs: { key: x }", "outputs"],
    ["outputs: { store: s3://a_b/c }", "outputs.store: must be a folder, or s3://"],
    ["outputs: { store: s3://bucket/x }", "set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"],
    ['outputs: { store: x, key: "{y}" }', "outputs.key: {y} is no placeholder"],
    ["outputs: { store: x, acl: public }", "outputs.acl: unknown field"],
  ])("%s are named", async (text, why) => {
    const file = join(folder, "bad.yaml");
    writeFileSync(file, text);
    await using stack = new AsyncDisposableStack();
    expect(() => openOutputs(testConfig({ SPOTMETER_CONFIG: file }), stack)).toThrow(why);
    rmSync(file);
  });
});
