import { csvText } from "../http/usage/csv.ts";
import { balanceLines, creditedText, tagValueText, totalLines } from "./rows.ts";
import type { Statement } from "./statement-schema.ts";

const COLUMNS = [
  ...["statement", "month", "account_id", "section", "item", "detail", "calls", "images"],
  ...["before", "after", "amount", "currency", "receipt_id", "entry_id", "at", "reason"],
  ...["draft", "emulated"],
] as const;

type Line = { readonly section: string } & Partial<
  Record<(typeof COLUMNS)[number], string | number>
>;

/** A statement as one table, for a spreadsheet: each section by itself adds up. */
export function statementCsv(statement: Statement): string {
  const { number, month, account, currency, draft, emulated } = statement;
  const common = { statement: number ?? "DRAFT", month, account_id: account.id };
  const marks = { currency, draft: String(draft), emulated: String(emulated) };
  const rows = linesOf(statement).map((line) => {
    const all: Partial<Record<string, string | number>> = { ...common, ...marks, ...line };
    return COLUMNS.map((column) => String(all[column] ?? ""));
  });
  return csvText([COLUMNS, ...rows]);
}

function linesOf(statement: Statement): readonly Line[] {
  const { totals } = statement;
  return [
    ...totalLines(statement).map(
      ([item, amount]): Line => ({
        ...{ section: "total", item, amount },
        ...(item === "Total" ? { calls: totals.calls, images: totals.images } : {}),
      }),
    ),
    ...balanceLines(statement).map(
      ([item, amount]): Line => ({ section: "balance", item, amount }),
    ),
    ...statement.by_model.map(
      (row): Line => ({
        ...{ section: "model", item: row.model, detail: row.quality ?? "" },
        ...sums(row),
      }),
    ),
    ...statement.by_account.map(
      (row): Line => ({
        ...{ section: "account", item: row.account_id, detail: row.name ?? "" },
        ...sums(row),
      }),
    ),
    ...statement.by_tag.map(
      (row): Line => ({
        ...{ section: "tag", item: row.tag, detail: tagValueText(row) },
        ...sums(row),
      }),
    ),
    ...statement.by_run.map(
      (row): Line => ({ section: "run", item: row.run ?? "(no run)", ...sums(row) }),
    ),
    ...statement.by_hold_month.map(
      (row): Line => ({ section: "ordered_in", item: row.month, ...sums(row) }),
    ),
    ...postedLines(statement),
  ];
}

function sums(row: { readonly calls: number; readonly images: number; readonly charge: string }) {
  return { calls: row.calls, images: row.images, amount: row.charge };
}

/** What was posted by itself: a line an entry. */
function postedLines(statement: Statement): readonly Line[] {
  return [
    ...statement.corrections.map(
      (each): Line => ({ section: "correction", item: each.corrects, ...each }),
    ),
    ...statement.credit_notes.map((note): Line => {
      const { number, statement: _, account_id: __, ...each } = note;
      return { section: "credit_note", item: number, detail: creditedText(note), ...each };
    }),
    ...statement.fundings.map(
      (each): Line => ({ section: "funding", item: each.entry_id, ...each }),
    ),
    ...statement.fund_corrections.map(
      (each): Line => ({ section: "fund_correction", item: each.corrects, ...each }),
    ),
  ];
}
