import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../gateway/sandbox.ts";
import { type StatedHome, stateHome } from "../gateway/stated-home.ts";
import { type Finished, spotmeter } from "./spotmeter.ts";

let home: StatedHome;
let sandbox: Sandbox;
beforeAll(async () => {
  home = await stateHome();
  sandbox = await startSandbox({ home: home.home });
});
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

const run = (...args: string[]): Promise<Finished> =>
  spotmeter(["statement", ...args], { SPOTMETER_HOME: home.home });

describe("spotmeter statement", () => {
  it("issues a month by the account's name, prints it, hands it out, and verifies the file", async () => {
    const shown = await run("Studio", "--month=2026-08");
    expect(shown.stdout).toMatch(/^Statement 2026-08-0001, Studio \(acct_/);
    expect(shown.stdout).toContain("SANDBOX: emulated calls. No money was real.");
    expect(shown.stdout).toMatch(/Total +0\.5091\n/);
    const file = join(home.home, "august.json");
    expect((await run("Studio", "--month=2026-08", "--out", file)).code).toBe(0);
    const verified = await run("verify", file, "--json");
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.json()).toMatchObject({ ok: true, number: "2026-08-0001" });
    writeFileSync(file, readFileSync(file, "utf8").replace('"0.5091"', '"0.5090"'));
    const edited = await run("verify", file);
    expect(edited.code).toBe(1);
    expect(edited.stdout).toContain("is NOT what was issued as statement 2026-08-0001");
  });

  it("lists what was issued, and draws up what isn't", async () => {
    const draft = await run(home.studio.accountId, "--month=2026-09", "--draft", "--json");
    expect(draft.json()).toMatchObject({ number: null, draft: true, totals: { total: "0.03" } });
    const listed = await run("Studio", "--list", "--json");
    expect(listed.json().data).toMatchObject([{ number: "2026-08-0001" }]);
  });

  it.each([
    { args: ["Studio"], code: 2, says: "give --month YYYY-MM, or --list" },
    { args: ["Studio", "--month=2026-13"], code: 2, says: "must be YYYY-MM" },
    { args: ["Studio", "--month=2026-08", "--format=pdf"], code: 2, says: "html, csv or json" },
    { args: ["Studio", "--month=2026-08", "--out=august"], code: 2, says: "such an ending" },
    { args: ["Nobody", "--month=2026-08"], code: 1, says: "no account has the id or the name" },
    { args: ["verify", "none.json"], code: 2, says: "can't be read" },
  ])("$args: $says", async ({ args, code, says }) => {
    const finished = await run(...args);
    expect(finished.code).toBe(code);
    expect(finished.stderr).toContain(says);
  });
});
