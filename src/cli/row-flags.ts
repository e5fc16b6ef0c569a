import type { Command } from "commander";
import { Misuse } from "./failures.ts";
import { type OrderFlags, withOrderFlags } from "./order.ts";

/** How a file of rows is to be read, and what flags say for rows that don't. */
export type RowFlags = OrderFlags & {
  readonly prompt?: string;
  readonly template?: string;
  readonly ignoreColumns?: string;
  readonly encoding?: string;
};

/** What a file of rows is, for the help of a command. */
export const ROWS_HELP = `FILE is CSV with a header, or JSONL, one row an intended request; - reads standard input. Columns are id, prompt (with
{column} for what stands in another column), model (or auto, auto/PRESET), preset, references (files or WIDTHxHEIGHT,
with ; between), mask, tag:NAME, and every parameter and constraint by its name in the API (size, quality, n, band …).
What a row doesn't say, flags say for it.`;

/** Gives a command what a file of rows needs: `plan` and `run` read it alike. */
export function withRowFlags(command: Command): Command {
  return withOrderFlags(
    command
      .option("--model <id>", "of rows that name none")
      .option(
        "--prompt <text>",
        "of rows that have none; {column} stands for what the row says there",
      )
      .option("--template <file>", "the same from a file")
      .option(
        "--ignore-columns <names>",
        "with commas between: columns that mean nothing; * for all",
      )
      .option("--encoding <name>", "of the file, such as windows-1252 (default: UTF-8 or UTF-16)"),
  );
}

/** @throws Misuse */
export function assertRowFlags({ prompt, template }: RowFlags): void {
  if (template === undefined || prompt === undefined) return;
  throw new Misuse("--prompt or --template, not both");
}
