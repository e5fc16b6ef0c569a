import type { Command } from "commander";
import { day } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import { openSession } from "./session.ts";
import { alignPoints, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import {
  type RepricedFigure,
  type RepricedSums,
  type Repricing,
  readAnswer,
  repriceAnswer,
} from "./wire.ts";

type RepriceFlags = {
  readonly from: string;
  readonly to: string;
  readonly since?: string;
  readonly account?: string;
  readonly apply?: true;
};

/** `reprice`: what a corrected price makes of the calls that a wrong one billed; `--apply` posts it. */
export function addReprice(program: Command, terminal: Terminal): void {
  program
    .command("reprice")
    .description("bill again by a corrected price version; charges only become less")
    .requiredOption("--from <version>", "the wrong version, as receipts name it")
    .requiredOption("--to <version>", "the corrected version, in spotmeter.yaml")
    .option("--since <day>", "orders of this UTC day and later", day)
    .option("--account <id>", "this account and all below it (default: all)")
    .option("--apply", "post the corrections (default: only say what they would be)")
    .action(async (flags: RepriceFlags, command: Command) => {
      const session = openSession(command, terminal);
      const { from, to, since, account, apply = false } = flags;
      const body = {
        ...{ from, to, apply },
        ...(since === undefined ? {} : { since }),
        ...(account === undefined ? {} : { account_id: account }),
      };
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "POST", path: "/admin/v1/reprice", body }),
      );
      const repricing = readAnswer(repriceAnswer, answer.body);
      terminal.result(repricing, () => repricingText(repricing));
    });
}

/** What was found for people: a row a call, then what it comes to, then whether anything was posted. */
export function repricingText(repricing: Repricing): string {
  const { from, to, calls, applied, emulated, data_left_out: leftOut } = repricing;
  const corrected = repricing.charges.corrected + repricing.vendor_costs.corrected;
  return [
    `calls billed by ${from}: ${calls}${emulated ? ", SANDBOX: no real money" : ""}`,
    ...(calls === 0 ? [] : ["", callsTable(repricing)]),
    ...(leftOut === 0 ? [] : [`and ${leftOut} more, not listed here but counted below`]),
    "",
    sumsText(`charges by ${to}`, repricing.charges),
    sumsText(`vendor costs by ${to}`, repricing.vendor_costs),
    applied
      ? `posted: ${corrected} corrections`
      : `nothing was posted: --apply posts ${corrected} corrections`,
  ].join("\n");
}

function callsTable({ data }: Repricing): string {
  const column = (of: (row: Repricing["data"][number]) => string | null | undefined): string[] =>
    alignPoints(data.map((row) => of(row) ?? "-"));
  const amounts = [
    column((row) => row.charge?.before),
    column((row) => row.charge?.after),
    column((row) => row.vendor_cost?.before),
    column((row) => row.vendor_cost?.after),
  ];
  return table(
    [
      { name: "receipt" },
      { name: "charge" },
      { name: "recomputed" },
      { name: "vendor cost" },
      { name: "recomputed" },
      { name: "kept" },
    ],
    data.map((row, index) => [
      row.receipt_id,
      ...amounts.map((amount) => amount[index] ?? ""),
      [keptText("charge", row.charge), keptText("vendor cost", row.vendor_cost)]
        .filter((text) => text !== "")
        .join(", "),
    ]),
  );
}

function keptText(what: string, figure: RepricedFigure | null): string {
  return figure?.because == null ? "" : `${what}: ${figure.because}`;
}

function sumsText(what: string, sums: RepricedSums): string {
  const { corrected, before, after, difference, unchanged } = sums;
  const kept = Object.entries(sums.kept).map(([because, count]) => `${count} kept (${because})`);
  const counts = [`${corrected} corrected`, `${unchanged} unchanged`, ...kept].join(", ");
  return `${what}: ${counts}; ${before} becomes ${after} USD, difference ${difference}`;
}
