import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MUG, spotmeter, temporaryFolder } from "./spotmeter.ts";

/** A file of rows in a folder of its own, and the command line in it: no gateway, no home, no network. */
function shop(rows: readonly string[], header = "id,name,model,size,quality,n") {
  const folder = temporaryFolder();
  const file = join(folder.path, "shop.csv");
  writeFileSync(file, `${[header, ...rows].join("\n")}\n`);
  const run = (...args: readonly string[]) =>
    spotmeter(["plan", file, "--as-of", "2026-12-02", ...args], {
      SPOTMETER_HOME: join(folder.path, "home"),
    });
  return { file, run, path: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const ROWS = ["a,mug,gpt-image-2,1024x1024,low,", "b,bowl,seedream-4-0,2048x2048,,2"];

describe("spotmeter plan", () => {
  it("prints what a file would cost, to the last digit, without a gateway", async () => {
    using given = shop(ROWS.slice(0, 1), "id,name,model,size,quality,n");
    const { code, stdout } = await given.run("--prompt", MUG, "--ignore-columns", "name");
    expect(code).toBe(0);
    expect(stdout).toContain("by the catalog of 2026-12-02: 1 row, 1 image");
    expect(stdout).toContain("expected 0.005985 USD, at most 0.006305 USD");
  });

  it("with --json gives sums and rows, and compares with what it gave before", async () => {
    using given = shop(ROWS);
    const plan = await given.run("--prompt", "A {name} on white", "--json");
    expect(plan.json()).toMatchObject({
      ...{ object: "plan", as_of: "2026-12-02", currency: "USD", rows: 1, blocked_rows: 1 },
      assignment: null,
      budget: null,
      diff: null,
    });
    expect(plan.json().blocked[0]).toMatchObject({ code: "unsupported_n", ids: ["b"] });
    const saved = join(given.path, "before.json");
    writeFileSync(saved, plan.stdout);
    const later = await given.run("--prompt", "A {name} on white", "--diff", saved, "--json");
    expect(later.json().diff).toMatchObject({ difference: "0", rows_unchanged: 2, by_cause: [] });
  });

  it("prints a comment in Markdown in which callers' words are no markup", async () => {
    using given = shop(["a|b*,mug,gpt-image-2,1024x1024,low,", "c,mug,seedream-4-0,9x9,,"]);
    const { code, stdout } = await given.run(
      "--prompt",
      "A {name}",
      "--markdown",
      "--band",
      "fine",
    );
    expect(code).toBe(0);
    expect(stdout).toContain("### Image plan: ");
    expect(stdout).toContain("| model | quality | rows | images | expected USD | ceiling USD |");
    expect(stdout).toContain("**Blocked: 1 rows**");
    expect(stdout).toContain("**The cheapest assignment under band fine: ");
  });

  it("ends with 1 where a budget isn't enough, and names what would be and what would have to go", async () => {
    using given = shop(["a,x,gpt-image-2,1024x1024,high,", "b,x,gpt-image-2,1024x1024,low,"]);
    const args = ["--prompt", MUG, "--ignore-columns", "*", "--budget", "0.1"];
    const { code, stdout } = await given.run(...args);
    expect(code).toBe(1);
    // 0.210825 + 0.005985
    expect(stdout).toContain("not enough for the plan; the least that is: 0.21681 USD");
    expect(stdout).toContain("would have to go: a");
  });

  it("prints every problem of a bad file with its line, and no total", async () => {
    using given = shop(["a,mug,gpt-image-2,big,low,", "a,,gpt-image-9,1024x1024,low,x"]);
    const { code, stdout, stderr } = await given.run("--prompt", "A {name}");
    expect([code, stdout]).toEqual([1, ""]);
    const lines = stderr.split("\n").map((line) => line.replace(given.file, "shop.csv"));
    expect(lines[0]).toContain("5 problems; nothing was planned");
    expect(lines.slice(1, 6).map((line) => line.split(": ")[0])).toEqual([
      ...["shop.csv:2 size", "shop.csv:3 id", "shop.csv:3 n", "shop.csv:3 model"],
      "shop.csv:3 name",
    ]);
  });

  it.each([
    [["--allow", "seedream-4-0", "--deny", "seedream-4-0"], "leave no model to choose from"],
    [["--model", "gpt-image-22"], "the nearest is gpt-image-2"],
    [["--prompt", "A {mug", "--size", "1024x1024"], '--prompt: a "{" that names no column'],
  ])("is misused with %j: said once, before the file is looked at", async (args, message) => {
    using given = shop(["broken"]);
    const { code, stdout, stderr } = await given.run(...args);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(message);
  });
});
