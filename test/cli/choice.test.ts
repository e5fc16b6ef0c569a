import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encoded } from "../gateway/pictures.ts";
import { type Finished, MUG, spotmeter, startServer, temporaryFolder } from "./spotmeter.ts";

/** Models that are compared, and left to be chosen, from the command line. */

const home = temporaryFolder();
const environment = { SPOTMETER_HOME: home.path, SPOTMETER_AS_OF: "2026-12-02" };
const run = (...args: string[]): Promise<Finished> => spotmeter(args, environment);

let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer(["serve", "--port=0"], environment);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

describe("compare", () => {
  it("ranks with amounts under each other, and says what each requirement costs", async () => {
    const { code, stdout } = await run("compare", MUG, "--size=2048x2048", "--seed=7");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 {2}z-image-turbo +0\.015 +0\.015 +0\.015 +draft +1077, 2026-03-27/m);
    // 0.015 - (21 x 0.000005 + 397 x 0.00003)
    expect(stdout).toMatch(/^seed=7 +0\.002985 +z-image-turbo 0\.015 +gpt-image-2:low 0\.012015$/m);
    expect(stdout).toContain("more are blocked: --all says by what");
    expect(stdout).toContain("votes of strangers on general prompts, not on your pictures");
    const all = await run("compare", MUG, "--size=2048x2048", "--seed=7", "--all");
    expect(all.stdout).toMatch(/^seedream-4-0 +- +seed=7: this model has no such parameter$/m);
  });

  it("takes pictures from files, a flag each, wherever the prompt stands", async () => {
    const file = join(home.path, "mug.png");
    writeFileSync(file, encoded("png", [1024, 1024]));
    const finished = await run(
      "compare",
      "--size=1024x1024",
      "--band=fine",
      "--json",
      ...["--image", file],
      ...["--image", file],
      MUG,
    );
    const { mode, models } = finished.json();
    // 0.045, the first reference free, the second 0.003.
    const expected = { total: "0.048", per_image: "0.048" };
    expect([mode, models[0]]).toMatchObject(["edit", { model: "seedream-5-0-pro", expected }]);
    const missing = await run("compare", MUG, "--image", join(home.path, "none.png"));
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("none.png")]);
  });
});

describe("--model auto", () => {
  const square = [MUG, "--model=auto", "--size=1024x1024"];

  it("a quote says what was chosen, why, and the runner-up", async () => {
    const { stdout } = await run("quote", ...square, "--band=finest", "--max-cost=0.06");
    expect(stdout).toMatch(/^quote for gpt-image-2 from openai/m);
    expect(stdout).toMatch(/^chosen +band finest: rated 1381 at quality medium on Arena, text/m);
    expect(stdout).toMatch(/^chosen +max_cost 0\.06: its ceiling is 0\.053105 USD$/m);
    expect(stdout).toMatch(/^runner-up +none$/m);
    expect(stdout).toMatch(/^resolved +quality=medium, chosen by auto; asked: nothing$/m);
  });

  it("generate makes it, and the receipt tells the same", async () => {
    const flags = ["--allow=gpt-image-2", "--allow=seedream-4-0", "--deny=seedream-4-0"];
    const { code, stdout } = await run("generate", ...square, ...flags, `--out=${home.path}/out`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^chosen +the cheapest of 3 capable/m);
    expect(stdout).toMatch(/^total USD +0\.005985$/m);
  });

  it("a refusal names the requirement in the way", async () => {
    const { code, stderr } = await run("quote", ...square, "--band=finest", "--max-cost=0.01");
    expect(code).toBe(1);
    expect(stderr).toContain("without spotmeter.band=finest gpt-image-2:low could");
  });
});
