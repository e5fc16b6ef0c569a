import { formatUsd } from "../money/pico-usd.ts";
import type { Plan, PlanSums } from "../runs/plan.ts";
import type { PlanDiff } from "../runs/plan-diff.ts";
import type { PlanTold } from "../runs/plan-json.ts";
import {
  blockedCells,
  budgetLines,
  type Cells,
  causeCells,
  changeCells,
  constraintsText,
  LISTED_MAX,
  modelCells,
  signed,
} from "./plan-tables.ts";
import { alignPoints, table } from "./table.ts";

type Bold = (text: string) => string;

/** A plan for people. */
export function planText(
  plan: Plan,
  told: PlanTold,
  diff: PlanDiff | undefined,
  bold: Bold,
): string {
  const { asked, assignment, budget } = plan;
  const sections = [
    bold(`plan of ${told.file} by the catalog of ${told.asOf}: ${planTitle(asked)}`),
    ...sumsText(asked, bold),
    ...blockedText(asked, "blocked"),
    ...(assignment === undefined ? [] : assignmentText(plan, assignment, { told, bold })),
    ...(budget === undefined ? [] : [budgetLines(budget, (assignment ?? asked).rows).join("\n")]),
    ...(diff === undefined ? [] : diffText(diff, bold)),
  ];
  return sections.join("\n\n");
}

/** How many rows of how many, and their pictures. */
export function planTitle({ rows, blockedRows, images }: PlanSums): string {
  const blocked = blockedRows === 0 ? "" : `, ${counted(blockedRows, "row")} blocked`;
  return `${counted(rows, "row")}, ${counted(images, "image")}${blocked}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function sumsText(sums: PlanSums, bold: Bold): readonly string[] {
  if (sums.rows === 0) return ["nothing of it could be made"];
  const lines = cellsText(modelCells(sums)).split("\n");
  const total = bold(lines.at(-1) ?? "");
  const notes = [
    `expected ${formatUsd(sums.expected)} USD, at most ${formatUsd(sums.ceiling)} USD`,
    ...(sums.mark === undefined ? [] : [`weakest mark of the prices: ${sums.mark}`]),
    ...sums.warnings.map((warning) => `warning: ${warning}`),
  ];
  return [[...lines.slice(0, -1), total].join("\n"), notes.join("\n")];
}

function blockedText({ blocked, blockedRows }: PlanSums, what: string): readonly string[] {
  if (blockedRows === 0) return [];
  const more =
    blocked.length > LISTED_MAX ? [`and ${blocked.length - LISTED_MAX} more reasons`] : [];
  return [
    [`${what}: ${counted(blockedRows, "row")}`, cellsText(blockedCells(blocked)), ...more].join(
      "\n",
    ),
  ];
}

function assignmentText(
  { asked }: Plan,
  assignment: PlanSums,
  { told, bold }: { readonly told: PlanTold; readonly bold: Bold },
): readonly string[] {
  const under = constraintsText(told.constraints);
  const against = `${formatUsd(asked.expected)} USD as asked`;
  const title = `the cheapest assignment under ${under}: ${planTitle(assignment)}; ${against}`;
  return [
    bold(title),
    ...sumsText(assignment, bold),
    ...blockedText(assignment, "not to be assigned"),
  ];
}

function diffText(diff: PlanDiff, bold: Bold): readonly string[] {
  const { before, after, difference, added, removed, changed, unchanged } = diff;
  const title = `${formatUsd(before)} USD before, ${formatUsd(after)} now: ${signed(difference)}`;
  const counts = `${added.length} added, ${removed.length} removed, ${changed.length} changed, ${unchanged} unchanged`;
  if (diff.byCause.length === 0) return [bold(title), counts];
  const more =
    changed.length > LISTED_MAX ? [`and ${changed.length - LISTED_MAX} more rows changed`] : [];
  const rows = changed.length === 0 ? [] : [cellsText(changeCells(changed)), ...more];
  return [bold(title), counts, cellsText(causeCells(diff.byCause)), ...rows];
}

function cellsText({ columns, rows, amounts }: Cells): string {
  const aligned = new Map(
    amounts.map((place) => [place, alignPoints(rows.map((row) => row[place] ?? ""))]),
  );
  const cells = rows.map((row, index) =>
    row.map((cell, place) => aligned.get(place)?.[index] ?? cell),
  );
  return table(columns, cells);
}
