import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Finished,
  MUG,
  MUG_ORDER,
  spotmeter,
  startServer,
  temporaryFolder,
} from "./spotmeter.ts";

/** From an empty folder to a team with a monthly limit, a key, a refused call and an alert. */

const home = temporaryFolder();
const environment = { SPOTMETER_HOME: home.path };
const run = (...args: string[]): Promise<Finished> => spotmeter(args, environment);

/** The one object of a command that must succeed. */
async function json(...args: string[]) {
  const finished = await run(...args, "--json");
  expect(finished, finished.stdout).toMatchObject({ code: 0, stderr: "" });
  return finished.json();
}

let server: Awaited<ReturnType<typeof startServer>>;
let root = "";
let team = "";
let key = { id: "", key: "" };
beforeAll(async () => {
  server = await startServer(["serve", "--port=0"], environment);
  root = (await json("accounts", "create", "--name=Nordwind", "--limit-month=500")).id;
  const create = ["accounts", "create", "--name=shop", `--parent=${root}`];
  team = (await json(...create, "--limit-month=0.02", "--auto-quality=low")).id;
  const flags = ["--allow-model=gpt-image-2", "--allow-model=seedream-4.0", "--tag=shop=web"];
  key = await json("keys", "create", `--account=${team}`, "--name=web", ...flags);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const generate = (...more: string[]) =>
  run("generate", ...MUG_ORDER, `--out=${home.path}/pictures`, `--key=${key.key}`, ...more);

describe("a team with a monthly limit", () => {
  it("spends until the worst case no longer fits; then the refusal says what is left", async () => {
    for (let made = 0; made < 3; made += 1) expect((await generate()).code).toBe(0);
    const refused = await generate("--json");
    expect(refused.code).toBe(1);
    // 0.02 - 3 x 0.005985
    expect(refused.json().error).toMatchObject({
      code: "budget_exceeded",
      limit: "month",
      required: "0.006305",
      available: "0.002045",
    });
    expect((await generate()).stderr).toContain("required (USD): 0.006305");
  });

  it("is told when half and four fifths are used", async () => {
    const { data } = await json("alerts", `--account=${team}`);
    expect(data.map((alert: { threshold: number }) => alert.threshold)).toEqual([80, 50]);
    const [head, first] = (await run("alerts", `--account=${team}`)).stdout.split("\n");
    expect(head).toMatch(
      /^account or key +limit +window +reached +used \(USD\) +of +when \(UTC\)$/,
    );
    expect(first).toMatch(/ month +\d{4}-\d\d +80 % +0\.018275 +0\.02 /);
    const page = (await run("alerts", `--account=${team}`, "--limit=1")).stdout;
    expect(page).toMatch(/\nmore: --before \S+\n$/);
  });

  it("stands in the tree below its root, which pays too", async () => {
    const { stdout } = await run("accounts", "list", `--below=${root}`);
    const [, above, below] = stdout.split("\n");
    expect(above).toMatch(/^Nordwind +acct_\w+ +pay later +0\.017955 +0 +499\.982045 +month 500$/);
    expect(below).toMatch(/^ {2}shop +acct_\w+ +- +0\.017955 +0 +0\.002045 +month 0\.02$/);
    expect((await json("accounts", "show", team)).level).toBe(2);
    expect((await run("accounts", "show", team)).stdout).toMatch(/^auto as +quality=low$/m);
  });

  it("with a higher limit is served again; a flag taken away leaves the others", async () => {
    const changed = await json("accounts", "set", team, "--limit-month=1", "--limit-day=0.5");
    expect(changed.limits).toEqual({ month: "1", day: "0.5" });
    const less = await json("accounts", "set", team, "--no-limit-day", "--auto-size=1024x1024");
    expect(less).toMatchObject({
      limits: { month: "1" },
      auto_as: { quality: "low", size: "1024x1024" },
    });
    expect((await generate()).code).toBe(0);
  });

  it("left open, quality and size are the owner's; the quote says so", async () => {
    const quote = await run("quote", MUG, "--model=gpt-image-2", `--key=${key.key}`);
    expect(quote.stdout).toMatch(/^ceiling USD +0\.006305$/m);
    expect(quote.stdout).toMatch(/^resolved +quality=low, set at the account; asked: nothing$/m);
  });

  it("moves with all below it", async () => {
    const other = await json("accounts", "create", "--name=west", `--parent=${root}`);
    const moved = await json("accounts", "move", team, `--to=${other.id}`);
    expect(moved).toMatchObject({ id: team, parent_id: other.id, level: 3 });
    const refused = await run("accounts", "move", root, `--to=${team}`, "--json");
    expect([refused.code, refused.json().error.code]).toEqual([1, "conflict"]);
  });
});

describe("a key", () => {
  it("may call what its owner named, and nothing else", async () => {
    const refused = await run("quote", MUG, "--model=qwen-image-2.0", `--key=${key.key}`, "--json");
    expect(refused.json().error).toMatchObject({
      code: "model_not_allowed",
      allowed: ["gpt-image-2", "seedream-4-0"],
    });
  });

  it("is changed flag by flag, shown, and ends when its time has come", async () => {
    const flags = ["--rate-requests=30", "--rate-images=60", "--limit-day=2", "--tag=stage=live"];
    const changed = await json("keys", "set", key.id, ...flags, "--no-allow-model");
    expect(changed).toMatchObject({
      allowed_models: null,
      limits: { day: "2" },
      tags: { shop: "web", stage: "live" },
      rate_limit: { requests_per_minute: 30, images_per_minute: 60 },
    });
    const less = ["--no-rate-images", "--remove-tag=shop", "--no-limit-day"];
    const again = await json("keys", "set", key.id, ...less);
    expect(again).toMatchObject({
      limits: {},
      tags: { stage: "live" },
      rate_limit: { requests_per_minute: 30 },
    });
    const ended = await run("keys", "set", key.id, "--expires=2026-01-01T00:00:00Z");
    expect(ended.stdout).toMatch(/^state +expired$/m);
    expect((await generate("--json")).json().error.code).toBe("expired_api_key");
    const list = await run("keys", "list", `--account=${team}`);
    expect(list.stdout).toMatch(/ web +\d{4}-\d\d-\d\d +expired +none +all +30 requests$/m);
    await json("keys", "set", key.id, "--no-expires");
  });
});

describe("mending", () => {
  it("a charge is lowered; the receipt and the list say so", async () => {
    const { receipt_id: receipt } = await (await generate("--json")).json();
    const reason = "--reason=the picture was black";
    const said = await run("correct", `${receipt}.end`, "--amount=0", reason);
    expect(said.stdout).toContain("0.005985 USD is now 0 USD");
    const printed = await run("receipt", receipt, `--key=${key.key}`);
    expect(printed.stdout).toMatch(/^corrected afterwards to +0$/m);
    expect((await run("corrections", `--account=${team}`)).stdout).toContain("picture was black");
    const raised = await run("correct", `${receipt}.end`, "--amount=1", reason, "--json");
    expect([raised.code, raised.json().error.code]).toEqual([1, "conflict"]);
  });

  it("where nothing is to be seen, words say so", async () => {
    for (const [command, words] of [
      ["holds", "no call is under way"],
      ["exposures", "no exposure is open"],
      ["overruns", "no usage went beyond its ceiling"],
    ] as const) {
      expect((await run(command)).stdout).toBe(`${words}\n`);
      expect(await json(command)).toEqual({ object: "list", data: [], next: null });
    }
    expect((await run("exposures", "--all")).stdout).toBe("there is no exposure\n");
    const none = await run("exposures", "close", "rcpt_x", "--billed=0", "--reason=x", "--json");
    expect([none.code, none.json().error.code]).toEqual([1, "not_found"]);
  });
});
