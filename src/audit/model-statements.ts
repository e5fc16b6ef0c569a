import { endingId } from "../ledger/journal.ts";
import { statementId, statementNumber } from "../ledger/statement-entry.ts";
import { monthAfter, monthStartMs, windowsAt } from "../ledger/windows.ts";
import {
  addUsd,
  negateUsd,
  type PicoUsd,
  picoUsd,
  subtractUsd,
  ZERO_USD,
} from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import type { EntryOf } from "./entry-text.ts";
import type { MonthMark, MonthSums } from "./month-model.ts";
import { bookIn, type Checks, type RootModel } from "./root-model.ts";

/**
 * Monthly statements, computed from the entries: where each month lies in the chain, and what it came to for
 * every account. A month is over at the first entry that is dated in a later one.
 */

const NOTHING: MonthSums = {
  ...{ calls: 0, images: 0, settled: ZERO_USD, corrected: ZERO_USD, credited: ZERO_USD },
};
const NO_FUNDS = { funded: ZERO_USD, corrected: ZERO_USD };

/** Before an entry: the month that it opens, if it is the first one of a later month. */
export function openMonth(
  model: RootModel,
  createdMs: number,
  before: { readonly sequence: bigint; readonly hash: string },
): void {
  const { months } = model;
  const { month } = windowsAt(createdMs);
  if (month <= months.month) return;
  months.month = month;
  const { sequence: after, hash } = before;
  months.marks.push({ month, after, hash, balance: balanceIn(model) });
}

/** The books of a root sum to zero: what isn't cash or revenue is available or held. */
function balanceIn(model: RootModel): PicoUsd {
  return negateUsd(addUsd(bookIn(model, "cash"), bookIn(model, "revenue")));
}

/** Adds to the month of now, at every account of a path; the first of a path is its key. */
export function countInMonth(
  { months }: RootModel,
  path: readonly string[],
  by: Partial<MonthSums>,
): void {
  for (const account of path.slice(1)) {
    const key = `${account} ${months.month}`;
    const was = months.sums.get(key) ?? NOTHING;
    months.sums.set(key, {
      calls: was.calls + (by.calls ?? 0),
      images: was.images + (by.images ?? 0),
      settled: addUsd(was.settled, by.settled ?? ZERO_USD),
      corrected: addUsd(was.corrected, by.corrected ?? ZERO_USD),
      credited: addUsd(was.credited, by.credited ?? ZERO_USD),
    });
  }
}

export function countFunds(
  { months }: RootModel,
  by: { readonly funded?: PicoUsd; readonly corrected?: PicoUsd },
): void {
  const was = months.funds.get(months.month) ?? NO_FUNDS;
  months.funds.set(months.month, {
    funded: addUsd(was.funded, by.funded ?? ZERO_USD),
    corrected: addUsd(was.corrected, by.corrected ?? ZERO_USD),
  });
}

/** A charge that became less: within its own month, or as a credit note for an earlier one. */
export function countCorrection(
  model: RootModel,
  of: { readonly hold: string; readonly path: readonly string[]; readonly by: PicoUsd },
  sequenceOf: Checks["sequenceOf"],
): void {
  const settled = sequenceOf(endingId(of.hold)) ?? 0n;
  const begun = model.months.marks.at(-1)?.after ?? 0n;
  countInMonth(model, of.path, settled > begun ? { corrected: of.by } : { credited: of.by });
}

/** Checks a statement's memo: its number, its place in the chain, and what its month came to. */
export function applyStatement(
  model: RootModel,
  entry: EntryOf<"statement">,
  compare: Compare,
): void {
  const { months } = model;
  const { account, month, number, createdMs } = entry;
  compare("account of the statement", model.nodes.get(account)?.kind, "account");
  compare("id of the statement", entry.id, statementId(account, month));
  const ordinal = (months.issued.get(month) ?? 0) + 1;
  compare("number", number, statementNumber(month, ordinal));
  const end = monthStartMs(monthAfter(month));
  if (createdMs < end) compare("issued after its month", createdMs, `at least ${end}`);
  months.issued.set(month, ordinal);
  months.statements += 1;
  if (month <= months.unknownUntil) return;
  comparePlace(model, entry, compare);
  compareSums(model, entry, compare);
}

/** The mark at which a month is over: that of the first later one, which the memo itself may have opened. */
function endOf({ months }: RootModel, month: string): MonthMark {
  const mark = months.marks.find((each) => each.month > month);
  if (mark === undefined) throw new Error(`no entry ends ${month}`);
  return mark;
}

function beginOf({ months }: RootModel, month: string): MonthMark {
  const mark = months.marks.find((each) => each.month >= month);
  if (mark === undefined) throw new Error(`no entry ends what was before ${month}`);
  return mark;
}

function comparePlace(model: RootModel, entry: EntryOf<"statement">, compare: Compare): void {
  const [begin, end] = [beginOf(model, entry.month), endOf(model, entry.month)];
  compare("last entry before the month", BigInt(entry.opening.sequence), begin.after);
  compare("hash before the month", entry.opening.hash, begin.hash);
  compare("last entry of the month", BigInt(entry.closing.sequence), end.after);
  compare("hash at the end of the month", entry.closing.hash, end.hash);
}

function compareSums(model: RootModel, entry: EntryOf<"statement">, compare: Compare): void {
  const { account, month, balance } = entry;
  const sums = model.months.sums.get(`${account} ${month}`) ?? NOTHING;
  compare("calls of the month", entry.calls, sums.calls);
  compare("images of the month", entry.images, sums.images);
  compare("settled in the month", entry.settled, sums.settled);
  compare("corrected within the month", entry.corrected, sums.corrected);
  compare("credit notes of the month", entry.credited, sums.credited);
  const total = addUsd(addUsd(sums.settled, sums.corrected), sums.credited);
  compare("total of the month", entry.total, total);
  const prepaid = model.nodes.get(account)?.prepaid === true;
  compare("a balance is stated", balance !== undefined, prepaid);
  if (balance === undefined) return;
  const funds = model.months.funds.get(month) ?? NO_FUNDS;
  compare("balance before the month", balance.opening, beginOf(model, month).balance);
  compare("funded in the month", balance.funded, funds.funded);
  compare("fundings corrected in the month", balance.fundsCorrected, funds.corrected);
  compare("balance at the end of the month", balance.closing, endOf(model, month).balance);
  const left = subtractUsd(picoUsd(balance.opening + funds.funded + funds.corrected), total);
  compare("balance that is left", balance.closing, left);
}
