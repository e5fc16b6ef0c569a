import { z } from "zod";
import type { Blocker } from "../advisor/market.ts";
import { formatUsd, parseUsd } from "../money/pico-usd.ts";
import type { BudgetSums, Plan, PlannedRow, PlanSums } from "./plan.ts";
import type { ComparedRow, PlanDiff } from "./plan-diff.ts";
import type { RowPrice } from "./price-rows.ts";

/** Plans as JSON: amounts are decimal strings. What is saved of one can be compared with another later. */

/** Beside the sums: what a plan was made of. */
export type PlanTold = {
  readonly file: string;
  readonly asOf: string;
  /** Constraints of the assignment as they were given. */
  readonly constraints: object | undefined;
};

export function planJson(plan: Plan, told: PlanTold, diff: PlanDiff | undefined) {
  const { asked, assignment, budget } = plan;
  return {
    object: "plan",
    file: told.file,
    as_of: told.asOf,
    currency: "USD",
    ...sumsJson(asked),
    assignment:
      assignment === undefined
        ? null
        : { constraints: told.constraints ?? {}, ...sumsJson(assignment) },
    budget: budget === undefined ? null : budgetJson(budget),
    diff: diff === undefined ? null : diffJson(diff),
    data: plan.planned.map(rowJson),
  };
}

function sumsJson(sums: PlanSums) {
  return {
    rows: sums.rows,
    images: sums.images,
    expected: formatUsd(sums.expected),
    ceiling: formatUsd(sums.ceiling),
    by_model: sums.byModel.map(({ expected, ceiling, ...of }) => ({
      ...of,
      expected: formatUsd(expected),
      ceiling: formatUsd(ceiling),
    })),
    blocked_rows: sums.blockedRows,
    blocked: sums.blocked,
    mark: sums.mark ?? null,
    warnings: sums.warnings,
  };
}

function budgetJson(budget: BudgetSums) {
  return {
    budget: formatUsd(budget.budget),
    of: budget.of,
    fits: budget.fits,
    least: formatUsd(budget.least),
    left: formatUsd(budget.left),
    rows_to_drop: budget.dropIds,
    ceiling_above: budget.ceilingAbove,
  };
}

function rowJson({ id, line, price, assigned, digest }: PlannedRow) {
  const { n, size, references, promptTokens, promptBytes } = price.facts;
  return {
    ...{ id, line, n, size, references },
    prompt_tokens: promptTokens,
    prompt_bytes: promptBytes,
    ...priceJson(price),
    ...(assigned === undefined ? {} : { assigned: priceJson(assigned) }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function priceJson(price: RowPrice) {
  if (price.kind === "blocked") {
    return {
      ...{ model: price.model, quality: null, price_version: null },
      ...{ expected: null, ceiling: null, blocked_by: price.blockedBy.map(blockerJson) },
    };
  }
  const { model, quality, priceVersion, expected, ceiling } = price;
  return {
    ...{ model, quality, price_version: priceVersion },
    expected: formatUsd(expected),
    ceiling: formatUsd(ceiling),
    blocked_by: [],
  };
}

function blockerJson({ code, param, sent, allowed, why }: Blocker) {
  return { code, param, sent, allowed, why };
}

/** Rows of a diff that are told one by one; sums are of all. */
const DIFF_ROWS_MAX = 1_000;

function diffJson(diff: PlanDiff) {
  const row = ({ id, model, quality, expected }: ComparedRow) => ({
    ...{ id, model, quality },
    expected: expected === undefined ? null : formatUsd(expected),
  });
  return {
    before: formatUsd(diff.before),
    after: formatUsd(diff.after),
    difference: formatUsd(diff.difference),
    by_cause: diff.byCause.map((each) => ({ ...each, difference: formatUsd(each.difference) })),
    rows_added: diff.added.length,
    rows_removed: diff.removed.length,
    rows_changed: diff.changed.length,
    rows_unchanged: diff.unchanged,
    added: diff.added.slice(0, DIFF_ROWS_MAX).map(row),
    removed: diff.removed.slice(0, DIFF_ROWS_MAX).map(row),
    changed: diff.changed
      .slice(0, DIFF_ROWS_MAX)
      .map(({ id, cause, before, after, difference }) => ({
        ...{ id, cause },
        before: row(before),
        after: row(after),
        difference: formatUsd(difference),
      })),
  };
}

/** A row of a plan just made, to be compared. */
export function comparedRow({ id, price, digest }: PlannedRow): ComparedRow {
  const { model, facts } = price;
  if (price.kind === "blocked") {
    return {
      ...{ id, model, quality: null, ...facts, priceVersion: null, expected: undefined, digest },
    };
  }
  const { quality, priceVersion, expected } = price;
  return { id, model, quality, ...facts, priceVersion, expected, digest };
}

const savedPlan = z.looseObject({
  object: z.literal("plan"),
  data: z.array(
    z.looseObject({
      id: z.string(),
      model: z.string().nullable(),
      quality: z.string().nullable(),
      n: z.int(),
      size: z.string(),
      references: z.string(),
      prompt_tokens: z.int(),
      prompt_bytes: z.int(),
      price_version: z.string().nullable(),
      expected: z.string().nullable(),
      digest: z.string().optional(),
    }),
  ),
});

/** The rows of a plan that was saved as JSON; undefined for anything else. */
export function savedRows(value: unknown): readonly ComparedRow[] | undefined {
  const parsed = savedPlan.safeParse(value);
  if (!parsed.success) return undefined;
  return parsed.data.data.map((row) => ({
    ...{ id: row.id, model: row.model, quality: row.quality, n: row.n, size: row.size },
    ...{ references: row.references, priceVersion: row.price_version, digest: row.digest },
    promptTokens: row.prompt_tokens,
    promptBytes: row.prompt_bytes,
    expected: row.expected === null ? undefined : parseUsd(row.expected),
  }));
}
