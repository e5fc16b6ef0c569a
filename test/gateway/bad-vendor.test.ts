import { createServer, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { serve } from "../core/vendor-bench.ts";
import { errorsSeen, expectRefusal, type RawAnswer, send } from "./raw-client.ts";
import { baseUrls, png } from "./replay-vendor.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** A vendor that is down, or answers what is no answer: a documented code, nothing charged, nothing held. */

type Say = (response: ServerResponse) => void;

let say: Say = (response) => response.end();
let vendor: Awaited<ReturnType<typeof serve>>;
let sandbox: Sandbox;
let down: Sandbox;

beforeAll(async () => {
  vendor = await serve((_request, response) => say(response));
  const environment = { ...baseUrls(vendor.origin), VENDOR_TIMEOUT_MS: "2000" };
  sandbox = await startSandbox({ environment });
  down = await startSandbox({ environment: baseUrls(`http://127.0.0.1:${await closedPort()}`) });
});
afterAll(async () => {
  for (const text of errorsSeen) expect(text).not.toContain("sandbox-emulator-key");
  await sandbox.close();
  await down.close();
  await vendor[Symbol.asyncDispose]();
});
beforeEach(() => {
  vendor.seen.length = 0;
});

const MODELS = [
  "gpt-image-2",
  "gemini-2.5-flash-image",
  "qwen-image-2.0",
  "wan2.2-t2i-flash",
  "seedream-4-0",
];

async function order(on: Sandbox, model: string): Promise<RawAnswer> {
  const quality = model === "gpt-image-2" ? { quality: "low", size: "1024x1024" } : {};
  return send(on.gateway.url, {
    headers: { authorization: `Bearer ${on.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model, prompt: MUG, ...quality }),
  });
}

async function expectNothingCharged(on: Sandbox, answer: RawAnswer) {
  const { body } = await on.admin("GET", `/receipts/${answer.headers["x-receipt-id"]}`);
  expect(body).toMatchObject({ status: "voided", total: "0", lines: [], released: body.ceiling });
  expect((await on.admin("GET", "/holds")).body.data).toEqual([]);
  const { body: credits } = await on.get("/v1/credits");
  expect([credits.settled, credits.held]).toEqual(["0", "0"]);
  return body;
}

describe("a vendor that is down", () => {
  it.each(MODELS)("%s: 503 vendor_unreachable, to be tried again", async (model) => {
    const answer = await order(down, model);
    expectRefusal(answer, "vendor_unreachable");
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    const receipt = await expectNothingCharged(down, answer);
    expect(receipt.exposure).toBeNull();
    expect(receipt.attempts).toMatchObject([{ status: null, outcome: "unspent" }]);
  });
});

const LONG = "x".repeat(200_000);
const SECRET_ECHO = "Incorrect API key provided: sandbox-emulator-key. Request id: 0217";

const answers: readonly { readonly name: string; readonly say: Say }[] = [
  { name: "an HTML page with 200", say: body(200, "<html>Welcome</html>", "text/html") },
  { name: "HTML that says it is JSON", say: body(200, "<html>Welcome</html>") },
  { name: "an empty 200", say: body(200, "") },
  { name: "null", say: body(200, "null") },
  { name: "a JSON string", say: body(200, '"ok"') },
  { name: "an array", say: body(200, "[1,2,3]") },
  { name: "JSON of another shape", say: body(200, '{"id":"chatcmpl-1","choices":[]}') },
  { name: "data that is no list", say: body(200, '{"created":1,"data":{"b64_json":"AAAA"}}') },
  { name: "images that are numbers", say: body(200, '{"created":1,"data":[{"b64_json":7}]}') },
  { name: "half a body", say: body(200, '{"created":1,"data":[{"b64_json":"iVBORw0K') },
  { name: "rubbish after a good object", say: body(200, '{"created":1} and more') },
  { name: "binary rubbish", say: body(200, Buffer.from("00ff89504e47ffff", "hex")) },
  { name: "very deep nesting", say: body(200, "[".repeat(100_000)) },
  { name: "an HTML page with 502", say: body(502, "<html>Bad gateway</html>", "text/html") },
  { name: "an error page of 200 KB", say: body(500, `{"error":{"message":"${LONG}"}}`) },
  { name: "a reset", say: (response) => response.socket?.resetAndDestroy() },
  { name: "a head and no body", say: cut("") },
  { name: "a body cut in the middle", say: cut('{"created":1,"data":[{"b64_json":"iVBORw0KGgo') },
];

describe("a vendor that answers no answer", () => {
  const cases = answers.flatMap((each) => MODELS.map((model) => ({ ...each, model })));
  it.each(cases)("$model: $name", async (given) => {
    say = given.say;
    const answer = await order(sandbox, given.model);
    const { error } = JSON.parse(answer.text) as { error: { code: "outcome_unknown" } };
    expect(["outcome_unknown", "no_image", "vendor_failed"]).toContain(error.code);
    expectRefusal(answer, error.code);
    expect(answer.text.length).toBeLessThan(2_000);
    const receipt = await expectNothingCharged(sandbox, answer);
    // Whoever can't know what the vendor did expects its bill.
    if (error.code === "outcome_unknown") expect(receipt.exposure.amount).toBe(receipt.ceiling);
    // One call, never repeated: it may have been paid for.
    expect(vendor.seen.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it.each(MODELS)("%s: our own key is never said back", async (model) => {
    for (const status of [400, 401, 403, 404, 500]) {
      const text = JSON.stringify({
        error: { message: SECRET_ECHO, code: "InvalidParameter", status: "INVALID_ARGUMENT" },
        code: "InvalidParameter",
        message: SECRET_ECHO,
      });
      say = body(status, text);
      const answer = await order(sandbox, model);
      expect(answer.text).not.toContain("sandbox-emulator-key");
      expect(answer.status).toBeGreaterThanOrEqual(400);
      await expectNothingCharged(sandbox, answer);
    }
  });

  it("redirects are not followed: a key goes where it was meant to go", async () => {
    say = (response) => {
      response.writeHead(307, { location: `${vendor.origin}/elsewhere` });
      response.end();
    };
    for (const model of MODELS) await expectNothingCharged(sandbox, await order(sandbox, model));
    expect(vendor.seen.map(({ url }) => url)).not.toContain("/elsewhere");
  });
});

describe("a picture that is none", () => {
  it("bytes that no viewer knows are passed on, charged as made, and flagged", async () => {
    const usage = { generated_images: 1, output_tokens: 16384, total_tokens: 16384 };
    const data = [
      { b64_json: Buffer.from("not a picture at all").toString("base64"), size: "2048x2048" },
    ];
    say = body(200, JSON.stringify({ model: "seedream-4-0-250828", created: 1, data, usage }));
    const answer = await order(sandbox, "seedream-4-0");
    expect(answer.status).toBe(200);
    const { body: receipt } = await sandbox.admin(
      "GET",
      `/receipts/${answer.headers["x-receipt-id"]}`,
    );
    expect(receipt).toMatchObject({ total: "0.03", images: [{ width: null, format: null }] });
    expect(receipt.images[0].flags).toEqual(["unreadable"]);
  });

  it("an escaped slash in base64 arrives as the same picture", async () => {
    const picture = Buffer.concat([png([1024, 1024]), Buffer.alloc(300, 0xff)]);
    const b64 = picture.toString("base64");
    const escaped = b64.replaceAll("/", "\\/");
    expect(escaped).not.toBe(b64);
    const usage = { generated_images: 1, output_tokens: 4096, total_tokens: 4096 };
    say = body(
      200,
      `{"model":"seedream-4-0-250828","created":1,"data":[{"b64_json":"${escaped}","size":"1024x1024"}],"usage":${JSON.stringify(usage)}}`,
    );
    const answer = await order(sandbox, "seedream-4-0");
    expect(JSON.parse(answer.text).data[0].b64_json).toBe(b64);
  });
});

function body(status: number, text: string | Buffer, type = "application/json"): Say {
  return (response) => {
    response.writeHead(status, { "content-type": type });
    response.end(text);
  };
}

/** Promises more than comes, then breaks the connection. */
function cut(text: string): Say {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100000" });
    response.write(text, () => response.destroy());
    response.flushHeaders();
    if (text === "") response.destroy();
  };
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return address.port;
}
