import fc from "fast-check";
import { expect } from "vitest";
import type { HoldRequest, Ledger } from "../../src/ledger/port.ts";
import { type PicoUsd, picoUsd } from "../../src/money/pico-usd.ts";
import { holdOf, type Party, settleAmount, voidOf } from "./fixtures.ts";

type Step =
  | { readonly kind: "hold"; readonly cents: number }
  | { readonly kind: "settle"; readonly pick: number; readonly part: number }
  | { readonly kind: "void"; readonly pick: number }
  | { readonly kind: "day" };

/** Sequences of holds, endings and midnights. */
export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("hold" as const), cents: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ kind: fc.constant("settle" as const), pick: fc.nat(9), part: fc.nat(100) }),
    fc.record({ kind: fc.constant("void" as const), pick: fc.nat(9) }),
    fc.record({ kind: fc.constant("day" as const) }),
  ),
  { maxLength: 30 },
);

const CENT = 10_000_000_000n;

type Open = { readonly hold: HoldRequest; readonly cents: number; readonly day: number };

/** An account of whole cents, funded with 2 USD and limited to 1 USD a day: one list and two numbers. */
class TinyModel {
  open: Open[] = [];
  settled = 0;
  day = 0;
  readonly #settledOn = new Map<number, number>();

  held(): number {
    return sum(this.open);
  }

  left(): number {
    const heldToday = sum(this.open.filter((one) => one.day === this.day));
    const leftToday = 100 - heldToday - (this.#settledOn.get(this.day) ?? 0);
    return Math.min(200 - this.settled - this.held(), leftToday);
  }

  settle(open: Open, cents: number): void {
    this.settled += cents;
    this.#settledOn.set(open.day, (this.#settledOn.get(open.day) ?? 0) + cents);
  }
}

function sum(open: readonly Open[]): number {
  return open.reduce((cents, one) => cents + one.cents, 0);
}

function pico(cents: number): PicoUsd {
  return picoUsd(BigInt(cents) * CENT);
}

/** Runs steps against a ledger and the model, and compares the figures after each. */
export async function runAgainstModel(of: {
  readonly ledger: Ledger;
  readonly party: Party;
  readonly steps: readonly Step[];
  readonly nextDay: () => void;
}): Promise<void> {
  const model = new TinyModel();
  for (const step of of.steps) {
    await runStep(step, model, of);
    expect(await of.ledger.credits(of.party.accountId)).toEqual({
      settled: pico(model.settled),
      held: pico(model.held()),
      available: pico(model.left()),
      prepaid: true,
    });
  }
}

async function runStep(
  step: Step,
  model: TinyModel,
  of: { readonly ledger: Ledger; readonly party: Party; readonly nextDay: () => void },
): Promise<void> {
  if (step.kind === "day") {
    model.day += 1;
    of.nextDay();
    return;
  }
  if (step.kind === "hold") {
    const hold = { ...holdOf(of.party), amount: pico(step.cents) };
    const fits = step.cents <= model.left();
    expect((await of.ledger.hold(hold)).kind).toBe(fits ? "held" : "refused");
    if (fits) model.open.push({ hold, cents: step.cents, day: model.day });
    return;
  }
  const [taken] = model.open.splice(step.pick % Math.max(model.open.length, 1), 1);
  if (taken === undefined) return;
  if (step.kind === "void") {
    await of.ledger.end(voidOf(taken.hold.id));
    return;
  }
  const cents = Math.floor((taken.cents * step.part) / 100);
  const text = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
  await of.ledger.end(settleAmount(taken.hold, text));
  model.settle(taken, cents);
}
