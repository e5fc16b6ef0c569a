import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { installPackage } from "./install-package.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "spotmeter-test-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** The package as npm unpacks it: its links are only listed. */
function unpack(): string {
  const native = path.join(root, "native");
  mkdirSync(path.join(native, "lib"), { recursive: true });
  for (const file of ["libpq.so.5.18", "libpq.a"])
    writeFileSync(path.join(native, "lib", file), "");
  const links = ["libpq.so", "libpq.so.5"].map((link) => ({
    source: "native/lib/libpq.so.5.18",
    target: `native/lib/${link}`,
  }));
  writeFileSync(path.join(native, "pg-symlinks.json"), JSON.stringify(links));
  return native;
}

it.each([
  ["links that npm was not allowed to make are made in the copy", []],
  ["links that are there are kept, and lead nowhere but into the copy", ["libpq.so", "libpq.so.5"]],
])("%s", async (_law, linked) => {
  const native = unpack();
  for (const link of linked) symlinkSync("libpq.so.5.18", path.join(native, "lib", link));
  const copy = path.join(root, "copy");
  expect(await installPackage(native, copy)).toBe(path.join(copy, "bin"));
  const lib = path.join(copy, "lib");
  expect(readdirSync(lib).toSorted()).toEqual(["libpq.so", "libpq.so.5", "libpq.so.5.18"]);
  for (const link of ["libpq.so", "libpq.so.5"]) {
    expect(readlinkSync(path.join(lib, link))).toBe("libpq.so.5.18");
  }
});
