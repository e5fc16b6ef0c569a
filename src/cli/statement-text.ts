import type { z } from "zod";
import {
  balanceLines,
  creditedText,
  tagValueText,
  titleOf,
  totalLines,
  warningsOf,
} from "../statements/rows.ts";
import type { Statement } from "../statements/statement-schema.ts";
import { alignPoints, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import type { statementsAnswer } from "./wire-admin.ts";

/** Statements for people. Formats strings; adds nothing up. */

export type StatementProven = {
  readonly sha256: string;
  readonly sequence: string;
  readonly hash: string;
};

/** Rows of a breakdown beyond which the terminal sends people to the CSV. */
const ROWS_MAX = 20;

export function statementText(
  told: Statement,
  proof: StatementProven | undefined,
  { style }: Pick<Terminal, "style">,
): string {
  const { account, month, totals } = told;
  const path = harmless(account.path.map(({ name }) => name).join(" / "));
  const calls = `calls charged ${totals.calls}, their images ${totals.images}, calls not charged ${totals.calls_not_charged}`;
  return [
    style("bold", `${titleOf(told)}, ${path} (${account.id})`),
    ...warningsOf(told),
    `${month} (UTC), in USD; ${calls}`,
    "",
    sums(totalLines(told)),
    ...(told.balance === null ? [] : ["", sums(balanceLines(told))]),
    ...breakdowns(told),
    ...credits(told),
    ...(proof === undefined
      ? []
      : ["", `SHA-256 ${proof.sha256}`, `journal entry ${proof.sequence}, ${proof.hash}`]),
  ].join("\n");
}

function breakdowns({ by_model, by_account, by_tag, by_run }: Statement): string[] {
  const isOfRuns = by_run.some(({ run }) => run !== null);
  return [
    ...breakdown(
      "model",
      by_model.map((row) => ({ ...row, key: [row.model, row.quality ?? "-"] })),
      ["model", "quality"],
    ),
    ...breakdown(
      "account",
      by_account.map((row) => ({ ...row, key: [row.name ?? "-", row.account_id] })),
      ["account", "id"],
    ),
    ...breakdown(
      "tag",
      by_tag.map((row) => ({ ...row, key: [row.tag, tagValueText(row)] })),
      ["tag", "value"],
    ),
    ...breakdown("run", isOfRuns ? by_run.map((row) => ({ ...row, key: [row.run ?? "-"] })) : [], [
      "run",
    ]),
  ];
}

function sums(lines: readonly (readonly [string, string])[]): string {
  const amounts = alignPoints(lines.map(([, amount]) => amount));
  const rows = lines.map(([name], index) => [name, amounts[index] ?? ""]);
  const width = rows.reduce((widest, [name = ""]) => Math.max(widest, name.length), 0);
  return rows.map(([name = "", amount]) => `${name.padEnd(width)}  ${amount}`.trimEnd()).join("\n");
}

type Row = {
  readonly key: readonly string[];
  readonly calls: number;
  readonly images: number;
  readonly charge: string;
};

function breakdown(what: string, rows: readonly Row[], names: readonly string[]): string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, ROWS_MAX);
  const amounts = alignPoints(shown.map((row) => row.charge));
  const columns = [
    ...names.map((name) => ({ name })),
    ...[{ name: "calls", right: true }, { name: "images", right: true }, { name: "charge" }],
  ];
  const cells = shown.map((row, index) => [
    ...row.key.map(harmless),
    ...[String(row.calls), String(row.images), amounts[index] ?? ""],
  ]);
  const more = rows.length - shown.length;
  return [
    "",
    table(columns, cells),
    ...(more === 0 ? [] : [`${more} more rows by ${what}: --format csv shows all`]),
  ];
}

function credits({ credit_notes }: Statement): string[] {
  if (credit_notes.length === 0) return [];
  const shown = credit_notes.slice(0, ROWS_MAX);
  const columns = ["credit note", "corrects", "receipt", "amount", "reason"];
  const rows = shown.map((note) => [
    ...[note.number, creditedText(note), note.receipt_id, note.amount, harmless(note.reason)],
  ]);
  const more = credit_notes.length - shown.length;
  return [
    "",
    table(
      columns.map((name) => ({ name })),
      rows,
    ),
    ...(more === 0 ? [] : [`${more} more credit notes: --format csv shows all`]),
  ];
}

/** Names, tags and reasons are written by callers: what would steer a terminal is spelled out. */
function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u{${control.charCodeAt(0).toString(16)}}`);
}

export function listText({ data, next }: z.infer<typeof statementsAnswer>): string {
  if (data.length === 0) return "no statement was issued yet";
  const names = ["number", "month", "issued (UTC)", "total", "entry", "SHA-256"];
  const rows = data.map((each) => [
    ...[each.number, each.month, each.issued_at.slice(0, 19).replace("T", " "), each.total],
    ...[String(each.entry.sequence), each.sha256],
  ]);
  const more = next === null ? [] : ["", `more: --before ${next}`];
  return [
    table(
      names.map((name) => ({ name })),
      rows,
    ),
    ...more,
  ].join("\n");
}

export function verifiedText(found: {
  readonly ok: boolean;
  readonly file: string;
  readonly number: string;
  readonly account_id: string;
  readonly sha256: string;
  readonly proof: StatementProven | undefined;
}): string {
  const { ok, file, number, account_id, sha256, proof } = found;
  const entry = `entry ${proof?.sequence} of the journal, ${proof?.hash}`;
  return ok
    ? [
        `${file} is statement ${number} of ${account_id}, to the byte as it was issued`,
        `SHA-256 ${sha256}, in ${entry}`,
        "spotmeter verify computes that journal again, this statement's figures with it",
      ].join("\n")
    : [
        `${file} is NOT what was issued as statement ${number} of ${account_id}`,
        `SHA-256 of the file     ${sha256}`,
        `SHA-256 that was issued ${proof?.sha256}, in ${entry}`,
      ].join("\n");
}
