import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import type { Backup } from "../audit/backup.ts";
import type { Config } from "../config.ts";
import type { World } from "../ledger/open.ts";
import type { Restored } from "../start/restore.ts";
import { refused } from "./failures.ts";
import { chooseLedger, findLedger, onLedger, worldOption } from "./ledger-files.ts";
import { progressLine } from "./progress.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

type WorldFlag = { readonly world?: World };

/** `ledger …`: backs the home's ledger up, puts a backup back, says that one was put back. */
export function addLedger(program: Command, terminal: Terminal): void {
  const ledger = program.command("ledger").description("back the ledger up and put it back");
  addBackup(ledger, terminal);
  addRestore(ledger, terminal);
  addRestored(ledger, terminal);
}

function addBackup(ledger: Command, terminal: Terminal): void {
  ledger
    .command("backup")
    .description("copy the ledger beside a running gateway, and verify the copy")
    .argument("<file>", "where to; nothing is ever overwritten")
    .addOption(worldOption())
    .action(async (to: string, flags: WorldFlag, command: Command) => {
      const { config } = openSession(command, terminal);
      assertFiles(config, DUMP);
      const { file } = chooseLedger(config, { world: flags.world, doing: "backing up" }, terminal);
      const { backUp } = await import("../audit/backup.ts");
      const progress = progressOf();
      const made = await onLedger(() => backUp({ file, to: resolve(to), ...progress.callbacks }));
      progress.end();
      terminal.result(made, () => backupText(made));
    });
}

function addRestore(ledger: Command, terminal: Terminal): void {
  ledger
    .command("restore")
    .description("put a backup in the place of the ledger; no gateway may run")
    .argument("<file>", "a backup; its world says which ledger it becomes")
    .option("--replace", "keep the ledger that is there aside under a dated name")
    .action(async (from: string, flags: { readonly replace?: true }, command: Command) => {
      const { config } = openSession(command, terminal);
      assertFiles(config, UNDUMP);
      const { restoreLedger } = await import("../start/restore.ts");
      const progress = progressOf();
      const restored = await onLedger(() =>
        restoreLedger({
          home: config.home,
          from: resolve(from),
          replace: flags.replace === true,
          nowMs: Date.now(),
          ...progress.callbacks,
        }),
      );
      progress.end();
      terminal.result(restored, () => restoredText(restored));
    });
}

function addRestored(ledger: Command, terminal: Terminal): void {
  ledger
    .command("restored")
    .description("say in the journal that this ledger was put back by other means")
    .option("--note <text>", "where it came from", "put back by hand")
    .addOption(worldOption())
    .action(async (flags: WorldFlag & { readonly note: string }, command: Command) => {
      const { config } = openSession(command, terminal);
      const asked = { world: flags.world, doing: "marking" };
      const { world } = await onLedger(() => findLedger(config, asked, terminal));
      const { markRestored } = await import("../start/restore.ts");
      const { home, databaseUrl } = config;
      const { note } = flags;
      const progress = progressLine();
      const wait = (ms: number): Promise<void> => {
        progress.show("looking whether a gateway still runs");
        return setTimeout(ms);
      };
      const marked = await onLedger(() => markRestored({ home, databaseUrl, world, note, wait }));
      progress.end();
      terminal.result(marked, () =>
        [`marked the ${world} ledger`, ...markedText(marked)].join("\n"),
      );
    });
}

const DUMP = 'pg_dump --format=custom --file=FILE "$DATABASE_URL"';
const UNDUMP = `pg_restore --clean --if-exists --single-transaction --dbname="$DATABASE_URL" FILE
  spotmeter ledger restored`;

/** @throws Refused where the ledger is in a database, which has tools of its own. */
function assertFiles(config: Config, instead: string): void {
  if (config.databaseUrl === undefined) return;
  throw refused("ledger_in_postgresql", `the ledger is in PostgreSQL; use\n  ${instead}`);
}

/** Copying, then verifying. */
function progressOf() {
  const line = progressLine();
  return {
    callbacks: {
      onCopied: (part: number): void => line.show(`${(part * 100).toFixed()} % copied`),
      onVerified: (entries: number): void => line.show(`${entries} entries verified`),
    },
    end: line.end,
  };
}

/** Heads beyond these are for `--json` and the daily files. */
const HEADS_SHOWN = 10;

function backupText({ file, entries, size, sha256, heads }: Backup): string {
  const shown = heads.slice(0, HEADS_SHOWN);
  const more = heads.length - shown.length;
  return [
    `backed up and verified: ${file}`,
    `  entries  ${entries}`,
    `  size     ${size} bytes`,
    `  sha256   ${sha256}`,
    ...shown.map(({ root, sequence, hash }) => `  head     ${root} ${sequence} ${hash}`),
    ...(more > 0 ? [`  ${more} more heads (--json lists all)`] : []),
  ].join("\n");
}

function restoredText(restored: Restored): string {
  const { file, entries, replaced } = restored;
  return [
    `restored: ${file} (${entries} entries, verified)`,
    ...(replaced === null ? [] : [`  kept aside  ${replaced}`]),
    ...markedText(restored),
    "what was posted after the backup is not in it: verify --head and --receipts show what is missing",
  ].join("\n");
}

function markedText(marked: Pick<Restored, "roots" | "spooled" | "voided" | "problems">): string[] {
  const { roots, spooled, voided, problems } = marked;
  return [
    `  chains      ${roots}, each says now that it was restored`,
    `  open holds  ${spooled} ended by the spool, ${voided} voided (nobody charged, exposure noted)`,
    ...problems.map((problem) => `  not posted  ${problem}`),
  ];
}
