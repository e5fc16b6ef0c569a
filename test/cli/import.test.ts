import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Finished, MUG_ORDER, spotmeter, temporaryFolder } from "./spotmeter.ts";

/** `import` and `what-if`, as somebody would who spends elsewhere already. */

const home = temporaryFolder();
afterAll(() => home[Symbol.dispose]());
const run = (...args: string[]): Promise<Finished> =>
  spotmeter(args, { SPOTMETER_HOME: home.path });

const file = (name: string, text: string): string => {
  const path = join(home.path, name);
  writeFileSync(path, text);
  return path;
};

describe("import and what-if --imported", () => {
  it("make a set without any gateway, and rate it again", async () => {
    const table = file(
      "spend.csv",
      "day,model,images,dollars,quality,size,key\n2026-11-01,gpt-image-2,100,21.0825,high,1024x1024,shop\n",
    );
    const imported = await run("import", "usage", table, "--from=csv", "--name=spend");
    expect(imported).toMatchObject({ code: 0, stderr: "" });
    expect(imported.stdout).toContain(
      "1 rows of 1 records: 100 requests, 100 images, 21.0825 USD, 2026-11-01 (UTC)",
    );
    expect(imported.stdout).toContain("next: spotmeter what-if --imported spend");
    const told = await run("what-if", "--imported=spend", "--set", "quality=medium");
    // 100 x 0.052785, 21 text tokens each inferred from what the pictures leave of the dollars
    expect(told.stdout).toContain(
      "quality high → medium on key shop: −$15.80 (75 %), if every picture were kept; gone at a kept ratio of 0.26",
    );
    const json = await run("what-if", "--imported=spend", "--set", "quality=medium", "--json");
    expect(json.json()).toMatchObject({ actual: "21.0825", what_if: "5.2785", imported: "spend" });
    expect((await run("import", "list")).stdout).toContain("spend");
    const again = await run("import", "usage", table, "--from=csv", "--json");
    expect(again.json()).toMatchObject({ already: true, name: "spend" });
    expect((await run("import", "remove", "spend")).code).toBe(0);
    const gone = await run("what-if", "--imported=spend", "--json");
    expect(gone).toMatchObject({ code: 1 });
    expect(gone.json().error).toMatchObject({ code: "not_found", sent: "spend" });
  });

  it("name every bad row with file and line, and import nothing", async () => {
    const table = file("bad.csv", "day,model,images,dollars\nx,m,1,1\n2026-11-01,m,y,1\n");
    const refused = await run("import", "usage", table, "--from=csv");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${table}:2 day: "x": must be a time such as 2026-11-22`);
    expect(refused.stderr).toContain(`${table}:3 images: "y": must be a whole number from 0 on`);
    expect(refused.stderr).toContain("code: bad_records");
  });

  it("say what can be imported, and how", async () => {
    const table = file("t.csv", "day,model,images,dollars\n");
    const kind = await run("import", "usage", table, "--from=excel");
    expect(kind.code).toBe(2);
    expect(kind.stderr).toContain("must be one of openai, google, litellm, csv");
    const column = await run("import", "usage", table, "--from=csv", "--map=nothing=Cost");
    expect(column.stderr).toContain("no such column; there are day, model");
    const empty = await run("import", "usage", table, "--from=csv", "--json");
    expect(empty.json().error).toMatchObject({ code: "nothing_to_import" });
  });
});

describe("what-if of the journal", () => {
  it("asks the gateway; with an API key of its own account", async () => {
    await run("generate", ...MUG_ORDER, `--out=${home.path}`);
    const told = await run(
      "what-if",
      "--auto",
      "band=draft",
      "--auto",
      "deny=gpt-image-2",
      "--json",
    );
    expect(told.json()).toMatchObject({
      ...{ requests: 1, actual: "0.005985", emulated: true },
      choice: { auto: { band: "draft", deny: ["gpt-image-2"] } },
    });
    const { apiKey } = JSON.parse(readFileSync(join(home.path, "sandbox.json"), "utf8"));
    const own = await run("what-if", "--account=acct_1", "--json", `--key=${apiKey}`);
    expect(own).toMatchObject({ code: 1 });
  });
});
