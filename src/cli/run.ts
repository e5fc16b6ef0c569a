import { basename } from "node:path";
import type { Command } from "commander";
import { Misuse } from "./failures.ts";
import { assertRowFlags, ROWS_HELP, type RowFlags, withRowFlags } from "./row-flags.ts";
import { addRunControl } from "./run/control.ts";
import { type RunFlags, runFile } from "./run/run-file.ts";
import { withStartFlags } from "./run/start-flags.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `
${ROWS_HELP} A reference must be a file.
DIR gets the pictures, manifest.jsonl, moderated.csv and failures.csv. The same FILE and DIR again run what changed and
nothing else. Ctrl-C pauses; spotmeter run resume DIR goes on, whatever stopped it.`;

/** `run FILE`: makes the pictures of a file under a cap, through whatever crashes; says what it costs and asks first. */
export function addRun(program: Command, terminal: Terminal): void {
  const run = program
    .command("run")
    .description("make the pictures of a file under a cap that holds through crashes")
    .argument("[file]", "CSV or JSONL, as plan reads it; - reads standard input");
  withStartFlags(withRowFlags(run))
    .option("--out <place>", "a folder, or s3://bucket/prefix")
    .option("--name <template>", "of the files, such as {id}-{view}.{ext}; {index} where n > 1")
    .option(
      "--split <quality=share%>",
      "so many rows at this quality, tagged; again for more",
      collect,
    )
    .option("--dedupe", "rows that ask for the same share one picture")
    .option("--run <id>", "the run's id, to go on with one or to name a new one")
    .option("--title <text>", "the run's name for people (default: the file's)")
    .addHelpText("after", HELP)
    .action(async (file: string | undefined, flags: RunFlags & RowFlags, self: Command) => {
      if (file === undefined)
        throw new Misuse("which FILE? spotmeter run --help says what it holds");
      const { out } = flags;
      if (out === undefined) throw new Misuse("--out is needed: a folder, or s3://bucket/prefix");
      assertRowFlags(flags);
      const title = flags.title ?? basename(file);
      await runFile(openSession(self, terminal), { ...flags, file, out, title });
    });
  addRunControl(run, terminal);
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
