import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { PictureUrls, pictureAt } from "../../src/gateway/picture-urls.ts";
import { rangeOf } from "../../src/http/byte-range.ts";
import { newId } from "../../src/ids.ts";
import { ledgerFile } from "../../src/ledger/open.ts";
import { Refusal } from "../../src/refusals.ts";
import { fetchRaw, sha256 } from "./fetch-raw.ts";
import { type S3StandIn, startS3 } from "./s3-stand-in.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Pictures answered as URLs of ours: `response_format: "url"`. */

const low = { model: "gpt-image-2", prompt: MUG, size: "1024x1024", quality: "low" } as const;
const SECRET = "a secret that two gateways share, 32+";

describe.each(["a folder", "an object store"])("pictures by URL, kept in %s", (kind) => {
  let sandbox: Sandbox;
  let s3: S3StandIn | undefined;

  beforeAll(async () => {
    s3 = kind === "a folder" ? undefined : await startS3();
    sandbox = await startSandbox({ environment: s3 === undefined ? {} : s3Environment(s3) });
  });
  beforeEach(() => sandbox.forgetCalls());
  afterAll(async () => {
    await sandbox.close();
    await s3?.close();
  });

  it.each([
    ["gpt-image-2", { size: "1024x1024", quality: "low" }, "0.005985"],
    ["gemini-2.5-flash-image", {}, "0.038703"],
    ["qwen-image-2.0", {}, "0.035"],
    ["seedream-4-0", { size: "1024x1024" }, "0.03"],
  ])("of %s hold the same bytes and cost the same as base64", async (model, more, cost) => {
    const order = { model, prompt: MUG, ...more };
    const plain = await sandbox.generate(order);
    const answer = await sandbox.generate({ ...order, response_format: "url" });
    expect(answer.status).toBe(200);
    expect(answer.body.usage.cost_details.total).toBe(cost);
    expect(plain.body.usage.cost_details.total).toBe(cost);
    expect(answer.body.data).toHaveLength(1);
    const [{ url, ...fields }] = answer.body.data;
    expect(fields).not.toHaveProperty("b64_json");
    const receiptId = answer.headers.get("x-receipt-id") ?? "";
    expect(url).toMatch(`${sandbox.gateway.url}/v1/results/${receiptId}/0.`);
    const picture = await fetchRaw(url);
    const bytes = Buffer.from(plain.body.data[0].b64_json, "base64");
    expect(picture.status).toBe(200);
    expect(picture.bytes.equals(bytes)).toBe(true);
    const { body: receipt } = await sandbox.get(`/v1/receipts/${receiptId}`);
    expect(receipt.images).toMatchObject([{ sha256: sha256(bytes), bytes: bytes.length }]);
    expect(receipt.flags).toEqual([]);
  });

  it("come from edits too", async () => {
    const { body: made } = await sandbox.generate(low);
    const image = `data:image/png;base64,${made.data[0].b64_json}`;
    const response = await fetch(`${sandbox.gateway.url}/v1/images/edits`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${sandbox.apiKey}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ ...low, image, response_format: "url" }),
    });
    const { data } = (await response.json()) as { data: { url: string }[] };
    expect(data).toHaveLength(1);
    expect((await fetchRaw(data[0]?.url ?? "")).headers["content-type"]).toBe("image/png");
  });

  it("come one by one where several are made", async () => {
    const order = { model: "qwen-image-2.0", prompt: MUG, n: 3, response_format: "url" };
    const { body } = await sandbox.generate(order);
    expect(body.usage.cost_details.total).toBe("0.105");
    const urls = body.data.map(({ url }: { url: string }) => url);
    expect(urls.map((url: string) => new URL(url).pathname.slice(-6, -4))).toEqual([
      "/0",
      "/1",
      "/2",
    ]);
    for (const url of urls) expect((await fetchRaw(url)).status).toBe(200);
  });

  it("come from the calls of a fan-out too, those that made one", async () => {
    const order = { model: "gemini-2.5-flash-image", prompt: MUG, n: 3, fan_out: true };
    const answer = await sandbox.generate({ ...order, response_format: "url" }, "partial=2");
    expect(answer.body.data).toHaveLength(2);
    expect(answer.body.failures).toHaveLength(1);
    for (const { url } of answer.body.data) expect((await fetchRaw(url)).status).toBe(200);
  });

  it("are served as what they are, to whoever asked, harmless in a browser", async () => {
    const { body } = await sandbox.generate({ ...low, response_format: "url" });
    const { status, headers, bytes } = await fetchRaw(body.data[0].url);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "image/png",
      "content-length": String(bytes.length),
      etag: `"${sha256(bytes)}"`,
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
    expect(headers["cache-control"]).toMatch(/^private, max-age=3[56]\d\d$/);
    const head = await fetchRaw(body.data[0].url, { method: "HEAD" });
    expect(head.headers).toMatchObject({ "content-length": String(bytes.length) });
    expect(head.bytes).toHaveLength(0);
    const again = await fetchRaw(body.data[0].url, {
      headers: { "if-none-match": `"${sha256(bytes)}"` },
    });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
  });

  it("are served in part, and say so when a part lies outside", async () => {
    const { body } = await sandbox.generate({ ...low, response_format: "url" });
    const [{ url }] = body.data;
    const { bytes } = await fetchRaw(url);
    const size = bytes.length;
    const part = (range: string, more = {}) => fetchRaw(url, { headers: { range, ...more } });
    const middle = await part("bytes=100-199");
    expect([middle.status, middle.headers["content-range"]]).toEqual([
      206,
      `bytes 100-199/${size}`,
    ]);
    expect(middle.bytes.equals(bytes.subarray(100, 200))).toBe(true);
    expect((await part("bytes=-50")).bytes.equals(bytes.subarray(-50))).toBe(true);
    expect((await part("bytes=1-", { "if-range": '"another"' })).status).toBe(200);
    const outside = await part(`bytes=${size}-`);
    expect([outside.status, outside.headers["content-range"]]).toEqual([416, `bytes */${size}`]);
    expect(JSON.parse(outside.bytes.toString()).error.code).toBe("range_not_satisfiable");
  });

  it("are refused with anything changed in their URL, and outside of their folder", async () => {
    const { body } = await sandbox.generate({ ...low, response_format: "url" });
    const [{ url }] = body.data;
    const { pathname, searchParams } = new URL(url);
    const query = `expires=${searchParams.get("expires")}&signature=${searchParams.get("signature")}`;
    const other = newId("rcpt");
    const later = query.replace(/expires=\d+/, "expires=99999999999");
    for (const [path, status, code] of [
      [pathname, 403, "invalid_signature"],
      [`${pathname}?${later}`, 403, "invalid_signature"],
      [`${pathname}?${query}x`, 403, "invalid_signature"],
      [`${pathname}?${query.slice(0, -3)}`, 403, "invalid_signature"],
      [`${pathname.replace("/0.", "/1.")}?${query}`, 403, "invalid_signature"],
      [`${pathname.replace(".png", ".jpg")}?${query}`, 403, "invalid_signature"],
      [`${pathname.replace(/rcpt_\w+/, other)}?${query}`, 403, "invalid_signature"],
      [`/v1/results/../../etc/passwd?${query}`, 404, "not_found"],
      [`/v1/results/%2e%2e/%2e%2e/etc/passwd?${query}`, 404, "not_found"],
      [`${pathname}/../0.png?${query}`, 404, "not_found"],
    ] as const) {
      const answer = await fetchRaw(url, { path });
      expect([path, answer.status]).toEqual([path, status]);
      expect(JSON.parse(answer.bytes.toString()).error.code).toBe(code);
    }
    const posted = await fetchRaw(url, { method: "POST" });
    expect([posted.status, JSON.parse(posted.bytes.toString()).error.code]).toEqual([
      405,
      "method_not_allowed",
    ]);
  });

  it("of a stream are refused before anything is spent: events carry base64", async () => {
    const { status, body } = await sandbox.generate({
      ...low,
      response_format: "url",
      stream: true,
    });
    expect([status, body.error.code, body.error.param]).toEqual([
      400,
      "unsupported_combination",
      "response_format",
    ]);
    expect(await sandbox.calls()).toEqual([]);
  });

  it.each([
    ["moderation", 400, "moderation_blocked"],
    ["cut", 424, "outcome_unknown"],
    ["no-image", 422, "no_image"],
  ])("are none after %s, and nothing is charged", async (fault, status, code) => {
    const answer = await sandbox.generate({ ...low, response_format: "url" }, fault);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    const { body } = await sandbox.get("/v1/credits");
    expect(body.held).toBe("0");
  });

  it("are recomputed from the journal like any other call", async () => {
    const found = await verify({ file: ledgerFile(sandbox.home, "sandbox") });
    expect(found).toMatchObject({ ok: true, first_discrepancy: null });
  });
});

