import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, spotmeter, temporaryFolder } from "./spotmeter.ts";

/** `measure all --yes` from an empty folder: the article's tables, through adapters, journal and report. */

const home = temporaryFolder();
const run = join(home.path, "run");
let finished: Finished;
let rows: readonly (readonly string[])[];
beforeAll(async () => {
  const environment = { SPOTMETER_HOME: join(home.path, "home") };
  finished = await spotmeter(["measure", "all", "--yes", `--out=${run}`, "--json"], environment);
  rows = readFileSync(join(run, "tables.csv"), "utf8")
    .split("\r\n")
    .map((line) => cells(line));
}, 180_000);
afterAll(() => home[Symbol.dispose]());

/** A line of CSV as its cells. */
function cells(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = ""]) =>
    cell.replace(/^"|"$/g, "").replaceAll('""', '"'),
  );
}

/** The rows of a table as objects by column. */
function tableOf(id: string): Record<string, string>[] {
  const own = rows.filter(([, table]) => table === id);
  const numbers = [...new Set(own.map(([, , row]) => row))];
  return numbers.map((number) =>
    Object.fromEntries(
      own.flatMap(([, , row, column = "", value = ""]) =>
        row === number ? [[column, value]] : [],
      ),
    ),
  );
}

function report(): string {
  return readFileSync(join(run, "report.html"), "utf8");
}

