import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Clients that still ask for models that are gone, and for text. */

const old = { model: "dall-e-3", prompt: MUG, size: "1024x1024" };

describe("without the owner's word", () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
  });

  afterAll(() => sandbox.close());

  it("a model that is gone stays gone, and the refusal says who can change that", async () => {
    const { status, body } = await sandbox.quote(old);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "model_not_served", param: "model" });
    expect(body.error.message).toContain("legacy_aliases in spotmeter.yaml");
  });

  it("style is an unknown parameter, and the refusal says the same", async () => {
    const { status, body } = await sandbox.quote({ ...old, style: "vivid" });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "unknown_parameter", param: "style", sent: "vivid" });
    expect(body.error.message).toContain("legacy_aliases in spotmeter.yaml");
  });

  it.each(["/v1/chat/completions", "/v1/completions", "/v1/responses"])(
    "%s names the images call that does the same",
    async (path) => {
      const url = `${sandbox.gateway.url}${path}`;
      const answer = await fetch(url, { method: "POST", body: "{}" });
      expect(answer.status).toBe(404);
      expect(answer.headers.get("x-should-retry")).toBe("false");
      expect(await answer.json()).toMatchObject({
        error: { code: "unsupported_surface", message: expect.stringContaining("/v1/images") },
      });
    },
  );
});

describe("with legacy_aliases", () => {
  let sandbox: Sandbox;
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-legacy-"));

  beforeAll(async () => {
    const file = join(folder, "spotmeter.yaml");
    writeFileSync(file, "legacy_aliases: { dall-e-3: gpt-image-2 }\n");
    sandbox = await startSandbox({ environment: { SPOTMETER_CONFIG: file } });
  });

  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("an old request is made by the model that stands for it, and receipt and quote say all of it", async () => {
    const asked = { ...old, quality: "hd", style: "vivid" };
    const answer = await sandbox.generate(asked);
    expect(answer.status).toBe(200);
    // High at 1024x1024: 21 text tokens at 5 USD and 7,024 image tokens at 30 USD a million.
    expect(answer.body.usage.cost_details.total).toBe("0.210825");
    const said = [
      { param: "model", asked: "dall-e-3", sent: "gpt-image-2", by: "config" },
      { param: "quality", asked: "hd", sent: "high", by: "config" },
      { param: "style", asked: "vivid", sent: null, by: "config" },
    ];
    const { body } = await sandbox.get(`/v1/receipts/${answer.headers.get("x-receipt-id")}`);
    expect(body.resolved).toEqual(said);
    expect(body.warnings).toContain("style=vivid has no effect: gpt-image-2 has nothing like it");
    expect((await sandbox.quote(asked)).body.resolved).toEqual(said);
  });

  it("standard is medium", async () => {
    const { body } = await sandbox.quote({ ...old, quality: "standard" });
    // (21 x 0.000005) + 1,756 x 0.00003
    expect(body.expected.total).toBe("0.052785");
  });

  it("style of another kind, and style for a model of today, are refused as ever", async () => {
    expect((await sandbox.quote({ ...old, style: 3 })).body.error.code).toBe("unknown_parameter");
    const today = await sandbox.quote({ ...old, model: "gpt-image-2", style: "vivid" });
    expect(today.body.error.code).toBe("unknown_parameter");
  });
});

describe("an owner's mistake", () => {
  it.each([
    [
      "{ gpt-image-2: seedream-4-0 }",
      "legacy_aliases.gpt-image-2: gpt-image-2 is served under its own name",
    ],
    ["{ dall-e-3: gpt-image-9 }", 'legacy_aliases.dall-e-3: there is no model "gpt-image-9"'],
    ["{ dall-e-3: dall-e-2 }", "legacy_aliases.dall-e-3: dall-e-2 is not served"],
  ])("%s does not start", async (map, why) => {
    const folder = mkdtempSync(join(tmpdir(), "spotmeter-legacy-"));
    const file = join(folder, "spotmeter.yaml");
    writeFileSync(file, `legacy_aliases: ${map}\n`);
    await expect(startSandbox({ environment: { SPOTMETER_CONFIG: file } })).rejects.toThrow(why);
    rmSync(folder, { recursive: true, force: true });
  });
});
