import { type WhatFits, whatFits } from "../advisor/budget.ts";
import type { Blocker } from "../advisor/market.ts";
import { weakestMark } from "../billing/rate.ts";
import type { Mark } from "../catalog/schema.ts";
import { addUsd, type PicoUsd, timesUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { BlockedRow, PricedRow, RowPrice } from "./price-rows.ts";

/** A row with what it costs as it is asked, and on the cheapest model that would do where one was looked for. */
export type PlannedRow = {
  readonly id: string;
  readonly line: number;
  readonly price: RowPrice;
  readonly assigned: RowPrice | undefined;
  /** What it asks for; undefined where nobody wants to compare. */
  readonly digest: string | undefined;
};

/** What some rows come to. */
export type PlanSums = {
  /** Those that could be made. */
  readonly rows: number;
  readonly images: number;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
  /** The dearest first. */
  readonly byModel: readonly ModelSums[];
  readonly blockedRows: number;
  /** What stands in the way, the commonest first. */
  readonly blocked: readonly BlockedSums[];
  /** The weakest mark of all prices. */
  readonly mark: Mark | undefined;
  readonly warnings: readonly string[];
};

export type ModelSums = {
  readonly model: string;
  readonly quality: string | null;
  readonly rows: number;
  readonly images: number;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** Rows that the same thing stands in the way of. */
export type BlockedSums = Pick<Blocker, "code" | "param" | "allowed" | "why"> & {
  readonly rows: number;
  /** The first of them. */
  readonly ids: readonly string[];
};

/** What a budget makes of a plan. */
export type BudgetSums = WhatFits & {
  readonly budget: PicoUsd;
  /** Of the plan as it is asked, or of the cheapest assignment. */
  readonly of: "plan" | "assignment";
  /** Of the rows that would have to go. */
  readonly dropIds: readonly string[];
  /** The worst case is above the budget though what is expected isn't. */
  readonly ceilingAbove: boolean;
};

export type Plan = {
  readonly planned: readonly PlannedRow[];
  readonly asked: PlanSums;
  readonly assignment: PlanSums | undefined;
  readonly budget: BudgetSums | undefined;
};

/** Sums rows up; every figure is exact. */
export function planOf(planned: readonly PlannedRow[], budget: PicoUsd | undefined): Plan {
  const asked = sumsOf(planned, ({ price }) => price);
  const hasAssignment = planned.some(({ assigned }) => assigned !== undefined);
  const assignment = hasAssignment
    ? sumsOf(planned, ({ price, assigned }) => assigned ?? price)
    : undefined;
  return {
    ...{ planned, asked, assignment },
    budget: budget === undefined ? undefined : budgetOf(planned, { asked, assignment, budget }),
  };
}

function budgetOf(
  planned: readonly PlannedRow[],
  by: Pick<Plan, "asked" | "assignment"> & { readonly budget: PicoUsd },
): BudgetSums {
  const { asked, assignment, budget } = by;
  const priced = planned.flatMap(({ id, price, assigned }) => {
    const of = assigned ?? price;
    return of.kind === "priced" ? { id, expected: of.expected } : [];
  });
  const found = whatFits(
    priced.map(({ expected }) => expected),
    budget,
  );
  return {
    ...{ ...found, budget },
    of: assignment === undefined ? "plan" : "assignment",
    dropIds: found.drop.flatMap((place) => priced[place]?.id ?? []),
    ceilingAbove: found.fits && (assignment ?? asked).ceiling > budget,
  };
}

/** Ids of blocked rows that are named with each reason. */
const IDS_TOLD_MAX = 5;

function sumsOf(planned: readonly PlannedRow[], of: (row: PlannedRow) => RowPrice): PlanSums {
  const counts = new Map<PricedRow, number>();
  const blocked = new Map<string, BlockedSums>();
  let blockedRows = 0;
  for (const row of planned) {
    const price = of(row);
    if (price.kind === "priced") counts.set(price, (counts.get(price) ?? 0) + 1);
    else {
      blockedRows += 1;
      addBlocked(blocked, price, row.id);
    }
  }
  const groups = [...counts].map(([price, rows]) => ({ price, rows }));
  const byModel = modelsOf(groups);
  return {
    rows: planned.length - blockedRows,
    images: byModel.reduce((sum, { images }) => sum + images, 0),
    expected: byModel.reduce((sum, { expected }) => addUsd(sum, expected), ZERO_USD),
    ceiling: byModel.reduce((sum, { ceiling }) => addUsd(sum, ceiling), ZERO_USD),
    byModel,
    blockedRows,
    blocked: [...blocked.values()].toSorted((left, right) => right.rows - left.rows),
    mark: weakestMark(groups.flatMap(({ price }) => price.mark ?? [])),
    warnings: [...new Set(groups.flatMap(({ price }) => price.warnings))],
  };
}

type PriceGroup = { readonly price: PricedRow; readonly rows: number };

function modelsOf(groups: readonly PriceGroup[]): readonly ModelSums[] {
  const sums = new Map<string, ModelSums>();
  for (const { price, rows } of groups) {
    const { model, quality, facts } = price;
    const key = `${model} ${quality}`;
    const before = sums.get(key) ?? {
      ...{ model, quality, rows: 0, images: 0 },
      ...{ expected: ZERO_USD, ceiling: ZERO_USD },
    };
    const times = (amount: PicoUsd): PicoUsd => timesUsd(amount, BigInt(rows));
    sums.set(key, {
      ...before,
      rows: before.rows + rows,
      images: before.images + rows * facts.n,
      expected: addUsd(before.expected, times(price.expected)),
      ceiling: addUsd(before.ceiling, times(price.ceiling)),
    });
  }
  return [...sums.values()].toSorted((left, right) => (left.expected > right.expected ? -1 : 1));
}

function addBlocked(blocked: Map<string, BlockedSums>, price: BlockedRow, id: string): void {
  for (const { code, param, allowed, why } of price.blockedBy) {
    // Reasons that differ only in what was sent are one: the first one's words stand for all.
    const key = JSON.stringify([price.model, code, param, allowed]);
    const before = blocked.get(key);
    const ids = before?.ids ?? [];
    blocked.set(key, {
      ...(before ?? {
        code,
        param,
        allowed,
        why: price.model === null ? why : `${price.model}: ${why}`,
      }),
      rows: (before?.rows ?? 0) + 1,
      ids: ids.length < IDS_TOLD_MAX ? [...ids, id] : ids,
    });
  }
}
