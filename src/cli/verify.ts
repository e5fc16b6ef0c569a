import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Verification } from "../audit/verify.ts";
import type { Config } from "../config.ts";
import { EXIT, Misuse } from "./failures.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

type World = "sandbox" | "live";
type VerifyFlags = { readonly world?: World };

/** `verify`: computes every bill of the home's ledger again, from the file itself, beside a running gateway. */
export function addVerify(program: Command, terminal: Terminal): void {
  program
    .command("verify")
    .description("compute every bill, balance and hash of the ledger again")
    .addOption(
      new Option(
        "--world <world>",
        "which ledger, where this home has both; default: live",
      ).choices(["sandbox", "live"]),
    )
    .action(async (flags: VerifyFlags, command: Command) => {
      const { config } = openSession(command, terminal);
      const file = ledgerFile(config, flags, terminal);
      const { verify } = await import("../audit/verify.ts");
      const progress = progressLine();
      const found = await verify({ file, onProgress: progress.show });
      progress.end();
      const { ok, entries, receipts, holds_open, first_discrepancy } = found;
      terminal.result({ ok, entries, receipts, holds_open, first_discrepancy }, () =>
        verificationText(file, found),
      );
      if (!ok) terminal.endWith(EXIT.refused);
    });
}

/** @throws Misuse when this home has no such ledger. */
function ledgerFile({ home }: Config, flags: VerifyFlags, terminal: Terminal): string {
  const fileOf = (world: World): string => join(home, `${world}.sqlite`);
  const found = (["live", "sandbox"] as const).filter((world) => existsSync(fileOf(world)));
  const [first, second] = found;
  const world = flags.world ?? first;
  if (world === undefined || !found.includes(world)) {
    const which = flags.world === undefined ? "no ledger" : `no ${flags.world} ledger`;
    throw new Misuse(`${home} holds ${which}: give --home, or set SPOTMETER_HOME`);
  }
  if (flags.world === undefined && second !== undefined) {
    terminal.note(`verifying the live ledger; --world ${second} verifies the other`);
  }
  return fileOf(world);
}

function verificationText(file: string, found: Verification): string {
  const { entries, receipts, holds_open: open, first_discrepancy: first } = found;
  const counts = `${entries} entries, ${receipts} receipts computed again, ${open} holds open`;
  if (first === null) return `ok: ${file}: ${counts}`;
  return [
    `DISCREPANCY in ${file} after ${counts}`,
    `  what      ${first.what}`,
    `  stored    ${first.stored}`,
    `  computed  ${first.computed}`,
    `  entry     ${first.entry ?? "none alone"}`,
    `  root      ${first.root ?? "none alone"}, sequence ${first.sequence ?? "none"}`,
  ].join("\n");
}

/** Counts entries on a terminal's standard error. */
function progressLine(): {
  readonly show: (entries: number) => void;
  readonly end: () => void;
} {
  const { stderr } = process;
  if (!stderr.isTTY) return { show: () => undefined, end: () => undefined };
  return {
    show: (entries) => void stderr.write(`\r\u001b[K${entries} entries verified`),
    end: () => void stderr.write("\r\u001b[K"),
  };
}
