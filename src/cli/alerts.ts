import type { Command } from "commander";
import { type PageFlags, printPage, timeText, withPage } from "./pages.ts";
import type { Terminal } from "./terminal.ts";
import { alertsAnswer } from "./wire-admin.ts";

/** `alerts`: limits of which 50, 80 or 100 % are used, said once a window. */
export function addAlerts(program: Command, terminal: Terminal): void {
  const alerts = program.command("alerts").description("limits of which 50, 80 or 100 % are used");
  withPage(alerts, "of one account, or of one key").action(
    async (flags: PageFlags, command: Command) =>
      printPage(command, terminal, {
        path: "/admin/v1/alerts",
        flags,
        schema: alertsAnswer,
        cells: {
          columns: [
            "account or key",
            "limit",
            "window",
            "reached",
            "used (USD)",
            "of",
            "when (UTC)",
          ],
        },
        row: (alert) => [
          alert.node_id,
          alert.limit,
          alert.window ?? "-",
          `${alert.threshold} %`,
          alert.used,
          alert.of,
          timeText(alert.created),
        ],
        none: "no limit is half used",
      }),
  );
}
