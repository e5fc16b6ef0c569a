import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { launchSpotmeter, MUG, spotmeter, temporaryFolder } from "./spotmeter.ts";

const home = temporaryFolder();
afterAll(() => home[Symbol.dispose]());
const environment = { SPOTMETER_HOME: home.path };

describe("a misused command line ends with 2 and says why, in one JSON object with --json", () => {
  it.each([
    { args: [], says: "usage" },
    { args: ["bogus"], says: "unknown command 'bogus'" },
    { args: ["quote"], says: "missing required argument 'prompt'" },
    { args: ["quote", MUG], says: "`spotmeter models`" },
    { args: ["generate", MUG], says: "`spotmeter models`" },
    { args: ["quote", MUG, "--model=gpt-image-2", "--n=two"], says: "whole number" },
    { args: ["quote", MUG, "--model=gpt-image-2", "--colour"], says: "unknown option '--colour'" },
    { args: ["quote", MUG, "--model=gpt-image-2", "--tag=shop"], says: "name=value" },
    { args: ["accounts", "create"], says: "--name" },
    { args: ["accounts", "fund", "acct_1", "ten"], says: "plain decimal" },
    { args: ["accounts", "fund", "acct_1", "1e3"], says: "plain decimal" },
    { args: ["accounts", "limit", "acct_1"], says: "--none alone" },
    { args: ["accounts", "limit", "acct_1", "--none", "--day=1"], says: "--none alone" },
    { args: ["keys", "create", "--name=shop"], says: "--account" },
    { args: ["accounts", "set", "acct_1"], says: "nothing to change" },
    { args: ["accounts", "set", "acct_1", "--no-margin", "--margin-fixed=1"], says: "--no-margin" },
    { args: ["accounts", "move", "acct_1"], says: "--to" },
    { args: ["keys", "set", "key_1"], says: "nothing to change" },
    { args: ["keys", "set", "key_1", "--expires=30d"], says: "ISO date-time" },
    { args: ["exposures", "close", "rcpt_1", "--billed=0"], says: "--reason" },
    { args: ["correct", "rcpt_1.end", "--reason=x"], says: "--amount" },
    { args: ["correct", "rcpt_1.end", "--amount=-1", "--reason=x"], says: "plain decimal" },
    { args: ["alerts", "--limit=many"], says: "whole number" },
    { args: ["verify", "--world=moon"], says: "sandbox, live" },
    { args: ["serve", "--port=70000"], says: "65535" },
    { args: ["models", "--url=nowhere"], says: "must be an address" },
    { args: ["generate", MUG, "--model=m", "--name=../mug"], says: "without a folder" },
  ])("$args", async ({ args, says }) => {
    const run = await spotmeter([...args, "--json"], environment);
    expect(run.code).toBe(2);
    const { error } = run.json();
    expect(error.code).toBe("misused");
    if (args.length > 0) expect(error.message).toContain(says);
    expect(run.stderr).toBe("");
  });

  it("without --json the words go to standard error and nothing to standard output", async () => {
    const run = await launchSpotmeter(["quote", MUG], environment);
    expect(run.code).toBe(2);
    expect(run.stdout).toBe("");
    expect(run.stderr).toContain("--model is needed");
  });

  it("a setting that can't be used names its variable, never its value", async () => {
    const settings = { ...environment, PORT: "secret-value" };
    const run = await spotmeter(["models", "--json"], settings);
    expect(run.code).toBe(2);
    expect(run.json().error).toMatchObject({ code: "bad_configuration" });
    expect(run.json().error.message).toContain("PORT");
    expect(run.stdout).not.toContain("secret-value");
  });

  it("a folder that can't be written is refused before anything is paid", async () => {
    const file = join(home.path, "a-file");
    mkdirSync(home.path, { recursive: true });
    writeFileSync(file, "");
    const run = await spotmeter(
      ["generate", MUG, "--model=gpt-image-2", `--out=${file}/below`, "--json"],
      environment,
    );
    expect(run.code).toBe(2);
    expect(run.json().error.message).toContain("pictures can't be written there");
  });

  it("verify of a home without a ledger says so", async () => {
    const run = await spotmeter(["verify", "--json"], environment);
    expect(run.code).toBe(2);
    expect(run.json().error.message).toContain("holds no ledger");
  });
});

describe("help and version", () => {
  it("are no misuse, and are one JSON object too with --json", async () => {
    const version = await launchSpotmeter(["--version"], environment);
    expect(version).toMatchObject({ code: 0, stdout: "0.1.0\n", stderr: "" });
    const asJson = await spotmeter(["--version", "--json"], environment);
    expect(asJson.json()).toEqual({ text: "0.1.0" });
    const help = await spotmeter(["accounts", "create", "--help", "--json"], environment);
    expect(help.code).toBe(0);
    expect(help.json().text).toContain("--prepaid");
  });
});
