import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  callsOf,
  type Finished,
  finish,
  launchSpotmeter,
  MUG,
  MUG_ORDER,
  spotmeter,
  startServer,
  startSpotmeter,
  temporaryFolder,
} from "./spotmeter.ts";

/** No gateway runs: every command starts one of its own for as long as it lasts. */

const home = temporaryFolder();
const pictures = temporaryFolder();
afterAll(() => {
  home[Symbol.dispose]();
  pictures[Symbol.dispose]();
});
const environment = { SPOTMETER_HOME: home.path };
const run = (...args: string[]): Promise<Finished> => spotmeter(args, environment);

describe("quote", () => {
  it("says what the standard picture is expected to cost, and the most it can", async () => {
    const quote = await run("quote", ...MUG_ORDER, "--json");
    expect(quote).toMatchObject({ code: 0, stderr: "" });
    expect(quote.json()).toMatchObject({
      object: "image.quote",
      model: "gpt-image-2",
      // 15 tokens + 6 of the law, and the law's 196 for low at 1024x1024.
      expected: {
        total: "0.005985",
        lines: [
          {
            meter: "text_input_tokens",
            quantity: "21",
            unit_price: "0.000005",
            amount: "0.000105",
          },
          {
            meter: "image_output_tokens",
            quantity: "196",
            unit_price: "0.00003",
            amount: "0.00588",
          },
        ],
      },
      // 79 bytes + 6 at 0.000005, and the same output.
      ceiling: { total: "0.006305" },
      exact: false,
      emulated: true,
    });
  });

  it("prints the same strings for people, points under points", async () => {
    const { code, stdout } = await run("quote", ...MUG_ORDER);
    expect(code).toBe(0);
    expect(stdout).toContain("SANDBOX: no real money");
    expect(stdout).toMatch(/^expected USD {2,}0\.005985$/m);
    expect(stdout).toMatch(/^ceiling USD {2,}0\.006305$/m);
    expect(stdout).not.toContain("\u001b");
  });

  it("takes the prompt from standard input, without its last line break", async () => {
    const [, ...flags] = MUG_ORDER;
    const quote = await spotmeter(["quote", "-", ...flags, "--json"], environment, `${MUG}\n`);
    expect(quote.json().ceiling.total).toBe("0.006305");
  });

  it("hands every flag on as the parameter of its name", async () => {
    const flags = ["--n=1", "--seed=7", "--negative-prompt=text", "--no-prompt-extend"];
    const more = ["--watermark", "--size=1024x1024", "--user=u1", "--tag=shop=1", "--tag=a=b=c"];
    const accepted = await run("quote", MUG, "--model=qwen-image-2.0", ...flags, ...more, "--json");
    expect(accepted.json()).toMatchObject({ expected: { total: "0.035" } });
    const refused = await run(
      "quote",
      MUG,
      "--model=gpt-image-2",
      "--guidance-scale=7.5",
      "--json",
    );
    expect(refused.json().error).toMatchObject({ param: "guidance_scale" });
  });
});

