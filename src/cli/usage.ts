import type { Command } from "commander";
import { z } from "zod";
import { isApiKey } from "./api-key.ts";
import { Misuse } from "./failures.ts";
import { day } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import { isJudged, keptCells, keptColumns } from "./kept-text.ts";
import { openSession } from "./session.ts";
import { alignPoints, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer, type UsageTold, type UsedFigures, usageAnswer } from "./wire.ts";

type UsageFlags = {
  readonly by?: string;
  readonly from?: string;
  readonly to?: string;
  readonly account?: string;
  readonly keyId?: string;
  readonly csv?: true;
};

/** `usage`: what was used and what it came to, by whatever it is asked by. */
export function addUsage(program: Command, terminal: Terminal): void {
  program
    .command("usage")
    .description("what was used and what it came to; with an API key: by its own account")
    .option(
      "--by <dimensions>",
      "with commas between: day, model, vendor, connection, quality_asked, quality_billed, size, account, key, user, run, tag:NAME (default: day)",
    )
    .option("--from <day>", "first UTC day (default: the first of the month)", day)
    .option("--to <day>", "last UTC day (default: today)", day)
    .option("--account <id>", "this account and all below it (default: all)")
    .option("--key-id <id>", "calls of this key only")
    .option("--csv", "print the table as CSV")
    .action(async (flags: UsageFlags, command: Command) => {
      const session = openSession(command, terminal);
      const csv = flags.csv ?? false;
      if (csv && terminal.json) throw new Misuse("--csv or --json, not both");
      const own = isApiKey(session.key);
      const route = `${own ? "/v1/usage" : "/admin/v1/usage"}${csv ? ".csv" : ""}`;
      const asked = { method: "GET", path: `${route}${queryOf(flags)}`, text: csv } as const;
      const { body } = await withGateway(session, (gateway) =>
        own ? gateway.call(asked) : gateway.administer(asked),
      );
      if (csv) {
        const text = readAnswer(z.string(), body);
        // The terminal ends what it prints with a line break, and so does the last row.
        terminal.result({ csv: text }, () => text.replace(/\n$/, ""));
        return;
      }
      const told = readAnswer(usageAnswer, body);
      terminal.result(told, () => usageText(told, (line) => terminal.style("bold", line)));
    });
}

function queryOf({ by, from, to, account, keyId }: UsageFlags): string {
  const given = { by, from, to, account_id: account, key_id: keyId };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? "" : `?${query}`;
}

const figures = [
  { name: "charge", of: (row: UsedFigures) => row.charge },
  { name: "held", of: (row: UsedFigures) => row.held },
  { name: "per image", of: (row: UsedFigures) => row.average_per_image ?? "-" },
  { name: "vendor cost", of: (row: UsedFigures) => row.vendor_cost },
  { name: "overrun", of: (row: UsedFigures) => row.overrun },
  { name: "exposure", of: (row: UsedFigures) => row.exposure },
] as const;

/** The report for people: a row each, the total last, in bold. */
export function usageText(told: UsageTold, bold: (text: string) => string): string {
  const { from, to, by, data, total, emulated } = told;
  const title = `usage from ${from} to ${to} (UTC), in USD${emulated ? ", SANDBOX: no real money" : ""}`;
  if (data.length === 0) return `${title}: none`;
  const rows = [...data, total];
  // What a client isn't told stands in no row.
  const shown = figures.filter(({ of }) => of(total) !== undefined);
  const columns = shown.map(({ of }) => alignPoints(rows.map((row) => of(row) ?? "")));
  // Who judges no pictures has no use for columns of what isn't known.
  const judged = isJudged(rows);
  const keptOf = keptCells(rows);
  const cells = rows.map((row, index) => [
    ...(index < data.length ? by.map((name) => keyText(row[name])) : totalKeys(by)),
    ...[row.calls, row.settled, row.images].map(String),
    ...columns.map((column) => column[index] ?? ""),
    ...(judged ? (keptOf[index] ?? []) : []),
  ]);
  const lines = table(
    [
      ...by.map((name) => ({ name })),
      { name: "calls", right: true },
      { name: "settled", right: true },
      { name: "images", right: true },
      ...shown.map(({ name }) => ({ name })),
      ...(judged ? keptColumns : []),
    ],
    cells,
  ).split("\n");
  return [title, "", ...lines.slice(0, -1), bold(lines.at(-1) ?? "")].join("\n");
}

function totalKeys(by: readonly string[]): readonly string[] {
  return by.map((_, index) => (index === 0 ? "total" : ""));
}

/** Tags and users are written by callers: what would steer a terminal is spelled out. */
function keyText(value: unknown): string {
  if (typeof value !== "string") return "-";
  return value.replace(/\p{Cc}/gu, (control) => `\\u{${control.charCodeAt(0).toString(16)}}`);
}
