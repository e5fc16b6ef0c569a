import type { Command } from "commander";
import type { Verification, VerifyRequest } from "../audit/verify-journal.ts";
import type { World } from "../ledger/open.ts";
import { EXIT } from "./failures.ts";
import { type FoundLedger, findLedger, onLedger, worldOption } from "./ledger-files.ts";
import { progressLine } from "./progress.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

type VerifyFlags = {
  readonly world?: World;
  readonly incremental?: true;
  readonly head?: string;
  readonly receipts?: string;
};

/** `verify`: computes every bill of the ledger again, from its file or database itself, beside running gateways. */
export function addVerify(program: Command, terminal: Terminal): void {
  program
    .command("verify")
    .description("compute every bill, balance and hash of the ledger again")
    .option("--incremental", "only what came after each account's newest checkpoint")
    .option("--head <file>", "heads kept from an earlier day: each must still lie on its chain")
    .option("--receipts <folder>", "receipts that were handed out: the ledger must say the same")
    .addOption(worldOption())
    .action(async (flags: VerifyFlags, command: Command) => {
      const { config } = openSession(command, terminal);
      const asked = { world: flags.world, doing: "verifying" };
      const ledger = await onLedger(() => findLedger(config, asked, terminal));
      const { verify } = await import("../audit/verify.ts");
      const progress = progressLine();
      const onProgress = (entries: number): void => progress.show(`${entries} entries verified`);
      const found = await onLedger(async () => {
        const request = await requestOf(flags, ledger);
        return verify({ ...ledger.place, ...request, onProgress });
      });
      progress.end();
      terminal.result(found, () => verificationText(ledger.name, found));
      if (!found.ok) terminal.endWith(EXIT.refused);
    });
}

/** Reads the proofs that were kept. @throws ProofUnreadable */
async function requestOf(flags: VerifyFlags, { world }: FoundLedger): Promise<VerifyRequest> {
  const { readHeadFile } = await import("../audit/head-files.ts");
  const { readReceiptFiles } = await import("../audit/receipt-files.ts");
  const { incremental = false, head, receipts } = flags;
  return {
    incremental,
    ...(head === undefined ? {} : { heads: await readHeadFile(head, world) }),
    ...(receipts === undefined ? {} : { receipts: await readReceiptFiles(receipts) }),
  };
}

function verificationText(name: string, found: Verification): string {
  const { entries, receipts, holds_open: open, first_discrepancy: first } = found;
  const counts = [
    `${entries} entries, ${receipts} receipts computed again, ${open} holds open`,
    ...(found.heads_checked === undefined ? [] : [`${found.heads_checked} heads on their chains`]),
    ...(found.receipts_checked === undefined
      ? []
      : [`${found.receipts_checked} receipts as handed out`]),
  ].join(", ");
  const lines =
    first === null
      ? [`ok: ${name}: ${counts}`]
      : [
          `DISCREPANCY in ${name} after ${counts}`,
          `  what      ${first.what}`,
          `  stored    ${first.stored}`,
          `  computed  ${first.computed}`,
          `  entry     ${first.entry ?? "none alone"}`,
          `  root      ${first.root ?? "none alone"}, sequence ${first.sequence ?? "none"}`,
        ];
  return [...lines, ...startText(found)].join("\n");
}

/** An incremental run says what it took at its word. */
function startText({ from_checkpoint: from }: Verification): readonly string[] {
  if (from === undefined) return [];
  if (from.length === 0) return ["no checkpoint so far: everything was read"];
  const before = from.reduce((sum, { sequence }) => sum + sequence, 0);
  return [
    `${before} entries before the checkpoints of ${from.length} accounts were not read:`,
    ...from.map(({ root, sequence }) => `  ${root} from entry ${sequence}`),
  ];
}