describe("generate", () => {
  it("writes the picture, prints its receipt, and never overwrites", async () => {
    const args = ["generate", ...MUG_ORDER, `--out=${pictures.path}/new`, "--name=mug", "--json"];
    const first = await launchSpotmeter(args, environment);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const { files, total, receipt_id: receiptId, receipt } = first.json();
    expect(total).toBe("0.005985");
    expect(receipt).toMatchObject({
      id: receiptId,
      status: "settled",
      basis: "usage",
      total: "0.005985",
      ceiling: "0.006305",
      released: "0.00032",
      emulated: true,
    });
    const path = join(pictures.path, "new", "mug.png");
    const bytes = readFileSync(path);
    expect(files).toEqual([
      { path, format: "png", width: 1024, height: 1024, bytes: bytes.length },
    ]);
    const second = await run(...args);
    expect(second.json().files[0].path).toBe(join(pictures.path, "new", "mug-2.png"));
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it("writes each of several pictures; the extension is what the bytes are", async () => {
    const flags = ["--n=2", "--size=1024x1024", "--quality=low", "--output-format=jpeg"];
    const out = [`--out=${pictures.path}/two`, "--json"];
    const made = await run("generate", MUG, "--model=gpt-image-2", ...flags, ...out);
    expect(made.code).toBe(0);
    expect(readdirSync(join(pictures.path, "two")).toSorted()).toEqual([
      "gpt-image-2-2.jpg",
      "gpt-image-2.jpg",
    ]);
  });

  it("prints like a shop's receipt for people, and `receipt` prints it again", async () => {
    const made = await run("generate", MUG, "--model=seedream-4-0", `--out=${pictures.path}`);
    expect(made.code).toBe(0);
    const [file, , head, ...rest] = made.stdout.trimEnd().split("\n");
    expect(file).toMatch(/seedream-4-0\.jpg {2}2048x2048 jpeg, \d+ bytes$/);
    expect(rest.join("\n")).toMatch(/^total USD {2,}0\.03$/m);
    expect(rest.join("\n")).toMatch(/^sent +watermark=false$/m);
    const id = head?.replace("receipt ", "") ?? "";
    const again = await run("receipt", id);
    expect(again.stdout.trimEnd()).toBe([head, ...rest].join("\n"));
  });

  it("a refusal names the cheapest model that can do it, and leaves no file", async () => {
    const out = join(pictures.path, "none");
    const args = ["generate", MUG, "--model=seedream-4-0", "--n=2", `--out=${out}`, "--json"];
    const refused = await run(...args);
    expect(refused.code).toBe(1);
    expect(refused.json().error).toMatchObject({ code: "unsupported_n", param: "n" });
    expect(readdirSync(out)).toEqual([]);
  });
});

describe("accounts, keys and a balance that is used up", () => {
  let account = "";
  let key = { id: "", key: "" };
  beforeAll(async () => {
    const created = await run("accounts", "create", "--name=shop", "--prepaid", "--json");
    expect(created.json()).toEqual({ id: expect.any(String), name: "shop", prepaid: true });
    account = created.json().id;
    const made = await run("keys", "create", `--account=${account}`, "--name=till", "--json");
    expect(made.json()).toEqual({
      id: expect.any(String),
      account_id: account,
      name: "till",
      key: expect.stringMatching(/^sm_sandbox_/),
    });
    key = made.json();
  }, 60_000);

  it("an unfunded account is refused, a funded one is served, and the list shows its figures", async () => {
    const generate = ["generate", ...MUG_ORDER, `--out=${pictures.path}`, `--key=${key.key}`];
    const refused = await run(...generate, "--json");
    expect(refused.code).toBe(1);
    expect(refused.json().error).toMatchObject({
      code: "budget_exceeded",
      required: "0.006305",
      available: "0",
    });
    const funded = await run("accounts", "fund", account, "0.01", "--json");
    expect(funded.json()).toEqual({
      account_id: account,
      entry_id: expect.any(String),
      amount: "0.01",
      available: "0.01",
    });
    expect((await run(...generate, "--json")).json().total).toBe("0.005985");
    const list = await run("accounts", "list", "--json");
    // 0.01 - 0.005985
    expect(list.json().data).toContainEqual(
      expect.objectContaining({ id: account, settled: "0.005985", available: "0.004015" }),
    );
    expect((await run("accounts", "list")).stdout).toContain("0.004015");
  });

  it("limits are replaced as a whole", async () => {
    const limited = await run("accounts", "limit", account, "--day=5", "--total=12.50", "--json");
    expect(limited.json().limits).toEqual({ day: "5", total: "12.5" });
    const lifted = await run("accounts", "limit", account, "--none", "--json");
    expect(lifted.json().limits).toEqual({});
  });

  it("a revoked key is refused", async () => {
    const revoked = await run("keys", "revoke", key.id, "--json");
    expect(revoked.json()).toMatchObject({ id: key.id, revoked: true });
    const refused = await run("models", `--key=${key.key}`, "--json");
    expect(refused.code).toBe(1);
    expect(refused.json().error.code).toBe("revoked_api_key");
    expect((await run("keys", "list")).stdout).toContain("revoked");
  });

  it("an ordinary API key does not administer", async () => {
    const made = await run("keys", "create", `--account=${account}`, "--name=x", "--json");
    const refused = await run("accounts", "list", `--key=${made.json().key}`, "--json");
    expect(refused.code).toBe(1);
    expect(refused.json().error.code).toBe("master_key_required");
  });
});

describe("models", () => {
  it("lists what can be ordered; with --all also the rest, and why", async () => {
    const list = await run("models", "--json");
    const ids = list.json().data.map((model: { id: string }) => model.id);
    expect(ids).toContain("gpt-image-2");
    const text = (await run("models")).stdout;
    expect(text).toMatch(/^gpt-image-2 .* 30\.00 \/ 1M image_output_tokens/m);
    expect(text).not.toMatch(/^dall-e-3 /m);
    expect((await run("models", "--all")).stdout).toMatch(/^dall-e-3 /m);
  });

  it("shows one in full, by an alias too", async () => {
    const model = await run("models", "seedream-4.0", "--json");
    expect(model.json()).toMatchObject({ id: "seedream-4-0", available: true });
    const unknown = await run("models", "gpt-image-22", "--json");
    expect(unknown.json().error).toMatchObject({ code: "unknown_model" });
  });
});

describe("the temporary gateway", () => {
  it("leaves no run file behind, and verify recomputes what it billed", async () => {
    expect(existsSync(join(home.path, "run.json"))).toBe(false);
    const verified = await launchSpotmeter(["verify", "--json"], environment);
    expect(verified.code).toBe(0);
    expect(verified.json()).toEqual({
      ok: true,
      entries: expect.any(Number),
      receipts: expect.any(Number),
      holds_open: 0,
      first_discrepancy: null,
    });
    expect(verified.json().receipts).toBeGreaterThanOrEqual(5);
  });

  it("Ctrl-C waits for the call that is under way: it will be billed", async () => {
    await using emulator = await startServer(
      ["emulate", "--port=0", "--latency-ms=1500"],
      environment,
    );
    const child = startSpotmeter(
      ["generate", ...MUG_ORDER, `--out=${pictures.path}/late`, "--json"],
      { ...environment, OPENAI_BASE_URL: `${emulator.url}/v1` },
    );
    const finished = finish(child);
    await callsOf(emulator.url, 1);
    child.kill("SIGINT");
    const { code, stderr, json } = await finished;
    expect(stderr).toContain("waiting for it");
    expect(code).toBe(0);
    expect(json().total).toBe("0.005985");
  });
});
