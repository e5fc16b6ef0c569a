import fc from "fast-check";
import { expect } from "vitest";
import type { HoldRequest } from "../../src/ledger/port.ts";
import { formatUsd, type PicoUsd, parseUsd, picoUsd, sumUsd } from "../../src/money/pico-usd.ts";
import type { Statement } from "../../src/statements/statement-schema.ts";
import { newParty, nextId, type Party, usd, voidOf } from "./fixtures.ts";
import { at, type StatementBench } from "./statement-bench.ts";

/** Months of random activity, and what every one of their statements has to come to. */

type Act =
  | { readonly kind: "call"; readonly images: number; readonly late: boolean }
  | { readonly kind: "void" }
  | { readonly kind: "correct"; readonly which: number; readonly tenths: number }
  | { readonly kind: "fund"; readonly cents: number }
  | { readonly kind: "lower_fund" };

/** What happens in a month, and whether its statement is issued as soon as it is over. */
export type Month = { readonly acts: readonly Act[]; readonly issueAtOnce: boolean };

export function monthOf(): fc.Arbitrary<Month> {
  const act: fc.Arbitrary<Act> = fc.oneof(
    { weight: 6, arbitrary: call },
    { weight: 1, arbitrary: fc.constant({ kind: "void" as const }) },
    { weight: 3, arbitrary: correction },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("fund" as const), cents: fc.nat(500) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "lower_fund" as const }) },
  );
  return fc.record({ acts: fc.array(act, { maxLength: 8 }), issueAtOnce: fc.boolean() });
}

const call = fc.record({
  kind: fc.constant("call" as const),
  images: fc.integer({ min: 1, max: 4 }),
  late: fc.boolean(),
});
const correction = fc.record({
  kind: fc.constant("correct" as const),
  which: fc.nat(50),
  tenths: fc.integer({ min: 0, max: 9 }),
});

type Life = {
  readonly bench: StatementBench;
  readonly party: Party;
  /** Settled calls with what they come to now. */
  readonly settled: { readonly hold: HoldRequest; charge: bigint }[];
  readonly late: HoldRequest[];
};

/** Lives through months from January 2026 on, tells them all, and holds them against the journal. */
export async function liveAndTell(bench: StatementBench, months: readonly Month[]): Promise<void> {
  bench.now = at("2026-01-02T00:00");
  const party = await newParty(bench.ledger, { fund: "5" });
  const life: Life = { bench, party, settled: [], late: [] };
  const names = months.map((_, index) => `2026-0${index + 1}`);
  for (const [index, { acts, issueAtOnce }] of months.entries()) {
    bench.now = at(`${names[index]}-03T00:00`);
    await endLate(life);
    for (const act of acts) {
      bench.now += 3_600_000;
      await live(life, act);
    }
    bench.now = at(`2026-0${index + 2}-01T00:00`);
    if (issueAtOnce) await bench.issue(party.accountId, names[index] ?? "");
  }
  await endLate(life);
  const last = `2026-0${months.length + 1}`;
  const statements: Statement[] = [];
  for (const name of names) statements.push(await bench.issued(party.accountId, name));
  statements.push(await bench.draft(party.accountId, last));
  await compare(life, statements);
}

async function endLate({ bench, settled, late }: Life): Promise<void> {
  for (const hold of late.splice(0)) {
    await bench.settle(hold);
    settled.push({ hold, charge: hold.amount });
  }
}

async function live(life: Life, act: Act): Promise<void> {
  const { bench, party, settled, late } = life;
  switch (act.kind) {
    case "call": {
      const hold = await bench.hold(party, { n: act.images });
      if (act.late) late.push(hold);
      else {
        await bench.settle(hold);
        settled.push({ hold, charge: hold.amount });
      }
      break;
    }
    case "void":
      await bench.ledger.end(voidOf((await bench.hold(party)).id));
      break;
    case "correct": {
      const found = settled[act.which % Math.max(1, settled.length)];
      if (found === undefined || found.charge === 0n) break;
      found.charge = (found.charge * BigInt(act.tenths)) / 10n;
      await bench.correct(found.hold, formatUsd(picoUsd(found.charge)));
      break;
    }
    case "fund": {
      const amount = picoUsd(BigInt(act.cents + 1) * 10n ** 10n);
      const { accountId } = party;
      await bench.ledger.fund({ accountId, amount, actor: "me", entryId: nextId("fund") });
      break;
    }
    case "lower_fund": {
      const { accountId } = party;
      const entryId = nextId("fund");
      await bench.ledger.fund({ accountId, amount: usd("2"), actor: "me", entryId });
      const lower = { entryId: nextId("fix"), corrects: entryId, amount: usd("1.5") };
      await bench.ledger.correct({ ...lower, reason: "typed wrong", actor: "me" });
      break;
    }
    default:
      act satisfies never;
  }
}

async function compare(life: Life, statements: readonly Statement[]): Promise<void> {
  const { bench, party, settled } = life;
  const totals = statements.map(({ totals: { total } }) => signed(total));
  const charges = sumUsd(settled.map(({ charge }) => picoUsd(charge)));
  expect(formatUsd(sumUsd(totals))).toBe(formatUsd(charges));
  // What the ledger's own counter says was ever charged: the revenue of the books.
  const credits = await bench.ledger.credits(party.accountId);
  expect(formatUsd(credits?.settled ?? picoUsd(0n))).toBe(formatUsd(charges));
  const calls = statements.reduce((sum, statement) => sum + statement.totals.calls, 0);
  expect(calls).toBe(settled.length);
  const last = statements.at(-1)?.balance;
  const left = picoUsd((credits?.available ?? 0n) + (credits?.held ?? 0n));
  expect(last?.closing).toBe(formatUsd(left));
  for (const [index, { balance, journal }] of statements.entries()) {
    const next = statements[index + 1];
    if (next === undefined) break;
    expect(next.balance?.opening).toBe(balance?.closing);
    expect(next.journal.opening).toEqual(journal.closing);
  }
  for (const { month } of statements) await compareLimits(life, month, statements);
}

/** A month's limits count what was ordered in it: charges of whatever statement, less their credit notes. */
async function compareLimits(
  { bench, party }: Life,
  month: string,
  statements: readonly Statement[],
): Promise<void> {
  const of = { accountId: party.accountId, from: `${month}-01`, to: `${month}-31`, by: [] };
  const [counted] = await bench.ledger.usage(of);
  const stated = statements.flatMap(({ by_hold_month, credit_notes }) => [
    ...by_hold_month.filter((row) => row.month === month).map((row) => signed(row.charge)),
    ...credit_notes.filter((row) => row.ordered_month === month).map((row) => signed(row.amount)),
  ]);
  expect(formatUsd(sumUsd(stated))).toBe(formatUsd(counted?.charge ?? picoUsd(0n)));
}

function signed(text: string): PicoUsd {
  return text.startsWith("-") ? picoUsd(-parseUsd(text.slice(1))) : parseUsd(text);
}
