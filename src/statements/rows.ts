import type { Statement } from "./statement-schema.ts";

/** What the printed forms of a statement say in the same words. */

export function titleOf({ number, month }: Statement): string {
  return number === null ? `DRAFT statement for ${month}` : `Statement ${number}`;
}

/** Marks that must be seen first: a draft, and money that was never real. */
export function warningsOf({ draft, emulated }: Statement): readonly string[] {
  return [
    ...(draft ? ["DRAFT: not issued, without a number. It may still change."] : []),
    ...(emulated ? ["SANDBOX: emulated calls. No money was real."] : []),
  ];
}

/** How charges, corrections and credit notes come to the total, a line each. */
export function totalLines({ totals }: Statement): readonly (readonly [string, string])[] {
  return [
    ["Settled in the month", totals.settled],
    ["Corrected within the month", totals.corrected],
    ["Charged", totals.charged],
    ["Credit notes for earlier months", totals.credited],
    ["Total", totals.total],
  ];
}

/** How a prepaid balance went from the month's beginning to its end; none for other accounts. */
export function balanceLines({ balance }: Statement): readonly (readonly [string, string])[] {
  if (balance === null) return [];
  return [
    ["Balance at the beginning", balance.opening],
    ["Funded", balance.funded],
    ["Fundings corrected", balance.funds_corrected],
    ["Total of this statement", negated(balance.total)],
    ["Balance at the end", balance.closing],
  ];
}

/** A sign before the digits of an amount: what leaves a balance. */
function negated(amount: string): string {
  if (amount === "0") return amount;
  return amount.startsWith("-") ? amount.slice(1) : `-${amount}`;
}

/** Which calls of a tag a row tells. */
export function tagValueText(row: Statement["by_tag"][number]): string {
  if (row.value !== null) return row.value;
  return row.values === 0 ? "(without this tag)" : `(${row.values} other values)`;
}

/** What a credit note corrects. */
export function creditedText(note: Statement["credit_notes"][number]): string {
  return note.statement ?? `${note.settled_month} (no statement was issued)`;
}
