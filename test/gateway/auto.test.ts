import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile } from "../../src/ledger/open.ts";
import { encoded } from "./pictures.ts";
import { type Answered, MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** `model: "auto"`: the cheapest capable model, on every surface, said everywhere. */

const ROUTES = `routes:
  product-photo: { band: fine, exact_size: true, max_cost: "0.06", deny: [qwen-image-3.0-pro] }
  at-least: { at_least: "gpt-image-2:medium" }
  anything:
`;
const folder = mkdtempSync(join(tmpdir(), "spotmeter-auto-"));
const square = { prompt: MUG, size: "1024x1024" };
const auto = { model: "auto", ...square };

let sandbox: Sandbox;
beforeAll(async () => {
  const file = join(folder, "spotmeter.yaml");
  writeFileSync(file, ROUTES.replace("  anything:\n", "  anything: {}\n"));
  const environment = { SPOTMETER_CONFIG: file, SPOTMETER_AS_OF: "2026-12-02" };
  sandbox = await startSandbox({ environment });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

async function post(path: string, body: string | FormData, type?: string): Promise<Answered> {
  const response = await fetch(`${sandbox.gateway.url}${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${sandbox.apiKey}`,
      ...(type === undefined ? {} : { "content-type": type }),
    },
    body,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** 21 x 0.000005 + 196 x 0.00003 = 0.005985; the next other model costs the same. */
const LOW = {
  requested: "auto",
  preset: null,
  chosen: "gpt-image-2",
  quality: "low",
  reasons: [
    expect.stringMatching(
      /^the cheapest of \d+ capable \(a model at a tier counts as one\): 0\.005985 USD expected$/,
    ),
  ],
  runner_up: { model: "gpt-image-2.5-flare", quality: "low", total: "0.005985" },
};
const RESOLVED = [
  { param: "model", asked: "auto", sent: "gpt-image-2", by: "auto" },
  { param: "quality", asked: null, sent: "low", by: "auto" },
];

describe("the choice is said wherever the call is", () => {
  it("in the quote", async () => {
    const { status, body } = await sandbox.quote(auto);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model: "gpt-image-2",
      expected: { total: "0.005985" },
      ceiling: { total: "0.006305" },
      route: LOW,
      resolved: RESOLVED,
    });
    const named = await sandbox.quote({ ...square, model: "gpt-image-2", quality: "low" });
    expect(named.body.route).toBeNull();
  });

  it("in the answer, its headers, what goes to the vendor, and the receipt", async () => {
    await sandbox.forgetCalls();
    const { status, headers, body } = await sandbox.generate(auto);
    expect(status).toBe(200);
    expect(headers.get("x-spotmeter-route")).toBe("gpt-image-2:low");
    expect(body.usage.cost_details).toMatchObject({ total: "0.005985", route: LOW });
    const [call] = await sandbox.calls();
    expect(call?.body).toMatchObject({ model: "gpt-image-2", quality: "low", size: "1024x1024" });
    const receipt = (await sandbox.get(`/v1/receipts/${headers.get("x-receipt-id")}`)).body;
    expect(receipt).toMatchObject({ model: "gpt-image-2", route: LOW, resolved: RESOLVED });
  });

  it("the first of the comparison is the one", async () => {
    const { model: _, ...open } = auto;
    const asked = JSON.stringify(open);
    const { body } = await post("/v1/images/compare", asked, "application/json");
    expect(body.models[0]).toMatchObject({ rank: 1, model: "gpt-image-2", quality: "low" });
  });

  it("an edit, as a form whose spotmeter field is JSON", async () => {
    const form = new FormData();
    form.set("model", "auto");
    form.set("prompt", "Recolor this mug: matte cobalt-blue, nothing else.");
    form.set("size", "1024x1024");
    form.set("spotmeter", JSON.stringify({ band: "fine" }));
    form.set("image", new Blob([new Uint8Array(encoded("png", [1024, 1024]))]), "mug.png");
    const { status, body } = await post("/v1/images/edits", form);
    expect(status).toBe(200);
    // The first reference is free.
    expect(body.usage.cost_details).toMatchObject({
      total: "0.045",
      route: { chosen: "seedream-5-0-pro" },
    });
    expect(body.usage.cost_details.route.reasons[1]).toBe(
      "band fine: rated 1394 on Arena, image edit, 2026-08-21 (votes of strangers on general prompts, not on your pictures)",
    );
  });

  it.each(["/v1beta", "/v1"])("Gemini's contract on %s, presets too", async (version) => {
    const asked = {
      contents: [{ parts: [{ text: MUG }] }],
      generationConfig: { imageConfig: { aspectRatio: "1:1", imageSize: "1K" } },
      spotmeter: { band: "fine" },
    };
    for (const model of ["auto", "auto/product-photo"]) {
      const path = `${version}/models/${model}:generateContent`;
      const { status, body } = await post(path, JSON.stringify(asked), "application/json");
      expect([status, body.modelVersion]).toEqual([200, "gemini-3.1-flash-lite-image"]);
      expect(body.usageMetadata.costDetails.route).toMatchObject({
        requested: model,
        chosen: "gemini-3.1-flash-lite-image",
        runnerUp: null,
      });
    }
  });

  it("in the lists of models, with the presets", async () => {
    const { data } = (await sandbox.get("/v1/models")).body;
    const ids = data.map(({ id }: { id: string }) => id);
    expect(ids.slice(-4)).toEqual(["auto", "auto/product-photo", "auto/at-least", "auto/anything"]);
    expect((await sandbox.get("/v1/models/auto/product-photo")).body).toMatchObject({
      owned_by: "spotmeter",
      choice: { band: "fine", exact_size: true, max_cost: "0.06", deny: ["qwen-image-3.0-pro"] },
    });
    const google = await sandbox.get("/v1beta/models/auto");
    expect(google.body).toMatchObject({
      name: "models/auto",
      supportedGenerationMethods: ["generateContent"],
    });
  });
});

describe("constraints", () => {
  it.each<[string, object, string]>([
    ["a tier that is named is kept", { quality: "medium" }, "gpt-image-2.5-flare:medium 0.013275"],
    [
      "band finest",
      { spotmeter: { band: "finest" } },
      // 21 x 0.000005 + 1,756 x 0.00003
      "gpt-image-2:medium 0.052785",
    ],
    [
      "at_least of a tier: itself",
      { spotmeter: { at_least: "gpt-image-2:medium" } },
      "gpt-image-2:medium 0.052785",
    ],
    [
      "at_least of a model that is rated at another size: those above it, and itself",
      { spotmeter: { at_least: "seedream-4-0" } },
      "seedream-4-0 0.03",
    ],
    [
      "the unrated where they are allowed",
      { spotmeter: { band: "fine", allow_unrated: true } },
      "gpt-image-2:low 0.005985",
    ],
    [
      "max_cost bounds the ceiling: 0.006305 is above it, and nothing is below",
      { spotmeter: { max_cost: "0.0063", allow: ["gpt-image-2", "z-image-turbo"] } },
      "no_capable_model spotmeter.max_cost",
    ],
    ["deny", { spotmeter: { deny: ["openai/gpt-image-2"] } }, "gpt-image-2.5-flare:low 0.005985"],
    ["regions", { spotmeter: { regions: ["nowhere"] } }, "invalid_value spotmeter.regions"],
    ["a preset", { model: "auto/product-photo" }, "gemini-3.1-flash-lite-image 0.03401625"],
    [
      "a preset, tightened",
      { model: "auto/product-photo", spotmeter: { band: "finest" } },
      "gpt-image-2:medium 0.052785",
    ],
    [
      "a preset that a lower band leaves as it is",
      { model: "auto/product-photo", spotmeter: { band: "draft", max_cost: "1" } },
      "gemini-3.1-flash-lite-image 0.03401625",
    ],
    [
      "a preset and a request that share no model",
      { model: "auto/product-photo", spotmeter: { allow: ["qwen-image-3.0-pro"] } },
      "unsupported_combination spotmeter.deny",
    ],
    [
      "a preset is never loosened",
      { model: "auto/product-photo", spotmeter: { allow_unrated: true } },
      "unsupported_combination spotmeter.allow_unrated",
    ],
    [
      "nor its exact size lifted",
      { model: "auto/product-photo", spotmeter: { exact_size: false } },
      "unsupported_combination spotmeter.exact_size",
    ],
    ["an unknown preset", { model: "auto/product-foto" }, "unknown_model model"],
    [
      "constraints beside a named model",
      { model: "gpt-image-2", spotmeter: { max_cost: "1" } },
      "unsupported_combination spotmeter.max_cost",
    ],
    [
      "false beside a named model asks for nothing",
      { model: "gpt-image-2", quality: "low", spotmeter: { exact_size: false } },
      "gpt-image-2:low 0.005985",
    ],
  ])("%s", async (_law, asked, expected) => {
    const { body } = await sandbox.quote({ ...auto, ...asked });
    if (body.error !== undefined) {
      return expect(`${body.error.code} ${body.error.param}`).toBe(expected);
    }
    const quality = body.route === null ? "low" : body.route.quality;
    const name = quality === null ? body.model : `${body.model}:${quality}`;
    expect(`${name} ${body.expected.total}`).toBe(expected);
  });

  it("the unknown preset's refusal names those that exist", async () => {
    const { status, body } = await sandbox.quote({ ...auto, model: "auto/product-foto" });
    expect(status).toBe(404);
    expect(body.error.allowed).toEqual([
      "auto",
      "auto/product-photo",
      "auto/at-least",
      "auto/anything",
    ]);
  });

  it("a key's own list of models bounds the choice", async () => {
    const { body: account } = await sandbox.admin("POST", "/accounts", { name: "few" });
    const allowed = ["seedream-4-0", "wan2.7-image-pro"];
    const { body } = await sandbox.admin("POST", "/keys", {
      account_id: account.id,
      name: "few",
      allowed_models: allowed,
    });
    const quoted = await sandbox.quote(auto, body.key);
    expect(quoted.body.route).toMatchObject({
      chosen: "seedream-4-0",
      runner_up: { model: "wan2.7-image-pro", total: "0.075" },
    });
    const refused = await sandbox.quote({ ...auto, spotmeter: { band: "finest" } }, body.key);
    expect(refused.body.error).toMatchObject({ code: "no_capable_model", param: "spotmeter.band" });
  });

  it("an account's default for an open quality is its choice of the tier", async () => {
    const { body: account } = await sandbox.admin("POST", "/accounts", {
      name: "medium",
      auto_as: { quality: "medium" },
    });
    const made = await sandbox.admin("POST", "/keys", { account_id: account.id, name: "medium" });
    const { body } = await sandbox.quote(
      { ...auto, spotmeter: { allow: ["gpt-image-2"] } },
      made.body.key,
    );
    expect(body.route).toMatchObject({ chosen: "gpt-image-2", quality: "medium" });
    expect(body.resolved).toEqual([
      { param: "model", asked: "auto", sent: "gpt-image-2", by: "auto" },
      { param: "quality", asked: null, sent: "medium", by: "account" },
    ]);
  });
});

describe("where nothing can be chosen", () => {
  it("the refusal names the requirement, what its removal lets through, and the nearest", async () => {
    await sandbox.forgetCalls();
    const asked = { ...auto, spotmeter: { band: "finest", max_cost: "0.05" } };
    const { status, headers, body } = await sandbox.generate(asked);
    expect([status, headers.get("x-should-retry")]).toEqual([400, "false"]);
    const { error } = body;
    expect(error).toMatchObject({
      code: "no_capable_model",
      param: "spotmeter.band",
      sent: "finest",
      suggested_model: "gpt-image-2",
    });
    expect(error.message).toContain(
      "without spotmeter.band=finest gpt-image-2:low could, for 0.005985 USD expected; so it would without any one of spotmeter.allow_unrated, spotmeter.max_cost.",
    );
    expect(error.nearest).toHaveLength(3);
    expect(error.nearest[0]).toEqual({
      model: "gpt-image-2",
      quality: "low",
      total: "0.005985",
      blocked_by: [{ code: "below_band", param: "band", sent: "finest", allowed: "draft" }],
    });
    expect(await sandbox.calls()).toEqual([]);
  });

  it("two requirements that no model keeps even one of are both in the nearest", async () => {
    const asked = { ...auto, size: "16x16", negative_prompt: "rust", background: "transparent" };
    const { body } = await sandbox.quote(asked);
    expect(body.error).toMatchObject({ code: "no_capable_model", param: "model" });
    expect(body.error.message).toContain("leaving out any one requirement does not help");
  });
});

describe("the journal", () => {
  it("keeps the choice with the hold, and verify computes every bill again", async () => {
    const found = await verify({ file: ledgerFile(sandbox.home, "sandbox") });
    expect(found).toMatchObject({ ok: true, holds_open: 0, first_discrepancy: null });
  });
});
