import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MUG, spotmeter, startServer, temporaryFolder } from "./spotmeter.ts";

/** One picture at three cents, and bills of it. */

const home = temporaryFolder();
const run = (...args: string[]) => spotmeter(args, { SPOTMETER_HOME: home.path });

let server: Awaited<ReturnType<typeof startServer>>;
/** The UTC day of the call. */
let day = "";
beforeAll(async () => {
  server = await startServer(["serve", "--port=0"], { SPOTMETER_HOME: home.path });
  const out = `--out=${home.path}/pictures`;
  const made = await run("generate", MUG, "--model=seedream-4-0", out, "--json");
  day = new Date(made.json().receipt.created * 1_000).toISOString().slice(0, 10);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

function file(name: string, usd: string): string {
  const path = join(home.path, name);
  const head = "Expense date,Product,Billing item,Usage,Unit,Amount (pre-tax),Currency";
  writeFileSync(path, `${head}\n${day},ModelArk,<Seedream 4.0>,1,image,${usd},USD\n`);
  return path;
}

const reconcile = (...args: string[]) => run("reconcile", "--connection=byteplus-sandbox", ...args);

describe("spotmeter reconcile", () => {
  it("says in its first line what was billed and how much of it is explained", async () => {
    const done = await reconcile(file("june.csv", "0.030000"));
    expect([done.code, done.stderr]).toEqual([0, ""]);
    const [first] = done.stdout.split("\n");
    expect(first).toBe(
      "billed 0.03 USD, explained 100 %, ours only 0, theirs only 0, other price 0, rounding 0, tax 0, credits 0, discount 0, outside this gateway 0",
    );
    expect(done.stdout).toContain("seedream-4-0@2025-08-28 output_images: 0.03 USD, 1 billed on");
    expect(done.stdout).toMatch(/no drift; nothing is to be posted \(recn_\w+\)\n$/);
  });

  it("ends with 1 on drift, and writes a page that needs nothing else", async () => {
    const report = join(home.path, "report.html");
    const done = await reconcile(file("dear.csv", "0.040000"), "--json", `--report=${report}`);
    expect(done.code).toBe(1);
    expect(done.json()).toMatchObject({
      ...{ billed: "0.04", price_differs: "0.01", explained_percent: "75", drift: true },
      findings: [{ kind: "price_differs", lines: ["dear.csv: line 2"] }],
    });
    const page = readFileSync(report, "utf8");
    expect(page).toContain("price_differs");
    // What a bill says is no markup, and nothing is fetched.
    expect(page).not.toMatch(/<Seedream|https?:|<script|<link|src=/);
  });

  it("lists what was compared, and shows one again", async () => {
    const { data } = (await run("reconciliations", "--json")).json();
    expect(data).toMatchObject([{ drift: true }, { drift: false }]);
    const again = await run("reconciliations", data[0].id);
    expect([again.code, again.stdout]).toEqual([1, expect.stringContaining("price_differs")]);
  });

  it("names a file that can't be read, and one that isn't a bill", async () => {
    expect(await reconcile(join(home.path, "none.csv"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("none.csv: can't be read"),
    });
    const euros = file("euros.csv", "0.03");
    writeFileSync(euros, readFileSync(euros, "utf8").replace("USD\n", "EUR\n"));
    expect(await reconcile(euros)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("euros.csv: line 2: currency EUR: only USD can be matched"),
    });
  });
});
