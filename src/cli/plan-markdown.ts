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
import { planTitle } from "./plan-text.ts";

/** A plan as a comment on a change: what it comes to, what changed, what is blocked. */
export function planMarkdown(plan: Plan, told: PlanTold, diff: PlanDiff | undefined): string {
  const { asked, assignment, budget } = plan;
  const title = `### Image plan: ${formatUsd(asked.expected)} USD expected, at most ${formatUsd(asked.ceiling)}`;
  const facts = `\`${code(told.file)}\` by the catalog of ${told.asOf}: ${planTitle(asked)}${markText(asked)}`;
  return [
    title,
    facts,
    ...(diff === undefined ? [] : diffText(diff)),
    ...(asked.rows === 0 ? [] : [cellsText(modelCells(asked))]),
    ...blockedText(asked, "Blocked"),
    ...(assignment === undefined ? [] : assignmentText(assignment, told)),
    ...(budget === undefined ? [] : [budgetText(budget, (assignment ?? asked).rows)]),
  ].join("\n\n");
}

function markText({ mark, warnings }: PlanSums): string {
  const marked = mark === undefined ? "" : `; weakest mark of the prices: ${mark}`;
  return `${marked}${warnings.map((warning) => `<br>Warning: ${plain(warning)}`).join("")}`;
}

function budgetText(budget: NonNullable<Plan["budget"]>, rows: number): string {
  const [first = "", ...others] = budgetLines(budget, rows).map(plain);
  return `**${first}**${others.map((line) => `<br>${line}`).join("")}`;
}

function blockedText({ blocked, blockedRows }: PlanSums, what: string): readonly string[] {
  if (blockedRows === 0) return [];
  return [`**${what}: ${blockedRows} rows**`, cellsText(blockedCells(blocked))];
}

function assignmentText(assignment: PlanSums, told: PlanTold): readonly string[] {
  const under = plain(constraintsText(told.constraints));
  return [
    `**The cheapest assignment under ${under}: ${formatUsd(assignment.expected)} USD expected**`,
    ...(assignment.rows === 0 ? [] : [cellsText(modelCells(assignment))]),
    ...blockedText(assignment, "Not to be assigned"),
  ];
}

function diffText(diff: PlanDiff): readonly string[] {
  const { before, after, difference, added, removed, changed, unchanged } = diff;
  const counts = `${added.length} rows added, ${removed.length} removed, ${changed.length} changed, ${unchanged} unchanged`;
  const title = `**${signed(difference)} USD** (${formatUsd(before)} before, ${formatUsd(after)} now): ${counts}`;
  if (diff.byCause.length === 0) return [title];
  if (changed.length === 0) return [title, cellsText(causeCells(diff.byCause))];
  const more = changed.length > LISTED_MAX ? `\n\nand ${changed.length - LISTED_MAX} more` : "";
  const rows = `<details><summary>Changed rows</summary>\n\n${cellsText(changeCells(changed))}${more}\n\n</details>`;
  return [title, cellsText(causeCells(diff.byCause)), rows];
}

function cellsText({ columns, rows, amounts }: Cells): string {
  const isRight = (place: number): boolean =>
    amounts.includes(place) || columns[place]?.right === true;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ name }) => name)),
    line(columns.map((_, place) => (isRight(place) ? "---:" : "---"))),
    ...rows.map((cells) => line(cells.map(plain))),
  ].join("\n");
}

/** Ids and names are written by callers: nothing of them is markup. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#~!&]/g, (mark) => `\\${mark}`).replace(/\s+/g, " ");
}

function code(text: string): string {
  return text.replace(/[`\r\n]/g, " ");
}
