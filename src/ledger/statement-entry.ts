import { addUsd, type PicoUsd, subtractUsd } from "../money/pico-usd.ts";
import { canonicalObject } from "./canonical-text.ts";
import { type Entry, entry, type Origin } from "./journal.ts";
import type { StatementDraft, StatementFigures } from "./statements-port.ts";

/** Statements in the journal: their numbers, their texts, and the memo that each leaves. Pure. */

/** The id of a statement's memo: one an account and month, so that a second one has no place. */
export function statementId(accountId: string, month: string): string {
  return `${accountId}.statement.${month}`;
}

/** @param ordinal the statement's place among those of its root and month, from 1. */
export function statementNumber(month: string, ordinal: number): string {
  return `${month}-${ordinal.toString().padStart(4, "0")}`;
}

/**
 * The JSON of a statement, as it is stored and handed out.
 *
 * @param of.number null for a draft, which was never issued either.
 */
export function statementJson(
  members: StatementDraft["members"],
  of: { readonly number: string; readonly issuedMs: number } | null,
): string {
  const issued_at = of === null ? null : new Date(of.issuedMs).toISOString();
  return canonicalObject({ number: of?.number ?? null, issued_at }, members);
}

/** The memo: it moves nothing, and proves which bytes were issued and what they came to. */
export function statementEntry(
  of: Pick<StatementDraft, "month" | "actor" | "opening" | "closing" | "figures"> & {
    readonly number: string;
    readonly sha256: string;
  },
  origin: Origin,
): Entry {
  const { month, actor, opening, closing, figures, number, sha256 } = of;
  assertFigures(number, figures);
  const { balance, ...sums } = figures;
  const body = { month, actor, opening, closing, number, sha256, ...sums };
  const id = statementId(origin.account, month);
  return entry({ id, kind: "statement", postings: [] }, origin, {
    ...body,
    balance: balance ?? undefined,
  });
}

function assertFigures(number: string, figures: StatementFigures): void {
  const { settled, corrected, credited, total, balance } = figures;
  const sum = addUsd(addUsd(settled, corrected), credited);
  if (sum !== total) throw new Error(`statement ${number}: ${sum} p$ is not its total ${total} p$`);
  if (balance === null) return;
  const { opening, funded, fundsCorrected, closing } = balance;
  const left: PicoUsd = subtractUsd(addUsd(addUsd(opening, funded), fundsCorrected), total);
  if (left !== closing) {
    throw new Error(`statement ${number}: ${left} p$ is not its closing balance ${closing} p$`);
  }
}
