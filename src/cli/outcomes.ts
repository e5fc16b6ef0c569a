import type { Command } from "commander";
import { z } from "zod";
import { isApiKey } from "./api-key.ts";
import { Misuse } from "./failures.ts";
import { integer } from "./flags.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { addOutcomesImport } from "./outcomes-import.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { outcomesTold, readAnswer } from "./wire.ts";

type OutcomeFlags = {
  readonly image?: number;
  readonly kept?: true;
  readonly rejected?: true;
  readonly reason?: string;
};

const notedAnswer = z.looseObject({
  receipt_id: z.string(),
  posted: z.number(),
  unchanged: z.number(),
  outcomes: outcomesTold,
});
const receiptAnswer = z.looseObject({ id: z.string(), outcomes: outcomesTold });

/** `outcomes RECEIPT`: whether its pictures were kept, said or shown; `outcomes import`: of many at once. */
export function addOutcomes(program: Command, terminal: Terminal): void {
  const command = program
    .command("outcomes")
    .description("say or show whether pictures were kept; no money moves")
    .argument("<receipt>", "rcpt_…; without --image: shows what was said of its pictures")
    .option("--image <place>", "which of its delivered pictures, 0 for the first", integer)
    .option("--kept", "it was kept")
    .option("--rejected", "it was thrown away")
    .option("--reason <words>", "why, such as off-colour: a-z, 0-9, - and _")
    .action(async (receipt: string, flags: OutcomeFlags, self: Command) => {
      const verdict = verdictIn(flags);
      const session = openSession(self, terminal);
      const own = isApiKey(session.key);
      const told = await withGateway(
        session,
        (gateway): Promise<Told> =>
          verdict === undefined
            ? show(receipt, { gateway, own })
            : note(receipt, verdict, { gateway, own }),
      );
      terminal.result(told, () => outcomesText(told));
    });
  addOutcomesImport(command, terminal);
}

/** @throws Misuse for half a verdict. */
function verdictIn({ image, kept, rejected, reason }: OutcomeFlags) {
  if (image === undefined) {
    if (kept === undefined && rejected === undefined && reason === undefined) return undefined;
    throw new Misuse("--image is missing: which picture, 0 for the first");
  }
  if (kept === rejected) throw new Misuse("--kept or --rejected, one of them");
  return { image, kept: kept === true, ...(reason === undefined ? {} : { reason }) };
}

/** What stands of a receipt; `posted` where something was said just now. */
type Told = {
  readonly receipt_id: string;
  readonly posted?: number;
  readonly outcomes: z.infer<typeof outcomesTold>;
};

type Asked = { readonly gateway: Gateway; readonly own: boolean };

async function note(receipt: string, verdict: object, { gateway, own }: Asked) {
  const path = `${own ? "/v1" : "/admin/v1"}/receipts/${encodeURIComponent(receipt)}/outcome`;
  const asked = { method: "POST", path, body: verdict } as const;
  const { body } = await (own ? gateway.call(asked) : gateway.administer(asked));
  return readAnswer(notedAnswer, body);
}

async function show(receipt: string, { gateway, own }: Asked) {
  const path = `${own ? "/v1" : "/admin/v1"}/receipts/${encodeURIComponent(receipt)}`;
  const asked = { method: "GET", path } as const;
  const { body } = await (own ? gateway.call(asked) : gateway.administer(asked));
  const { id, outcomes } = readAnswer(receiptAnswer, body);
  return { object: "outcomes", receipt_id: id, outcomes };
}

function outcomesText({ receipt_id: id, posted, outcomes }: Told): string {
  const said = posted === undefined ? "" : posted === 0 ? ", nothing new" : `, ${posted} noted`;
  if (outcomes.length === 0) return `receipt ${id}: nobody has judged its pictures`;
  return [
    `receipt ${id}${said}`,
    ...outcomes.map(({ image, kept, reason }) => {
      return `  picture ${image}: ${kept ? "kept" : "rejected"}${reason === null ? "" : ` (${reason})`}`;
    }),
  ].join("\n");
}
