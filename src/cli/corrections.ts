import type { Command } from "commander";
import { type PageFlags, printPage, timeText, withPage } from "./pages.ts";
import type { Terminal } from "./terminal.ts";
import { correctionsAnswer } from "./wire-admin.ts";

/** `corrections`: what was mended, by whom and why. */
export function addCorrections(program: Command, terminal: Terminal): void {
  const corrections = program.command("corrections").description("what was mended, and why");
  withPage(corrections, "of one account").action(async (flags: PageFlags, command: Command) =>
    printPage(command, terminal, {
      path: "/admin/v1/corrections",
      flags,
      schema: correctionsAnswer,
      cells: {
        columns: ["corrects", "of", "when (UTC)", "before (USD)", "after (USD)", "by", "because"],
      },
      row: (correction) => [
        correction.corrects,
        correction.of,
        timeText(correction.created),
        correction.before,
        correction.after,
        correction.actor,
        correction.reason,
      ],
      none: "nothing was mended",
    }),
  );
}
