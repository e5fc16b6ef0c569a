import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { ImportResult } from "../imports/import-usage.ts";
import type { Assumed } from "../imports/infer.ts";
import { usageReaders } from "../imports/readers.ts";
import { Misuse, Refused, refused } from "./failures.ts";
import { pair } from "./flags.ts";
import { badText, importsText, importText } from "./import-text.ts";
import { progressLine } from "./progress.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { asRefused } from "./what-if.ts";

const KINDS = usageReaders.map(({ id }) => id).join(", ");

type Pairs = Readonly<Record<string, string>>;

type ImportFlags = {
  readonly from: string;
  readonly name?: string;
  readonly map?: Pairs;
  readonly assume?: Pairs;
  readonly skipBad?: true;
};

/** `import`: usage from elsewhere, in sets of its own under the home; never the ledger. No gateway is asked. */
export function addImport(program: Command, terminal: Terminal): void {
  const group = program
    .command("import")
    .description("past usage from elsewhere, to be rated again by what-if --imported");
  addUsageImport(group, terminal);
  group
    .command("list")
    .description("the imported sets of this home")
    .action(async (_: object, command: Command) => {
      const { config } = openSession(command, terminal);
      const { listImports } = await import("../imports/store.ts");
      const data = listImports(config.home);
      terminal.result({ object: "list", data }, () => importsText(data));
    });
  group
    .command("show <name>")
    .description("what a set holds, what of it was inferred, what was left out and why")
    .action(async (name: string, _: object, command: Command) => {
      const { config } = openSession(command, terminal);
      const { findImport } = await import("../imports/store.ts");
      const about = findImport(config.home, name) ?? (await noSuch(config.home, name));
      terminal.result({ object: "import", ...about }, () => importText(about, "shown"));
    });
  group
    .command("remove <name>")
    .description("forget a set; files and ledger stay as they are")
    .action(async (name: string, _: object, command: Command) => {
      const { config } = openSession(command, terminal);
      const { removeImport } = await import("../imports/store.ts");
      if (!removeImport(config.home, name)) await noSuch(config.home, name);
      terminal.result({ object: "import", name, removed: true }, () => `removed ${name}`);
    });
}

function addUsageImport(group: Command, terminal: Terminal): void {
  group
    .command("usage <files...>")
    .description("read usage exports into a set; several files of one kind make one set")
    .requiredOption("--from <kind>", `whose export: ${KINDS}`)
    .option("--name <name>", "what the set is called (default: the kind and the files' hash)")
    .option(
      "--map <ours=theirs>",
      "csv: the file's name of one of our columns; may be given many times",
      pair,
    )
    .addOption(
      new Option(
        "--assume <name=value>",
        "size, quality or n where the files say nothing; may be given many times",
      ).argParser(pair),
    )
    .option("--skip-bad", "pass over records that can't be read, and count them")
    .action(async (files: string[], flags: ImportFlags, command: Command) => {
      const session = openSession(command, terminal);
      const result = await importFiles(files, flags, session);
      if (result.kind !== "imported" && result.kind !== "known") throw refusalOf(result);
      const { kind, about } = result;
      terminal.result({ object: "import", already: kind === "known", ...about }, () =>
        importText(about, kind),
      );
    });
}

async function importFiles(
  files: readonly string[],
  flags: ImportFlags,
  { config }: Session,
): Promise<ImportResult> {
  const { importInto } = await import("../start/import-usage.ts");
  const { IMPORT_NAME } = await import("../imports/store.ts");
  const reader = usageReaders.find(({ id }) => id === flags.from);
  if (reader === undefined) {
    throw new Misuse(`--from ${flags.from}: must be one of ${KINDS}`);
  }
  if (flags.name !== undefined && !IMPORT_NAME.test(flags.name)) {
    const allowed = "small letters, digits and ._- after the first, at most 64";
    throw new Misuse(`--name ${flags.name}: must be ${allowed}`);
  }
  for (const file of files) if (!existsSync(file)) throw new Misuse(`${file}: no such file`);
  if (flags.map !== undefined && !reader.forms.includes("table")) {
    throw new Misuse(`--map: ${reader.id} exports have names of their own`);
  }
  const progress = progressLine();
  try {
    return await importInto(config, {
      ...{ files, reader, name: flags.name, skipBad: flags.skipBad ?? false },
      by: { map: mapOf(flags.map ?? {}, reader.known) },
      assumed: assumedOf(flags.assume ?? {}),
      progress: ({ bytes, of }) =>
        progress.show(`${of === 0 ? 100 : Math.floor((bytes / of) * 100)} % read`),
    });
  } finally {
    progress.end();
  }
}

function mapOf(pairs: Pairs, known: readonly string[]): ReadonlyMap<string, string> {
  for (const ours of Object.keys(pairs)) {
    if (known.includes(ours)) continue;
    throw new Misuse(`--map ${ours}=…: no such column; there are ${known.join(", ")}`);
  }
  return new Map(Object.entries(pairs));
}

function assumedOf({ size, quality, n, ...others }: Pairs): Assumed {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new Misuse(`--assume ${unknown}=…: must be size, quality or n`);
  }
  if (n !== undefined && !/^[1-9]\d{0,2}$/.test(n)) {
    throw new Misuse(`--assume n=${n}: must be a whole number from 1 to 999`);
  }
  return {
    ...(size === undefined ? {} : { size }),
    ...(quality === undefined ? {} : { quality }),
    ...(n === undefined ? {} : { n: +n }),
  };
}

function refusalOf(result: Exclude<ImportResult, { kind: "imported" | "known" }>): Refused {
  switch (result.kind) {
    case "refused": {
      const { bad, count } = result;
      const why = `${count} records can't be read, and nothing was imported (--skip-bad passes over them)`;
      const { said } = refused("bad_records", `${why}\n${badText(bad, count)}`);
      const records = bad.map(({ kind: _, ...record }) => record);
      return new Refused({ ...said, type: "invalid_request_error", count, records });
    }
    case "empty": {
      const reasons = Object.entries(result.leftOut).map(([why, { rows }]) => `${rows} ${why}`);
      const said = reasons.length === 0 ? "the files hold no record" : reasons.join(", ");
      return refused("nothing_to_import", `nothing in these files can be rated again: ${said}`);
    }
    case "name_taken": {
      const { name } = result.about;
      return refused("name_taken", `a set ${name} holds other files: give --name, or remove it`);
    }
    default:
      return result satisfies never;
  }
}

async function noSuch(home: string, name: string): Promise<never> {
  const { unknownImport } = await import("../start/what-if-imported.ts");
  throw asRefused(unknownImport(home, name));
}
