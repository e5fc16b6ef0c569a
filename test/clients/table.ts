import { type Column, TASKS, type Task } from "./cells.ts";

/** The matrix as Markdown: a line a client, where each shows its cost, what each can't do and why. */
export function tableOf(
  columns: readonly Column[],
  resultOf: (column: Column, task: Task) => string,
): string {
  const results = columns.map((column) => [
    column.client,
    ...TASKS.map((task) => resultOf(column, task)),
  ]);
  const costs = columns.map(({ client, costSeen }) => [client, costSeen]);
  return [
    ...aligned([["client", ...TASKS], ...results]),
    "",
    ...aligned([["client", "where its application sees the cost"], ...costs]),
    "",
    ...reasonsOf(columns),
  ].join("\n");
}

/** Rows of one table, the first of them its head. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const [head = [], ...body] = rows;
  const widths = head.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}

/** One line for each client and reason: several tasks often lack for the same one. */
function reasonsOf(columns: readonly Column[]): readonly string[] {
  return columns.flatMap(({ client, cells }) => {
    const tasksOf = new Map<string, Task[]>();
    for (const task of TASKS) {
      const cell = cells[task];
      if (!("cannot" in cell)) continue;
      tasksOf.set(cell.cannot, [...(tasksOf.get(cell.cannot) ?? []), task]);
    }
    return [...tasksOf].map(([reason, tasks]) => `- – ${client}: ${tasks.join(", ")}: ${reason}.`);
  });
}
