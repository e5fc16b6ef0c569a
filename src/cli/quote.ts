import type { Command } from "commander";
import { quoteText } from "./bill-text.ts";
import { withGateway } from "./gateway.ts";
import { type OrderFlags, readOrder, withOrder } from "./order.ts";
import { type ReferenceFlags, readReferences, withReferences } from "./reference-files.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { quoteAnswer, readAnswer } from "./wire.ts";

/** `quote PROMPT`: gates, expected price and ceiling of an order. Spends nothing. */
export function addQuote(program: Command, terminal: Terminal): void {
  const described = program
    .command("quote")
    .description("what an order is expected to cost, and the most it can");
  withReferences(withOrder(described)).action(
    async (prompt: string, flags: OrderFlags & ReferenceFlags, command: Command) => {
      const session = openSession(command, terminal);
      const body = { ...(await readOrder(prompt, flags)), ...(await readReferences(flags)) };
      const quote = await withGateway(session, async (gateway) => {
        const answer = await gateway.call({ method: "POST", path: "/v1/images/quote", body });
        return readAnswer(quoteAnswer, answer.body);
      });
      terminal.result(quote, () => quoteText(quote, (text) => terminal.style("bold", text)));
    },
  );
}
