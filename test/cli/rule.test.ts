import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { committed, printed, ruleDocs } from "../../scripts/rule-docs.ts";
import { launchSpotmeter, spotmeter, temporaryFolder } from "./spotmeter.ts";

const home = temporaryFolder();
afterAll(() => home[Symbol.dispose]());
const environment = { SPOTMETER_HOME: home.path };

describe("what docs/rule/ shows is what the command line prints", () => {
  it.each(ruleDocs)("$args", async (doc) => {
    const text = await printed(doc, home.path);
    expect(text).toBe(committed(doc.text));
    expect(readFileSync(join(home.path, doc.svg), "utf8")).toBe(committed(doc.svg));
  });
});

describe("rule and frontier ask no gateway and leave nothing behind", () => {
  it("an owner's own price stands in the table, without any home", async () => {
    const settings = join(home.path, "own.yaml");
    const price =
      '{effective_from: 2026-11-01, source: our contract, mark: billed, usd_each: {output_images: "0.001"}}';
    writeFileSync(
      settings,
      `models:\n  - {id: house-flat, extends: seedream-4-0, price: ${price}}\n`,
    );
    const nowhere = join(home.path, "none");
    const run = await spotmeter(
      ["rule", "--as-of=2026-11-26", "--by=tier", "--sizes=1024x1024", "--n=1", "--json"],
      { SPOTMETER_HOME: nowhere, SPOTMETER_CONFIG: settings },
    );
    expect([run.code, run.stderr]).toEqual([0, ""]);
    const { object, as_of: asOf, note, cells } = run.json();
    expect([object, asOf, note]).toEqual([
      ...["rule", "2026-11-26", "different goods: no quality claim"],
    ]);
    expect(cells).toHaveLength(5 * 5);
    expect(cells[0]).toMatchObject({ band: "low", model: "house-flat", total: "0.001" });
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe("an answer larger than a pipe takes at once", () => {
  it("arrives whole", async () => {
    const run = await launchSpotmeter(["rule", "--as-of=2026-11-26", "--json"], environment);
    expect(run.stdout.length).toBeGreaterThan(4 * 65_536);
    expect(run.json().cells).toHaveLength(4 * 5 * 3 * 2);
  });
});

describe("what can't be done is said", () => {
  it("a value that can't be meant is a misuse, named by its flag", async () => {
    const run = await spotmeter(["rule", "--reference-size=1", "--json"], environment);
    expect(run.code).toBe(2);
    expect(run.json().error.message).toContain("--reference-size=1: must be WxH");
  });

  it("a drawing that can't be written is a refusal that names it", async () => {
    const file = join(home.path, "no", "folder.svg");
    const run = await spotmeter(["frontier", `--svg=${file}`, "--json"], environment);
    expect(run.code).toBe(1);
    expect(run.json().error).toMatchObject({ code: "not_written" });
    expect(run.json().error.message).toContain(file);
  });
});
