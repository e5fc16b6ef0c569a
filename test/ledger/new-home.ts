import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";

const homes: string[] = [];
afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A fresh, empty home; gone after the file's last test. */
export function newHome(): string {
  const home = mkdtempSync(path.join(tmpdir(), "spotmeter-ledger-"));
  homes.push(home);
  return home;
}
