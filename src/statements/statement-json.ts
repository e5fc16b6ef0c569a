import type { Account } from "../ledger/accounts-port.ts";
import { plainJson } from "../ledger/canonical-text.ts";
import type { Chain } from "../ledger/port.ts";
import type {
  CorrectionMovement,
  JournalMonth,
  StatementDraft,
  StatementFigures,
} from "../ledger/statements-port.ts";
import { monthAfter, windowsAt } from "../ledger/windows.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { difference, minus, type Sums, sumOf, type Tally } from "./tally.ts";

/** What a statement is written from. */
export type StatementFacts = {
  readonly account: Account;
  /** From the root down to the account. */
  readonly path: readonly Account[];
  /** The account and all below it, by id: names for the rows. */
  readonly names: ReadonlyMap<string, string>;
  readonly month: string;
  readonly place: JournalMonth;
  readonly tally: Tally;
  readonly figures: StatementFigures;
  readonly emulated: boolean;
  readonly draft: boolean;
};

/** Values of one tag that get a row of their own: a tag may be another one for every picture. */
const TAG_VALUES_MAX = 1_000;
/** Tags that are told at all: names come from callers. */
const TAG_NAMES_MAX = 50;

/**
 * The members of a statement's JSON but its number and when it was issued, each as its text. Money is a plain
 * decimal string; what was given back is below zero, so that every column adds up.
 */
export function statementMembers(facts: StatementFacts): StatementDraft["members"] {
  const { account, path, month, place, tally, emulated, draft } = facts;
  const { charged } = tally;
  const members = {
    object: "statement",
    draft,
    month,
    period: { from: `${month}-01T00:00:00Z`, to: `${monthAfter(month)}-01T00:00:00Z` },
    account: {
      id: account.id,
      name: account.name,
      root_id: account.rootId,
      prepaid: account.prepaid,
      path: path.map(({ id, name }) => ({ id, name })),
    },
    world: emulated ? "sandbox" : "live",
    emulated,
    currency: "USD",
    journal: {
      root: place.root,
      opening: anchor(place.opening),
      closing: anchor(place.closing),
    },
    totals: totalsJson(facts),
    balance: balanceJson(facts.figures),
    by_model: rowsOf(tally.by.model, (key) => {
      const [model, quality]: readonly [string, string | null] = JSON.parse(key);
      return { model, quality };
    }),
    by_account: rowsOf(tally.by.account, (id) => ({
      account_id: id,
      name: facts.names.get(id) ?? null,
    })),
    by_tag: tagRows(tally, charged),
    tags_left_out: Math.max(0, tally.tags.size - TAG_NAMES_MAX),
    by_run: rowsOf(tally.by.run, (run) => ({ run: run === "" ? null : run })),
    by_hold_month: rowsOf(tally.by.holdMonth, (held) => ({ month: held })),
    corrections: tally.corrections.map((each) => ({
      ...correctionJson(each),
      receipt_id: each.call.holdId,
    })),
    credit_notes: tally.creditNotes.map((each) => ({
      number: `CN-${month}-${each.ordinal.toString().padStart(4, "0")}`,
      ...correctionJson(each),
      receipt_id: each.call.holdId,
      account_id: each.call.accountId,
      model: each.call.model,
      statement: statementOf(each.settledSequence, place),
      settled_at: new Date(each.settledMs).toISOString(),
      settled_month: windowsAt(each.settledMs).month,
      ordered_month: each.call.month,
    })),
    fundings: (facts.figures.balance === null ? [] : tally.fundings).map((each) => ({
      entry_id: each.entryId,
      at: new Date(each.createdMs).toISOString(),
      amount: formatUsd(each.amount),
    })),
    fund_corrections: (facts.figures.balance === null ? [] : tally.fundCorrections).map(
      correctionJson,
    ),
  };
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, plainJson(value)]),
  );
}

function anchor({ sequence, hash }: Chain) {
  return { sequence, hash };
}

function totalsJson({ figures, tally }: StatementFacts) {
  return {
    calls: figures.calls,
    calls_not_charged: tally.notCharged,
    images: figures.images,
    settled: formatUsd(figures.settled),
    corrected: formatUsd(figures.corrected),
    charged: formatUsd(tally.charged.charge),
    credited: formatUsd(figures.credited),
    total: formatUsd(figures.total),
  };
}

function balanceJson({ balance, total }: StatementFigures) {
  if (balance === null) return null;
  return {
    opening: formatUsd(balance.opening),
    funded: formatUsd(balance.funded),
    funds_corrected: formatUsd(balance.fundsCorrected),
    total: formatUsd(total),
    closing: formatUsd(balance.closing),
  };
}

function sumsJson({ calls, images, charge }: Sums) {
  return { calls, images, charge: formatUsd(charge) };
}

/** In the order of their keys: the same month always makes the same rows. */
function rowsOf<Keys extends object>(
  sums: ReadonlyMap<string, Sums>,
  keysOf: (key: string) => Keys,
) {
  return [...sums]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, each]) => ({ ...keysOf(key), ...sumsJson(each) }));
}

type TagRow = {
  readonly tag: string;
  /** Null for the calls without this tag, and for values that share a row. */
  readonly value: string | null;
  /** How many values the row holds: 0 for the calls without this tag. */
  readonly values: number;
  readonly calls: number;
  readonly images: number;
  readonly charge: string;
};

/** For each tag a row a value and one for the calls without it: the rows of a tag add up to all charges. */
function tagRows(tally: Tally, charged: Sums): readonly TagRow[] {
  const names = [...tally.tags.keys()].toSorted().slice(0, TAG_NAMES_MAX);
  return names.flatMap((tag) => {
    const values = [...(tally.tags.get(tag) ?? [])];
    const without = minus(charged, sumOf(values.map(([, sums]) => sums)));
    const dearest = values.toSorted(([left, a], [right, b]) =>
      a.charge === b.charge ? (left < right ? -1 : 1) : a.charge > b.charge ? -1 : 1,
    );
    const own = dearest.slice(0, TAG_VALUES_MAX);
    const others = dearest.slice(TAG_VALUES_MAX);
    const row = (value: string | null, count: number, sums: Sums): TagRow => ({
      ...{ tag, value, values: count, ...sumsJson(sums) },
    });
    return [
      ...own.map(([value, sums]) => row(value, 1, sums)),
      ...(others.length === 0
        ? []
        : [row(null, others.length, sumOf(others.map(([, sums]) => sums)))]),
      ...(without.calls === 0 ? [] : [row(null, 0, without)]),
    ];
  });
}

function correctionJson(correction: CorrectionMovement) {
  const { entryId, corrects, createdMs, before, after, reason } = correction;
  return {
    entry_id: entryId,
    corrects,
    at: new Date(createdMs).toISOString(),
    before: formatUsd(before),
    after: formatUsd(after),
    amount: formatUsd(difference(correction)),
    reason,
  };
}

/** The statement of this account that told an entry; null where none was issued. */
function statementOf(sequence: number, { issued }: JournalMonth): string | null {
  const span = issued.find(({ opening, closing }) => opening < sequence && sequence <= closing);
  return span?.number ?? null;
}
