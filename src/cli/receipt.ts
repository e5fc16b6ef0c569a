import type { Command } from "commander";
import { receiptText } from "./bill-text.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { type Receipt, readAnswer, receiptAnswer } from "./wire.ts";

/** `receipt ID`: what a call was charged, and on what evidence. */
export function addReceipt(program: Command, terminal: Terminal): void {
  program
    .command("receipt")
    .description("what a call was charged, and on what evidence")
    .argument("<id>", "rcpt_…, as the answer and `x-receipt-id` named it")
    .action(async (id: string, _flags: object, command: Command) => {
      const session = openSession(command, terminal);
      const receipt = await withGateway(session, (gateway) => fetchReceipt(gateway, id));
      terminal.result(receipt, () => receiptText(receipt, (text) => terminal.style("bold", text)));
    });
}

/** @throws Refused when the key's account has no such receipt. */
export async function fetchReceipt(gateway: Gateway, id: string): Promise<Receipt> {
  const path = `/v1/receipts/${encodeURIComponent(id)}`;
  const answer = await gateway.call({ method: "GET", path });
  return readAnswer(receiptAnswer, answer.body);
}