function s3Environment({ settings }: S3StandIn, prefix = "kept"): Record<string, string> {
  return {
    SPOTMETER_RESULTS: `s3://pictures/${prefix}`,
    S3_ENDPOINT: settings.endpoint,
    S3_REGION: settings.region,
    S3_ACCESS_KEY_ID: settings.accessKeyId,
    S3_SECRET_ACCESS_KEY: settings.secretAccessKey,
  };
}

describe("a gateway", () => {
  it("that shares bucket and secret with another serves its pictures, under the public address", async () => {
    const s3 = await startS3();
    const shared = { ...s3Environment(s3), SPOTMETER_RESULTS_SECRET: SECRET };
    const one = await startSandbox({
      environment: { ...shared, PUBLIC_URL: "https://images.example.com/ai/" },
    });
    const other = await startSandbox({ environment: shared });
    const { body } = await one.generate({ ...low, response_format: "url" });
    const { origin, pathname, search } = new URL(body.data[0].url);
    expect(origin).toBe("https://images.example.com");
    expect(pathname).toMatch(/^\/ai\/v1\/results\/rcpt_/);
    const path = `${pathname.replace("/ai", "")}${search}`;
    const fetched = await fetchRaw(`${other.gateway.url}/`, { path });
    expect(fetched.status).toBe(200);
    expect(fetched.headers["content-type"]).toBe("image/png");
    await one.close();
    await other.close();
    await s3.close();
  });

  it("whose store fails charges nobody for pictures that nobody could fetch; the house bears them", async () => {
    const s3 = await startS3();
    const sandbox = await startSandbox({ environment: s3Environment(s3) });
    s3.fail({ matches: /^PUT/, status: 500, times: 100 });
    const answer = await sandbox.generate({ ...low, response_format: "url" });
    expect([answer.status, answer.body.error.code]).toEqual([424, "result_unavailable"]);
    const { body: credits } = await sandbox.get("/v1/credits");
    expect([credits.settled, credits.held]).toEqual(["0", "0"]);
    const id = answer.body.error.receipt_id;
    const { body: receipt } = await sandbox.admin("GET", `/receipts/${id}`);
    expect(receipt).toMatchObject({
      status: "voided",
      total: "0",
      vendor_cost: { total: "0.005985" },
    });
    // The same store fails for replays: base64 is answered and charged all the same.
    const plain = await sandbox.generate(low);
    expect(plain.status).toBe(200);
    await sandbox.close();
    await s3.close();
  });

  it("that loses a picture says so, and where its receipt is", async () => {
    const s3 = await startS3();
    const sandbox = await startSandbox({ environment: s3Environment(s3) });
    const { body } = await sandbox.generate({ ...low, response_format: "url" });
    for (const name of s3.objects.keys()) s3.remove(name);
    const { status, bytes } = await fetchRaw(body.data[0].url);
    const { error } = JSON.parse(bytes.toString());
    expect([status, error.code]).toEqual([404, "not_found"]);
    expect(error.receipt_id).toBe(body.usage.cost_details.receipt_id);
    await sandbox.close();
    await s3.close();
  });
});