describe("measure all", () => {
  it("makes every call that a gate lets through, and records those that it refuses", () => {
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.json()).toMatchObject({ failed: 0, missing: 0, emulated: true });
    const lines = readFileSync(join(run, "results.jsonl"), "utf8").trimEnd().split("\n");
    const refused = lines
      .map((line) => JSON.parse(line))
      .filter(({ status }) => status === "refused");
    expect(refused.map(({ error }) => error.code)).toContain("unsupported_size");
    expect(refused.map(({ error }) => error.code)).toContain("unsupported_n");
    expect(new Set(refused.map(({ measured }) => measured.total))).toEqual(new Set(["0"]));
    expect(readdirSync(run)).toEqual(
      expect.arrayContaining([
        "report.html",
        "report.md",
        "results.jsonl",
        "tables.csv",
        "run.json",
      ]),
    );
  });

  it("quality x size: 196 / 1,756 / 7,024 and 397 / 3,568 / 14,272, with their prices", () => {
    const own = tableOf("quality").filter(({ model }) => model === "gpt-image-2");
    expect(own.map(({ size, quality, output, USD }) => [size, quality, output, USD])).toEqual([
      // 21 x 0.000005 = 0.000105, and the output x 0.00003
      ["1024x1024", "low", "196 tok", "0.005985"],
      ["1024x1024", "medium", "1,756 tok", "0.052785"],
      ["1024x1024", "high", "7,024 tok", "0.210825"],
      ["2048x2048", "low", "397 tok", "0.012015"],
      ["2048x2048", "medium", "3,568 tok", "0.107145"],
      ["2048x2048", "high", "14,272 tok", "0.428265"],
    ]);
    // 1,756 / 196 = 8.959, 7,024 / 196 = 35.837
    expect(own.slice(1, 3).map((row) => row["× tokens"])).toEqual(["9.0", "35.8"]);
  });

  it("gemini-2.5-flash-image is 1,290 tokens whatever the size; sizes that it lacks are refused for $0", () => {
    const own = tableOf("resolution").filter(({ model }) => model === "gemini-2.5-flash-image");
    const made = own.filter(({ note }) => note === "");
    expect(made.map(({ size }) => size)).toEqual(["1024x1024", "1344x768", "832x1248"]);
    expect(new Set(made.map(({ output }) => output))).toEqual(new Set(["1,290 tok"]));
    expect(own.find(({ size }) => size === "2048x2048")).toMatchObject({
      USD: "0",
      note: "refused by gate, $0 (unsupported_size)",
    });
  });

  it("from 1K to 4K a bill grows by 1.77, not by 2, on gemini-3-pro-image", () => {
    const own = tableOf("resolution-words").find(({ model }) => model === "gemini-3-pro-image");
    // 0.13772 = 10 x 0.000002 + 1,120 x 0.00012 + 275 x 0.000012; 0.24332 with 2,000
    expect(own).toMatchObject({
      "USD, first": "0.13772",
      "USD, last": "0.24332",
      factor: "1.77 ×",
    });
  });

  it("four images in one call are billed the prompt four times: 28 to 112, 499 to 1,996", () => {
    const own = tableOf("sharing").filter(({ model }) => model === "gpt-image-2");
    expect(own.map((row) => [row["prompt"], row["n"], row["input"], row["USD an image"]])).toEqual([
      ["count", "1", "28 tok", "0.00602"],
      ["count", "4", "112 tok", "0.00602"],
      ["brand", "1", "499 tok", "0.008375"],
      ["brand", "4", "1,996 tok", "0.008375"],
    ]);
  });

  it("references are 1,043, 2,068 and 3,093 input tokens; the input is 5 : 1, and 58 : 42 in dollars", () => {
    const own = tableOf("reference-count").filter(({ model }) => model === "gpt-image-2");
    const square = own.filter(({ each }) => each === "" || each === "1024x1024");
    expect(square.map(({ input }) => input)).toEqual([
      "21 tok",
      "1,043 tok",
      "2,068 tok",
      "3,093 tok",
      "4,118 tok",
    ]);
    expect(square.map(({ USD }) => USD)).toEqual([
      "0.005985",
      "0.014167",
      "0.022364",
      "0.030561",
      "0.038758",
    ]);
    // 1,043 / 21 = 49.67; 1,297 / 10 = 129.7; 0.008287 / 0.014167 = 58.5 %
    const [gpt, gemini] = tableOf("image-input");
    expect([gpt?.["factor"], gemini?.["factor"]]).toEqual(["49.7 ×", "129.7 ×"]);
    expect(gpt?.["input : output, tokens"]).toBe("5.3 : 1");
    expect(gpt?.["input : output, USD"]).toBe("58.5 % : 41.5 %");
  });

  it("the article's five models span 6.47 times at their own defaults", () => {
    const own = new Map(tableOf("model-lever").map((row) => [row["model"], row]));
    expect(own.get("gpt-image-2")).toMatchObject({ "quality made": "low", USD: "0.005985" });
    expect(own.get("gpt-image-1-mini")).toMatchObject({ "quality made": "medium", USD: "0.00849" });
    // 0.038703 / 0.005985 = 6.467
    expect(own.get("gemini-2.5-flash-image")).toMatchObject({
      USD: "0.038703",
      "× cheapest": "6.47",
    });
    expect(own.get("seedream-4-5")?.["note"]).toBe("refused by gate, $0 (unsupported_size)");
  });

  it("no usage speaks of a cache, and a repeated long prompt costs the same each time", () => {
    const own = tableOf("cache").filter(({ model }) => model === "gpt-image-2");
    expect(own.map((row) => [row["input tokens"], row["of them cached"], row["USD"]])).toEqual(
      [1, 2, 3].map(() => ["499", "0", "0.008375"]),
    );
    expect(report()).toContain("No usage of these calls has a field that speaks of a cache.");
  });

  it("ranks the levers: quality first, several images a call last", () => {
    const names = tableOf("levers").map(({ lever }) => lever);
    expect(names.slice(0, 2)).toEqual(["quality", "model"]);
    expect(names.slice(-2).toSorted()).toEqual(["prompt caching", "several images a call"]);
  });

  it("the article's slips stand with their arithmetic; nothing is confirmed by emulators", () => {
    const own = tableOf("claims");
    const of = (words: string) => own.find(({ sentence }) => sentence?.includes(words));
    expect(of("$0.215")).toMatchObject({
      verdict: "not as modelled",
      figures: expect.stringContaining(
        "21 x 0.000005 + 7024 x 0.00003 = 0.210825, which rounds to 0.211, not 0.215",
      ),
    });
    expect(of("“around 5 crosses")?.["figures"]).toContain(
      "references of 1024x1024 from which on it is dearer (3: 0.030561 against 0.03): 3, not within 10 % of 5",
    );
    expect(of("roughly doubles")?.["figures"]).toContain("0.24332 / 0.13772 = 1.77 times");
    expect(of("same 1,290 tokens whatever size")?.["verdict"]).toBe("as modelled");
    expect(of("28 to 112")?.["verdict"]).toBe("as modelled");
    expect(of("about 0.9 MB")?.["verdict"]).toBe("set by the emulator");
    expect(of("quality-independent")).toMatchObject({
      verdict: "not tested",
      figures: expect.stringContaining("a bill says nothing about quality"),
    });
    expect(new Set(own.map(({ verdict }) => verdict))).toEqual(
      new Set(["as modelled", "not as modelled", "set by the emulator", "not tested"]),
    );
  });

  it("says on every page that it is a sandbox, and of what its figures say nothing", () => {
    const pages = report().split("<section ").slice(1);
    for (const page of pages) expect(page).toContain("SANDBOX: emulators answered");
    expect(report()).toContain("they say nothing about quality");
    expect(report()).not.toContain("<script");
    const headings = readFileSync(join(run, "report.md"), "utf8").split("\n## ").slice(1);
    for (const section of headings) expect(section).toMatch(/^.*\n\n> \*\*SANDBOX/);
    expect(new Set(rows.slice(1, -1).map(([, , , , , world]) => world))).toEqual(
      new Set(["emulated"]),
    );
    for (const name of readdirSync(run).filter((file) => file.endsWith(".svg"))) {
      expect(readFileSync(join(run, name), "utf8")).toContain("SANDBOX");
    }
  });
});
