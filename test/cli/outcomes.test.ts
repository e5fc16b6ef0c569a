import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../gateway/sandbox.ts";
import { type Finished, MUG_ORDER, spotmeter, temporaryFolder } from "./spotmeter.ts";

/** `outcomes`, on a home in which three receipts have four pictures: two of the last one. */

const home = temporaryFolder();
let sandbox: Sandbox;
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});
const environment = { SPOTMETER_HOME: home.path };
const run = (...args: string[]): Promise<Finished> => spotmeter(args, environment);

let receipts: readonly string[] = [];
beforeAll(async () => {
  // One gateway for all commands, which find it by its home.
  sandbox = await startSandbox({ home: home.path });
  const made = [
    await run("generate", ...MUG_ORDER, `--out=${home.path}`, "--json"),
    await run("generate", ...MUG_ORDER, `--out=${home.path}`, "--json"),
    await run("generate", ...MUG_ORDER, "--n=2", `--out=${home.path}`, "--json"),
  ];
  receipts = made.map(({ json }) => json().receipt.id);
});

function file(name: string, ...lines: readonly string[]): string {
  const path = join(home.path, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

async function standing(receipt: string): Promise<string> {
  const { outcomes } = (await run("outcomes", receipt, "--json")).json();
  return outcomes
    .map(
      ({ image, kept, reason }: { image: number; kept: boolean; reason: string | null }) =>
        `${image}${kept ? "+" : "-"}${reason ?? ""}`,
    )
    .join(" ");
}

describe("outcomes RECEIPT", () => {
  it("says whether a picture was kept, and shows what stands", async () => {
    const [receipt = ""] = receipts;
    expect((await run("outcomes", receipt)).stdout).toBe(
      `receipt ${receipt}: nobody has judged its pictures\n`,
    );
    const said = await run("outcomes", receipt, "--image=0", "--rejected", "--reason=off-colour");
    expect(said).toMatchObject({ code: 0 });
    expect(said.stdout).toBe(`receipt ${receipt}, 1 noted\n  picture 0: rejected (off-colour)\n`);
    const again = await run("outcomes", receipt, "--image=0", "--kept", "--json");
    expect(again.json()).toMatchObject({ posted: 1, outcomes: [{ kept: true, reason: null }] });
    expect((await run("receipt", receipt)).stdout).toMatch(/outcome +picture 0 kept/);
  });

  it("refuses a picture that isn't there with 1, half a verdict with 2", async () => {
    const [receipt = ""] = receipts;
    const none = await run("outcomes", receipt, "--image=1", "--kept");
    expect(none).toMatchObject({ code: 1, stdout: "" });
    expect(none.stderr).toContain(`image=1: receipt ${receipt} delivered only picture 0`);
    for (const flags of [["--image=0"], ["--kept"], ["--image=0", "--kept", "--rejected"]]) {
      expect((await run("outcomes", receipt, ...flags)).code).toBe(2);
    }
  });
});

describe("outcomes import", () => {
  it("notes a file, and nothing of it twice", async () => {
    const [, second = "", third = ""] = receipts;
    const csv = file(
      "kept.csv",
      "receipt,image,kept,reason",
      `${second},0,yes,`,
      `${third},1,rejected,wrong-angle`,
      `${third},1,rejected,wrong-angle`,
    );
    const dry = await run("outcomes", "import", csv, "--dry-run");
    expect(dry.stdout).toBe(
      "2 pictures of 2 receipts: 1 kept, 1 rejected; nothing is wrong, and nothing was noted (--dry-run)\n",
    );
    expect(await standing(second)).toBe("");
    expect((await run("outcomes", "import", csv, "--json")).json()).toEqual({
      ...{ object: "outcomes.import", file: csv, dry_run: false },
      ...{ outcomes: 2, receipts: 2, kept: 1, posted: 2, unchanged: 0 },
    });
    expect((await run("outcomes", "import", csv)).stdout).toBe(
      "2 pictures of 2 receipts: 1 kept, 1 rejected; 0 noted, 2 stood already\n",
    );
    expect(await standing(third)).toBe("1-wrong-angle");
  });

  it("finds receipts by the files and ids of a run's manifest", async () => {
    const [first = "", second = "", third = ""] = receipts;
    const manifest = file(
      "manifest.jsonl",
      JSON.stringify({ id: "mug-1", file: "mug-1.png", receipt: first, index: 0, sha256: "x" }),
      JSON.stringify({ id: "mug-2", file: "mug-2.png", receipt: second }),
      JSON.stringify({ id: "pair", file: "pair-0.png", receipt: third, index: 0 }),
      JSON.stringify({ id: "pair", file: "pair-1.png", receipt: third, index: 1 }),
      JSON.stringify({ id: "lost", file: null, receipt: null }),
    );
    const verdicts = file(
      "kept.jsonl",
      JSON.stringify({ file: "pair-0.png", kept: true }),
      JSON.stringify({ id: "pair", image: 1, kept: true, reason: null }),
      JSON.stringify({ id: "mug-2", kept: false, reason: "blurred" }),
    );
    const told = await run("outcomes", "import", verdicts, `--manifest=${manifest}`);
    expect(told.stdout).toContain("3 pictures of 2 receipts: 2 kept, 1 rejected; 3 noted");
    expect([await standing(second), await standing(third)]).toEqual(["0-blurred", "0+ 1+"]);

    const bad = file("bad.csv", "id,kept", "pair,yes", "lost,yes", "nobody,yes");
    const { stderr } = await run("outcomes", "import", bad, `--manifest=${manifest}`);
    expect(stderr).toContain(`${bad}:2 id: pair: 2 pictures are of this row: name image or file`);
    expect(stderr).toContain(`${bad}:3 id: lost: the manifest has no picture of this row`);
    expect(stderr).toContain(`${bad}:4 id: nobody: no such row in the manifest`);
  });

  it("says everything that is wrong with a file, by its lines, and notes nothing", async () => {
    const [first = "", second = "", third = ""] = receipts;
    const before = await standing(first);
    const csv = file(
      "wrong.csv",
      "receipt,image,kept,reason,colour",
      `${first},0,no,fine,`,
      `${first},0,yes,,`,
      `${second},first,yes,,`,
      `${second},,yes,,`,
      `,0,yes,,`,
      `${third},0,perhaps,,blue`,
      `${third},0,no,The mug looks odd,`,
      `${third},0`,
    );
    const { code, stdout, stderr } = await run("outcomes", "import", csv);
    expect([code, stdout]).toEqual([1, ""]);
    for (const line of [
      "3: line 2 says otherwise of picture 0 of",
      "4 image: first: must be a whole number",
      "5 image: is missing",
      "6 receipt: is missing: which receipt's picture it is",
      "7 colour: no such column",
      "7 kept: perhaps: must be true, yes, 1 or kept",
      "8 reason: The mug looks odd: must be words of a-z",
      "9: 2 cells, but the header names 5 columns",
    ]) {
      expect(stderr).toContain(`${csv}:${line}`);
    }
    expect(stderr).toContain("8 problems; nothing was noted");
    expect(await standing(first)).toBe(before);
  });

  it("says by its lines what the gateway would refuse, and notes nothing", async () => {
    const [first = "", , third = ""] = receipts;
    const before = await standing(first);
    const csv = file(
      "refused.csv",
      "receipt,image,kept",
      `${first},0,no`,
      `${third},2,yes`,
      "rcpt_none,0,yes",
    );
    const { code, json } = await run("outcomes", "import", csv, "--json");
    expect(code).toBe(1);
    expect(json().error).toMatchObject({
      code: "bad_rows",
      problems: [
        { line: 3, column: "image", message: expect.stringContaining("pictures 0 to 1") },
        { line: 4, column: "receipt", message: "no such receipt on this account" },
      ],
    });
    expect(await standing(first)).toBe(before);
  });

  it("an empty file and one that isn't there are told as such", async () => {
    const empty = await run("outcomes", "import", file("empty.csv", "receipt,image,kept"));
    expect(empty.stderr).toContain("no outcomes: there is nothing to import");
    const none = await run("outcomes", "import", join(home.path, "none.csv"));
    expect(none).toMatchObject({ code: 1 });
    expect(none.stderr).toContain("no such file");
  });
});

describe("judged pictures", () => {
  it("have columns in usage and in comparisons, below 30 outcomes without a price", async () => {
    const usage = await run("usage", "--by=model");
    const [, , head = "", row = ""] = usage.stdout.split("\n");
    expect(head.split(/ {2,}/).slice(-4)).toEqual([
      ...["kept", "kept share (95 %)", "per kept picture", "(95 %)"],
    ]);
    expect(row.split(/ {2,}/).slice(-4)).toEqual([...["3 of 4", "not known below 30", "-", "-"]]);
    const compared = await run("compare", MUG_ORDER[0], "--size=1024x1024", "--by=kept");
    expect(compared.stdout).toContain("by price per kept picture");
    expect(compared.stdout).toMatch(/gpt-image-2:low .* 3 of 4 +not known below 30/);
    expect(compared.stdout).toContain("kept: measured from your own outcomes");
    expect((await run("compare", MUG_ORDER[0], "--by=rating")).code).toBe(2);
  });
});