describe("a signed URL", () => {
  const receiptId = newId("rcpt");
  let nowMs = 1_800_000_000_000;
  const urls = new PictureUrls({
    ...{ base: "http://here", secret: SECRET, lifetimeSeconds: 60 },
    now: () => nowMs,
  });

  function codeOf(url: string): string {
    const { pathname, searchParams } = new URL(url);
    const name = pictureAt(pathname);
    if (name === undefined) return "no picture";
    try {
      urls.check(name, searchParams);
      return "good";
    } catch (cause) {
      return cause instanceof Refusal ? cause.code : "bug";
    }
  }

  it("is good for its time, to the second, and never again", () => {
    const url = urls.urlOf(receiptId, 0, { format: "jpeg" });
    expect(url).toMatch(`http://here/v1/results/${receiptId}/0.jpg?expires=1800000060&signature=`);
    expect(codeOf(url)).toBe("good");
    nowMs += 59_999;
    expect(codeOf(url)).toBe("good");
    nowMs += 1;
    expect(codeOf(url)).toBe("url_expired");
  });

  it("of another secret is none of ours", () => {
    const others = new PictureUrls({
      base: "http://here",
      secret: `${SECRET}!`,
      lifetimeSeconds: 60,
    });
    expect(codeOf(others.urlOf(receiptId, 0, { format: "png" }))).toBe("invalid_signature");
  });

  it("calls what no browser should run plain bytes", () => {
    expect(urls.urlOf(receiptId, 0, { format: "svg" })).toContain("/0.bin?");
    expect(urls.urlOf(receiptId, 0, { format: null })).toContain("/0.bin?");
  });
});

describe("a range", () => {
  it.each([
    [undefined, "whole"],
    ["bytes=0-9", { start: 0, end: 9 }],
    ["bytes=0-0", { start: 0, end: 0 }],
    ["bytes=99-", { start: 99, end: 99 }],
    ["bytes=5-1000", { start: 5, end: 99 }],
    ["bytes=-1", { start: 99, end: 99 }],
    ["bytes=-1000", { start: 0, end: 99 }],
    ["bytes=100-", "none"],
    ["bytes=-0", "none"],
    ["bytes=9-5", "whole"],
    ["bytes=0-1,5-6", "whole"],
    ["pages=1-2", "whole"],
    ["bytes=-", "whole"],
  ])("%s of 100 bytes is %j", (header, expected) => {
    expect(rangeOf(header, 100)).toEqual(expected);
  });
});
