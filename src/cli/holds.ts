import type { Command } from "commander";
import { type PageFlags, printPage, timeText, withPage } from "./pages.ts";
import type { Terminal } from "./terminal.ts";
import { holdsAnswer } from "./wire-admin.ts";

/** `holds`: calls that are under way, and what is reserved for them. */
export function addHolds(program: Command, terminal: Terminal): void {
  const holds = program
    .command("holds")
    .description("calls under way, and what is reserved for each");
  withPage(holds, "of one account and all below it").action(
    async (flags: PageFlags, command: Command) =>
      printPage(command, terminal, {
        path: "/admin/v1/holds",
        flags,
        schema: holdsAnswer,
        cells: { columns: ["receipt", "account", "vendor", "since (UTC)", "held (USD)"] },
        row: (hold) => [hold.id, hold.account_id, hold.vendor, timeText(hold.created), hold.amount],
        none: "no call is under way",
      }),
  );
}
