import type { Command } from "commander";
import { type PageFlags, printPage, timeText, withPage } from "./pages.ts";
import type { Terminal } from "./terminal.ts";
import { overrunsAnswer } from "./wire-admin.ts";

/** `overruns`: what usage came to beyond the ceiling, which the house pays. */
export function addOverruns(program: Command, terminal: Terminal): void {
  const overruns = program
    .command("overruns")
    .description("usage beyond the ceiling, which the house pays");
  withPage(overruns, "of one account and all below it, or of one key").action(
    async (flags: PageFlags, command: Command) =>
      printPage(command, terminal, {
        path: "/admin/v1/overruns",
        flags,
        schema: overrunsAnswer,
        cells: {
          columns: ["receipt", "account", "model", "when (UTC)", "ceiling (USD)", "beyond it"],
        },
        row: (overrun) => [
          overrun.receipt_id,
          overrun.account_id,
          overrun.model,
          timeText(overrun.created),
          overrun.ceiling,
          overrun.amount,
        ],
        none: "no usage went beyond its ceiling",
      }),
  );
}
