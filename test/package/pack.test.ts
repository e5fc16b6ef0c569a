import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanEnvironment } from "../../scripts/clean-environment.ts";

const root = new URL("../../", import.meta.url).pathname;
const PROMPT = "E-commerce product photo, matte ceramic mug, white background, softbox lighting";
const ORDER = [PROMPT, "--model=gpt-image-2", "--quality=low", "--size=1024x1024", "--json"];

/** `npm test` tells its children that they belong to this package; the project below is another one. */
const environment = Object.fromEntries(
  Object.entries(cleanEnvironment(process.env)).filter(
    ([name]) => !/^npm_(package|lifecycle|config_(local|global)_prefix)|^INIT_CWD$/.test(name),
  ),
);

describe("the package, packed and installed in a project of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-pack-"));
  const app = join(folder, "app");
  let packed: readonly string[] = [];

  beforeAll(() => {
    const npm = (args: readonly string[], cwd: string): string =>
      execFileSync("npm", args, { cwd, env: environment, encoding: "utf8", stdio: "pipe" });
    npm(["pack", "--loglevel=error", "--pack-destination", folder], root);
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
    const list = execFileSync("tar", ["-tzf", join(folder, tarball)], { encoding: "utf8" });
    packed = list
      .trim()
      .split("\n")
      .map((path) => path.replace("package/", ""));
    mkdirSync(app);
    const project = { name: "app", private: true, allowScripts: { node: true } };
    writeFileSync(join(app, "package.json"), JSON.stringify(project));
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    npm(["install", ...flags, join(folder, tarball)], app);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function spotmeter(...args: string[]) {
    const run = spawnSync(join(app, "node_modules/.bin/spotmeter"), args, {
      cwd: app,
      env: { ...environment, EMULATOR_PICTURES: "small" },
      encoding: "utf8",
    });
    return { code: run.status, stdout: run.stdout, stderr: run.stderr };
  }

  it("holds what it needs to run and to be understood, and no source or test", () => {
    const folders = new Set(packed.map((path) => path.split("/")[0]));
    expect([...folders].filter((name) => !NEEDED.has(name ?? ""))).toEqual([]);
    for (const path of [
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      "catalog/models/gpt-image-2.json",
    ]) {
      expect(packed).toContain(path);
    }
    expect(packed.filter((path) => /\.(ts|test\.js)$|\.spotmeter/.test(path))).toEqual([]);
  });

  it("says its version", () => {
    expect(spotmeter("--version")).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  });

  it("quotes the standard picture to the last digit, in a sandbox of its own", () => {
    const { code, stdout, stderr } = spotmeter("quote", ...ORDER);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      expected: { total: "0.005985" },
      ceiling: { total: "0.006305" },
      emulated: true,
    });
  });

  it("makes the picture, bills it, and verifies the bill", () => {
    const made = spotmeter("generate", ...ORDER, "--name=mug");
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(made.stdout)).toMatchObject({ total: "0.005985" });
    expect(readdirSync(app)).toContain("mug.png");
    const verified = spotmeter("verify", "--json");
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, receipts: 1, holds_open: 0 });
  });
});

const NEEDED = new Set([
  "bin",
  "dist",
  "catalog",
  "docs",
  "package.json",
  "LICENSE",
  "README.md",
  "CHANGELOG.md",
]);
