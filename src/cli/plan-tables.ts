import { formatUsd, type PicoUsd } from "../money/pico-usd.ts";
import type { BlockedSums, BudgetSums, PlanSums } from "../runs/plan.ts";
import type { CauseSums, ComparedRow, RowChange } from "../runs/plan-diff.ts";

/** The cells of a plan's tables, the same on a terminal and in a comment. Nothing here adds or rounds. */

export type Cells = {
  readonly columns: readonly { readonly name: string; readonly right?: boolean }[];
  readonly rows: readonly (readonly string[])[];
  /** Places of columns that hold amounts. */
  readonly amounts: readonly number[];
};

/** Rows of a long list that are printed. */
export const LISTED_MAX = 20;

export function modelCells(sums: PlanSums): Cells {
  const right = true;
  return {
    columns: [
      ...[{ name: "model" }, { name: "quality" }],
      ...[
        { name: "rows", right },
        { name: "images", right },
      ],
      ...[{ name: "expected USD" }, { name: "ceiling USD" }],
    ],
    rows: [
      ...sums.byModel.map(({ model, quality, rows, images, expected, ceiling }) => [
        ...[model, quality ?? "-", String(rows), String(images)],
        ...[formatUsd(expected), formatUsd(ceiling)],
      ]),
      [
        ...["total", "", String(sums.rows), String(sums.images)],
        ...[formatUsd(sums.expected), formatUsd(sums.ceiling)],
      ],
    ],
    amounts: [4, 5],
  };
}

export function blockedCells(blocked: readonly BlockedSums[]): Cells {
  return {
    columns: [{ name: "rows", right: true }, { name: "code" }, { name: "why" }, { name: "ids" }],
    rows: blocked.slice(0, LISTED_MAX).map(({ rows, code, why, ids }) => {
      const more = rows > ids.length ? ` and ${rows - ids.length} more` : "";
      return [String(rows), code, why, `${ids.join(", ")}${more}`];
    }),
    amounts: [],
  };
}

export function causeCells(causes: readonly CauseSums[]): Cells {
  return {
    columns: [{ name: "what changed" }, { name: "rows", right: true }, { name: "USD" }],
    rows: causes.map(({ cause, rows, difference }) => [cause, String(rows), signed(difference)]),
    amounts: [2],
  };
}

export function changeCells(changes: readonly RowChange[]): Cells {
  return {
    columns: [
      ...[{ name: "id" }, { name: "what changed" }, { name: "before" }, { name: "after" }],
      { name: "USD" },
    ],
    rows: changes
      .slice(0, LISTED_MAX)
      .map(({ id, cause, before, after, difference }) => [
        ...[id, cause, costText(before), costText(after), signed(difference)],
      ]),
    amounts: [4],
  };
}

function costText({ model, quality, expected }: ComparedRow): string {
  if (expected === undefined) return "blocked";
  return `${model}${quality === null ? "" : `:${quality}`} ${formatUsd(expected)}`;
}

/** An amount with the sign that a difference has. */
export function signed(amount: PicoUsd): string {
  const text = formatUsd(amount);
  return text === "0" || text.startsWith("-") ? text : `+${text}`;
}

/** Constraints in words: `band fine, deny gpt-image-2`. */
export function constraintsText(constraints: object | undefined): string {
  const told = Object.entries(constraints ?? {}).map(([name, value]) => {
    const words = Array.isArray(value) ? value.join(" ") : String(value);
    return words === "true" ? name : `${name} ${words}`;
  });
  return told.join(", ");
}

/** What a budget comes to: one line, and what has to go where it isn't enough. */
export function budgetLines(budget: BudgetSums, rows: number): readonly string[] {
  const of = budget.of === "plan" ? "the plan" : "the cheapest assignment";
  const amount = formatUsd(budget.budget);
  if (budget.fits) {
    const above = budget.ceilingAbove ? "; the worst case is above it" : "";
    return [`budget ${amount} USD: enough for ${of}, ${formatUsd(budget.left)} left${above}`];
  }
  const { dropIds } = budget;
  const kept = rows - dropIds.length;
  const shown = dropIds.slice(0, LISTED_MAX).join(", ");
  const more = dropIds.length > LISTED_MAX ? ` and ${dropIds.length - LISTED_MAX} more` : "";
  return [
    `budget ${amount} USD: not enough for ${of}; the least that is: ${formatUsd(budget.least)} USD`,
    kept === 0
      ? "it is below the price of any row"
      : `it pays for ${kept} of ${rows} rows, the cheapest, with ${formatUsd(budget.left)} left`,
    `would have to go: ${shown}${more}`,
  ];
}
