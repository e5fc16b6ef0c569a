import { alignPoints } from "./table.ts";
import type { KeptTold } from "./wire.ts";

/** Figures of judged pictures for people: columns of the tables that have them. */

/** The heads of the columns. */
export const keptColumns = [
  { name: "kept", right: true },
  { name: "kept share (95 %)" },
  { name: "per kept picture" },
  { name: "(95 %)" },
] as const;

/** Whether anything was judged at all: a table of what isn't known says less than none. */
export function isJudged(rows: readonly (KeptTold | null)[]): boolean {
  return rows.some((row) => row !== null && row.outcomes > 0);
}

/** The cells of these columns, a row each. Below 30 outcomes a share is not known, and the count says why. */
export function keptCells(rows: readonly (KeptTold | null)[]): readonly (readonly string[])[] {
  const prices = alignPoints(rows.map((row) => row?.price_per_kept ?? "-"));
  return rows.map((row, index) => [
    row === null || row.outcomes === 0 ? "-" : `${row.kept} of ${row.outcomes}`,
    shareText(row),
    prices[index] ?? "",
    rangeText(row?.price_per_kept_low ?? null, row?.price_per_kept_high ?? null),
  ]);
}

function shareText(row: KeptTold | null): string {
  if (row === null || row.outcomes === 0) return "-";
  const { kept_share: share, kept_share_low: low, kept_share_high: high } = row;
  return share === null ? "not known below 30" : `${share} (${low} to ${high})`;
}

function rangeText(low: string | null, high: string | null): string {
  if (low === null) return "-";
  return high === null ? `from ${low}` : `${low} to ${high}`;
}
