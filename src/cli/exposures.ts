import type { Command } from "commander";
import { usd } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import { type PageFlags, printPage, timeText, withPage } from "./pages.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";
import { correctionAnswer, exposuresAnswer } from "./wire-admin.ts";

/** `exposures [close]`: what vendors may bill the house though nobody is charged. */
export function addExposures(program: Command, terminal: Terminal): void {
  const exposures = program
    .command("exposures")
    .description("what vendors may bill though nobody is charged; open ones")
    .option("--all", "the closed ones too");
  withPage(exposures, "of one account and all below it, or of one key").action(
    async (flags: PageFlags & { readonly all?: true }, command: Command) =>
      printPage(command, terminal, {
        path: "/admin/v1/exposures",
        flags,
        query: { open: flags.all === true ? "false" : "true" },
        schema: exposuresAnswer,
        cells: {
          columns: [
            "receipt",
            "account",
            "model",
            "since (UTC)",
            "because",
            "at most (USD)",
            "billed",
          ],
        },
        row: (exposure) => [
          exposure.receipt_id,
          exposure.account_id,
          exposure.model,
          timeText(exposure.opened),
          exposure.reason,
          exposure.amount,
          exposure.billed ?? "open",
        ],
        none: flags.all === true ? "there is no exposure" : "no exposure is open",
      }),
  );
  addClose(exposures, terminal);
}

function addClose(exposures: Command, terminal: Terminal): void {
  exposures
    .command("close")
    .description("say what the vendor billed for it")
    .argument("<receipt-id>")
    .requiredOption("--billed <usd>", "0: nothing", usd)
    .requiredOption("--reason <text>", "how that is known")
    .action(
      async (
        id: string,
        { billed, reason }: { readonly billed: string; readonly reason: string },
        command: Command,
      ) => {
        const session = openSession(command, terminal);
        const path = `/admin/v1/exposures/${encodeURIComponent(id)}/close`;
        const answer = await withGateway(session, (gateway) =>
          gateway.administer({ method: "POST", path, body: { billed, reason } }),
        );
        const closed = readAnswer(correctionAnswer, answer.body);
        terminal.result(
          closed,
          () =>
            `closed ${closed.corrects}: at most ${closed.before} USD were feared, ${closed.after} were billed (${closed.entry_id})`,
        );
      },
    );
}
