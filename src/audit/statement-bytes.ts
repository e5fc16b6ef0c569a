import { hash } from "node:crypto";
import type { Row } from "../ledger/sql/rows.ts";
import { formatUsd, type PicoUsd, parseUsd, picoUsd, sumUsd } from "../money/pico-usd.ts";
import { type Statement, statementSchema } from "../statements/statement-schema.ts";
import { compareColumns } from "./call-rows.ts";
import type { Compare } from "./discrepancy.ts";
import type { EntryOf } from "./entry-text.ts";
import { cell } from "./journal-reads.ts";

/** Compares a stored statement with its memo: its columns, its bytes, and what the bytes say. */
export function compareStatement(
  entry: EntryOf<"statement">,
  { row, sequence }: { readonly row: Row; readonly sequence: bigint },
  compare: Compare,
): void {
  const { id, number, account, month, opening, closing, total, sha256, createdMs } = entry;
  const columns = {
    ...{ id, number, ordinal: Number(number.slice("YYYY-MM-".length)), account, month },
    ...{ opening_sequence: opening.sequence, closing_sequence: closing.sequence },
    ...{ total, sha256, sequence, created_ms: createdMs },
  };
  compareColumns("statements", row, columns, compare);
  const json = String(cell(row, "json"));
  compare("SHA-256 of the statement", hash("sha256", json, "hex"), sha256);
  compareText(statementSchema.parse(JSON.parse(json)), entry, compare);
}

function compareText(told: Statement, entry: EntryOf<"statement">, compare: Compare): void {
  const { totals, balance } = told;
  compare("statement.number", told.number, entry.number);
  compare("statement.draft", told.draft, false);
  compare("statement.issued_at", told.issued_at, new Date(entry.createdMs).toISOString());
  compare("statement.month", told.month, entry.month);
  compare("statement.account", told.account.id, entry.account);
  compare("statement.emulated", told.emulated, entry.emulated);
  compare("statement.opening", told.journal.opening.hash, entry.opening.hash);
  compare("statement.closing", told.journal.closing.hash, entry.closing.hash);
  compare("statement.calls", totals.calls, entry.calls);
  compare("statement.images", totals.images, entry.images);
  const amounts = [
    ["settled", totals.settled, entry.settled],
    ["corrected", totals.corrected, entry.corrected],
    ["credited", totals.credited, entry.credited],
    ["total", totals.total, entry.total],
    ["balance.opening", balance?.opening, entry.balance?.opening],
    ["balance.closing", balance?.closing, entry.balance?.closing],
  ] as const;
  for (const [name, stated, computed] of amounts) {
    compare(`statement.${name}`, stated, computed === undefined ? undefined : formatUsd(computed));
  }
  compareColumnsAdd(told, compare);
}

/** What stands in rows comes to what stands below them. */
function compareColumnsAdd({ totals, ...told }: Statement, compare: Compare): void {
  const sums = [
    ["by_model", told.by_model.map((row) => row.charge), totals.charged],
    ["by_account", told.by_account.map((row) => row.charge), totals.charged],
    ["by_run", told.by_run.map((row) => row.charge), totals.charged],
    ["by_hold_month", told.by_hold_month.map((row) => row.charge), totals.charged],
    ["corrections", told.corrections.map((row) => row.amount), totals.corrected],
    ["credit_notes", told.credit_notes.map((row) => row.amount), totals.credited],
    ["charged", [totals.settled, totals.corrected], totals.charged],
    ["total", [totals.charged, totals.credited], totals.total],
  ] as const;
  for (const [name, amounts, sum] of sums) {
    compare(`statement.${name} adds up`, formatUsd(sumUsd(amounts.map(signedUsd))), sum);
  }
  const tags = new Map<string, PicoUsd>();
  for (const { tag, charge } of told.by_tag) {
    tags.set(tag, sumUsd([tags.get(tag) ?? picoUsd(0n), signedUsd(charge)]));
  }
  for (const [tag, sum] of tags) {
    compare(`statement.by_tag ${tag} adds up`, formatUsd(sum), totals.charged);
  }
}

/** Reads an amount that may be below zero, and a sum that may be of more digits than one amount has. */
function signedUsd(text: string): PicoUsd {
  const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const amount = BigInt(whole) * 10n ** 12n + parseUsd(`0.${fraction.padEnd(1, "0")}`);
  return picoUsd(sign === "-" ? -amount : amount);
}
