import type { Command } from "commander";
import { usd } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";
import { correctionAnswer } from "./wire-admin.ts";

/** `correct ENTRY`: mends what was posted by a new entry that names it. */
export function addCorrect(program: Command, terminal: Terminal): void {
  program
    .command("correct")
    .description("lower a charge or a funding; set what a vendor billed")
    .argument(
      "<entry-id>",
      "<receipt>.end (the charge), .cost, .late, .exposure, or a funding's id",
    )
    .requiredOption("--amount <usd>", "what it should have been", usd)
    .requiredOption("--reason <text>", "why; it stands in the journal")
    .action(
      async (
        corrects: string,
        { amount, reason }: { readonly amount: string; readonly reason: string },
        command: Command,
      ) => {
        const session = openSession(command, terminal);
        const body = { corrects, amount, reason };
        const answer = await withGateway(session, (gateway) =>
          gateway.administer({ method: "POST", path: "/admin/v1/corrections", body }),
        );
        const corrected = readAnswer(correctionAnswer, answer.body);
        const { of, before, after, entry_id: id } = corrected;
        terminal.result(
          corrected,
          () => `corrected the ${of} ${corrects}: ${before} USD is now ${after} USD (${id})`,
        );
      },
    );
}
