import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, MUG, MUG_ORDER, spotmeter, temporaryFolder } from "./spotmeter.ts";

/** `usage` and `reprice`, on a home in which two pictures were made: 0.005985 and 0.03 USD. */

const home = temporaryFolder();
afterAll(() => home[Symbol.dispose]());
const environment = { SPOTMETER_HOME: home.path };
const run = (...args: string[]): Promise<Finished> => spotmeter(args, environment);

let first = "";
beforeAll(async () => {
  first = new Date().toISOString().slice(0, 10);
  await run("generate", ...MUG_ORDER, `--out=${home.path}`, "--tag=shop=mugs");
  await run("generate", MUG, "--model=seedream-4-0", `--out=${home.path}`);
});

describe("usage", () => {
  it("prints a table of all accounts with the house's figures", async () => {
    const { code, stdout } = await run(
      "usage",
      "--by=model,tag:shop,quality_billed",
      `--from=${first}`,
    );
    expect(code).toBe(0);
    const [title, , ...rows] = stdout.trimEnd().split("\n");
    expect(title).toContain(`usage from ${first} to `);
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      [
        ...["model", "tag:shop", "quality_billed", "calls", "settled", "images", "charge", "held"],
        ...["per image", "vendor cost", "overrun", "exposure"],
      ],
      [
        ...["gpt-image-2", "mugs", "low", "1", "1", "1", "0.005985", "0", "0.005985"],
        ...["0.005985", "0", "0"],
      ],
      ["seedream-4-0", "-", "-", "1", "1", "1", "0.03", "0", "0.03", "0.03", "0", "0"],
      // 0.035985 / 2
      ["total", "2", "2", "2", "0.035985", "0", "0.0179925", "0.035985", "0", "0"],
    ]);
  });

  it("prints JSON, and CSV as the gateway writes it", async () => {
    const json = await run("usage", "--by=model", `--from=${first}`, "--json");
    expect(json.json()).toMatchObject({ object: "usage", total: { charge: "0.035985" } });
    const csv = await run("usage", "--by=model", `--from=${first}`, "--csv");
    expect(csv.stdout.split("\r\n")).toEqual([
      "model,calls,settled,images,charge,held,average_per_image,outcomes,kept,kept_share,kept_share_low,kept_share_high,price_per_kept,price_per_kept_low,price_per_kept_high,vendor_cost,overrun,exposure,currency,emulated",
      "gpt-image-2,1,1,1,0.005985,0,0.005985,0,0,,,,,,,0.005985,0,0,USD,true",
      "seedream-4-0,1,1,1,0.03,0,0.03,0,0,,,,,,,0.03,0,0,USD,true",
      "",
    ]);
  });

  it("with an API key is of its own account, without the house's figures", async () => {
    const { apiKey } = JSON.parse(readFileSync(join(home.path, "sandbox.json"), "utf8"));
    const own = await run("usage", "--by=model", `--from=${first}`, "--json", `--key=${apiKey}`);
    expect(own.json().total).toEqual({
      ...{ calls: 2, settled: 2, images: 2, held: "0" },
      ...{ charge: "0.035985", average_per_image: "0.0179925", outcomes: 0, kept: 0 },
      ...{ kept_share: null, kept_share_low: null, kept_share_high: null },
      ...{ price_per_kept: null, price_per_kept_low: null, price_per_kept_high: null },
    });
    const other = await run("usage", "--account=acct_1", "--json", `--key=${apiKey}`);
    expect(other.code).toBe(1);
    expect(other.json().error).toMatchObject({ code: "unknown_parameter", param: "account_id" });
  });

  it("refuses what it can't read, the command line's mistakes with 2", async () => {
    const unknown = await run("usage", "--by=colour", "--csv");
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toContain('no such dimension: "colour"');
    expect((await run("usage", "--from=today")).code).toBe(2);
    expect((await run("usage", "--csv", "--json")).code).toBe(2);
  });
});

describe("reprice", () => {
  const versions = ["--from=seedream-4-0@2025-08-28", "--to=seedream-4-0@2025-08-28.1"];
  const corrected = { ...environment, SPOTMETER_CONFIG: join(home.path, "spotmeter.yaml") };
  beforeAll(() => {
    writeFileSync(
      corrected.SPOTMETER_CONFIG,
      'prices:\n  seedream-4-0:\n    - id: seedream-4-0@2025-08-28.1\n      effective_from: 2025-08-28\n      source: our contract\n      usd_each: { output_images: "0.025" }\n',
    );
  });

  it("says what it would correct, then corrects it, then finds nothing more", async () => {
    const dry = await spotmeter(["reprice", ...versions], corrected);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/^calls billed by seedream-4-0@2025-08-28: 1, SANDBOX/);
    expect(dry.stdout).toMatch(/^rcpt_\w+ +0\.03 +0\.025 +0\.03 +0\.025$/m);
    expect(dry.stdout).toContain("nothing was posted: --apply posts 2 corrections");
    const applied = await spotmeter(["reprice", ...versions, "--apply"], corrected);
    expect(applied.stdout).toContain("posted: 2 corrections");
    const again = await spotmeter(["reprice", ...versions, "--apply", "--json"], corrected);
    expect(again.json()).toMatchObject({ applied: true, charges: { corrected: 0, unchanged: 1 } });
    const usage = await spotmeter(["usage", `--from=${first}`, "--json"], corrected);
    // 0.005985 + 0.025
    expect(usage.json().total).toMatchObject({ charge: "0.030985", vendor_cost: "0.030985" });
  });

  it("needs both versions, and a corrected one that is there", async () => {
    expect((await run("reprice", "--from=seedream-4-0@2025-08-28")).code).toBe(2);
    const missing = await spotmeter(
      ["reprice", "--from=a@2026-01-01", "--to=a@2026-01-01.1"],
      environment,
    );
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain("no such price version in the catalog");
  });
});
