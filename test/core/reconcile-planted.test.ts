import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Matching } from "../../src/audit/reconcile/match.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { extraRow, honestRows, type Row, type Style, writeBill } from "./planted-bill.ts";
import { build, PERIOD, PICTURE, PLANTS, type World, ZONE } from "./reconcile-plants.ts";
import { MAP, matched } from "./reconcile-world.ts";

const cell = fc.record({
  calls: fc.integer({ min: 1, max: 4 }),
  plant: fc.constantFrom(...PLANTS),
  seed: fc.integer({ min: 0, max: 1_000 }),
});
const style = fc.record({
  by: fc.constantFrom("days", "requests"),
  counts: fc.boolean(),
  decimals: fc.constantFrom(6, 12),
  percent: fc.constantFrom(100n, 90n),
  tax: fc.integer({ min: 0, max: 500 }),
  credit: fc.integer({ min: 0, max: 500 }),
  otherProduct: fc.integer({ min: 0, max: 500 }),
});

const planted = new Map<string, number>();
const found = new Map<string, number>();
let bills = 0;

afterAll(() => {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  process.stdout.write(
    `reconcile: ${bills} generated bills\n  planted: ${list(planted)}\n  found:   ${list(found)}\n`,
  );
});

const cents = (count: number): bigint => BigInt(count) * 10_000_000_000n;

/** A row that no call has anything to do with. */
function other(kind: string, model: string, pico: bigint): Row[] {
  if (pico === 0n) return [];
  return [{ day: "2026-06-04", model, meter: "", quantity: 1n, pico, kind, request: "" }];
}

type Asked = {
  readonly tax: number;
  readonly credit: number;
  readonly otherProduct: number;
};

function rowsOf(world: World, { tax, credit, otherProduct }: Asked): Row[] {
  const honest = honestRows(world.truth, world.style);
  const never = { day: "2026-06-05", model: "sculptor-3", request: "", ...PICTURE, quantity: 2n };
  return [
    ...world.errors.reduce((before, error) => error(before), honest),
    ...other("tax", "", cents(tax)),
    ...other("refund", "", -cents(credit)),
    ...other("usage", "a chat model", cents(otherProduct)),
    extraRow(never, world.style),
  ];
}

/** Every error that was planted is told, and nothing else. */
function expectFound(result: Matching, { expected, style }: World): void {
  const told = result.findings.map(({ kind, model, from }) => `${kind} ${model} ${from}`);
  expect(told.toSorted()).toEqual(expected.findings.toSorted());
  expect(result.drift).toBe(told.some((text) => !text.startsWith("other_day")));
  const proposals = result.proposals.map(
    ({ receiptId, action, billed }) =>
      `${receiptId} ${action} ${billed === null ? "not told" : formatUsd(billed)}`,
  );
  // An amount that is rounded to a micro-dollar is told as it stands there.
  const exact = style.decimals === 12;
  const name = (text: string) => (exact ? text : text.split(" ").slice(0, 2).join(" "));
  expect(proposals.map(name).toSorted()).toEqual(expected.proposals.map(name).toSorted());
}

/** Nothing is lost: the parts are the whole, to the last digit, and each is what was written. */
function expectSums(result: Matching, rows: readonly Row[], world: World, asked: Asked): void {
  const { sums, tax, credits, billed } = result;
  const { net: _, oursOnly: __, ...parts } = sums;
  const whole = Object.values(parts).reduce((sum, part) => sum + part, 0n) + tax + credits;
  expect(whole).toBe(billed);
  const { decimals, percent } = world.style;
  const slack = BigInt(rows.length) * 10n ** BigInt(12 - decimals);
  const written = rows.reduce((sum, row) => sum + row.pico, 0n);
  expect(abs(written - billed)).toBeLessThanOrEqual(slack);
  expect(abs(sums.rounding)).toBeLessThanOrEqual(slack);
  expect(tax).toBe(cents(asked.tax));
  expect(credits).toBe(-cents(asked.credit));
  // Two pictures at five cents by a model that was never called, and what another client asked for.
  const foreign = cents(asked.otherProduct) + (cents(10) * percent) / 100n + world.expected.outside;
  expect(abs(sums.outside - foreign)).toBeLessThanOrEqual(slack);
}

describe("reconciling a generated bill", () => {
  it("finds every error that was planted, and none that wasn't; and its sums are the bill", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { minLength: 6, maxLength: 6 }),
        style,
        (cells, asked) => {
          const { by, decimals, percent } = asked;
          const of: Style = { by, decimals, percent };
          const world = build(cells, of);
          const rows = rowsOf(world, asked);
          const map = asked.counts ? MAP : MAP.replace("quantity=Quantity,", "");
          const terms = { period: PERIOD, zone: ZONE, map, factor: percent * 10_000n };
          const result = matched(writeBill(rows, of), world.journal, terms);
          expectFound(result, world);
          expectSums(result, rows, world, asked);
          count(result, world);
        },
      ),
      { numRuns: 100, seed: 20_261_126 },
    );
  }, 60_000);
});

function count({ findings, proposals }: Matching, world: World): void {
  bills += 1;
  for (const each of world.planted) add(planted, each);
  for (const { kind } of findings) add(found, kind);
  for (const { of, action } of proposals) add(found, `${of} ${action}`);
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function abs(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}
