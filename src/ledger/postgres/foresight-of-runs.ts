import type { RunCommand } from "../engine/commands.ts";
import type { Shelves } from "./shelves.ts";

/** The rows that commands about runs are going to ask for. */
export function foreseeRun(
  command: RunCommand,
  { runs, runRows, nodes, calls, figures, orders }: Shelves,
): void {
  switch (command.name) {
    case "createRun": {
      const { account, key, id } = command.argument;
      nodes.want([account]);
      nodes.want([key]);
      figures.want([id]);
      runs.want([id]);
      break;
    }
    case "recountRun":
      figures.want([command.argument.id]);
      runs.want([command.argument.id]);
      break;
    case "tidyRun":
      orders.want([command.argument.id]);
      runs.want([command.argument.id]);
      break;
    case "dropRows":
      runs.want([command.argument.id]);
      break;
    case "putRows":
    case "priceRows":
    case "claimRows":
    case "endRows":
    case "retryRows": {
      const { run, rows } = command.argument;
      runs.want([run.id]);
      for (const { row } of rows) runRows.want([run.id, row]);
      break;
    }
    case "reviseRun":
    case "setRun":
    case "takeRun":
    case "leaveRun":
    case "closeRun":
      runs.want([command.argument.run.id]);
      break;
    default:
      command satisfies never;
  }
  if (command.name !== "endRows") return;
  for (const { receiptId } of command.argument.rows)
    if (receiptId !== null) calls.want([receiptId]);
}
