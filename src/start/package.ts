import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const packageFile = z.object({ version: z.string() });

/** The folder that holds package.json and catalog/, in a clone and in an installed package alike. */
export const packageFolder = findPackageFolder(dirname(fileURLToPath(import.meta.url)));

/** This package's version. */
export function packageVersion(): string {
  const text = readFileSync(join(packageFolder, "package.json"), "utf8");
  return packageFile.parse(JSON.parse(text)).version;
}

function findPackageFolder(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error("package.json is missing above the program");
  return findPackageFolder(parent);
}
