import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanEnvironment } from "./clean-environment.ts";

/**
 * The files in `docs/rule/` that the command line draws and prints: `node scripts/rule-docs.ts` makes them anew, and
 * a test holds them against what is printed now.
 */

/** One run of the command line: its output goes to `text`, its drawing to `svg`. */
type RuleDoc = {
  readonly args: readonly string[];
  readonly text: string;
  readonly svg: string;
};

const DOCS_FOLDER = "docs/rule";

/** Days that stay: the article's, and the one on which the page was written. */
export const ruleDocs: readonly RuleDoc[] = [
  {
    args: ["rule", "--as-of=2026-06-19", "--families=article", "--by=tier"],
    text: "article-2026-06-19.txt",
    svg: "crossovers-2026-06-19.svg",
  },
  {
    args: ["rule", "--as-of=2026-11-26"],
    text: "all-2026-11-26.txt",
    svg: "crossovers-2026-11-26.svg",
  },
  {
    args: ["frontier", "--as-of=2026-11-26"],
    text: "frontier-2026-11-26.txt",
    svg: "frontier-2026-11-26.svg",
  },
  {
    args: ["frontier", "--as-of=2026-11-26", "--mode=edit", "--references=3"],
    text: "frontier-edits-2026-11-26.txt",
    svg: "frontier-edits-2026-11-26.svg",
  },
];

const run = promisify(execFile);

/** Runs the launcher; the drawing goes to a folder, the text comes back. */
export async function printed({ args, svg }: RuleDoc, folder: string): Promise<string> {
  const launcher = new URL("../bin/spotmeter", import.meta.url).pathname;
  const { stdout } = await run(launcher, [...args, `--svg=${join(folder, svg)}`], {
    // A settings file of whoever runs this has no say in it.
    env: { ...cleanEnvironment(process.env), NO_COLOR: "1" },
    cwd: folder,
  });
  return stdout;
}

/** What stands in the repository. */
export function committed(file: string): string {
  return readFileSync(new URL(`../${DOCS_FOLDER}/${file}`, import.meta.url), "utf8");
}

if (import.meta.main) {
  const folder = new URL(`../${DOCS_FOLDER}`, import.meta.url).pathname;
  for (const doc of ruleDocs) {
    const text = await printed(doc, folder);
    writeFileSync(join(folder, doc.text), text);
  }
}
