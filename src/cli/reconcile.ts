import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import { EXIT, Misuse, refused } from "./failures.ts";
import { day, integer } from "./flags.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { timeText } from "./pages.ts";
import { reconciliationHtml } from "./reconcile-html.ts";
import { reconciliationText } from "./reconcile-text.ts";
import { openSession } from "./session.ts";
import { withSpinner } from "./spinner.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";
import {
  type Reconciliation,
  reconciliationAnswer,
  reconciliationsAnswer,
} from "./wire-reconcile.ts";

type Flags = {
  readonly connection: string;
  readonly format?: string;
  readonly map?: string;
  readonly encoding?: string;
  readonly timeZone?: string;
  readonly from?: string;
  readonly to?: string;
  readonly discount?: string;
  readonly project?: readonly string[];
  readonly apply?: true;
  readonly report?: string;
};

/** `reconcile FILE…`: what a vendor says it billed, held against the journal; drift ends with exit code 1. */
export function addReconcile(program: Command, terminal: Terminal): void {
  program
    .command("reconcile")
    .description("hold a vendor's bill against the journal; exit code 1 when they differ")
    .argument("<file...>", "the vendor's bill: CSV or JSON as it hands it out")
    .requiredOption("--connection <id>", "whose bill it is")
    .option("--from <day>", "first day, of the vendor's zone (default: the bill's)", day)
    .option("--to <day>", "last day (default: the bill's)", day)
    .option("--discount <part>", "what the vendor takes off its list price: 10% or 0.1")
    .option("--project <id>", "only lines of this project or key are ours; repeatable", collected)
    .option("--format <name>", "how to read it (default: found out)")
    .option("--map <pairs>", "read any table: day=Date,amount=Cost,model=Model,…")
    .option("--encoding <name>", "such as gb18030 (default: found out)")
    .option(
      "--time-zone <name>",
      "of the bill's days, such as Asia/Shanghai (default: the vendor's)",
    )
    .option("--apply", "post the corrections (default: only say what they would be)")
    .option("--report <file>", "write all of it: .html prints well, anything else is text")
    .action(async (files: readonly string[], flags: Flags, command: Command) => {
      const session = openSession(command, terminal);
      const body = { ...bodyOf(flags), files: await Promise.all(files.map(read)) };
      const answer = await withSpinner("reconciling", () =>
        withGateway(session, (gateway) =>
          gateway.administer({ method: "POST", path: "/admin/v1/reconciliations", body }),
        ),
      );
      await tell(readAnswer(reconciliationAnswer, answer.body), flags, terminal);
    });
  addList(program, terminal);
}

function collected(id: string, before: readonly string[] = []): readonly string[] {
  return [...before, id];
}

function bodyOf(flags: Flags): object {
  const { connection, timeZone, project, apply, from, to, discount, format, map, encoding } = flags;
  const given = { from, to, discount, format, map, encoding, time_zone: timeZone };
  return {
    connection,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(project === undefined ? {} : { projects: project }),
    apply: apply === true,
  };
}

async function read(path: string): Promise<{ readonly name: string; readonly content: string }> {
  try {
    return { name: basename(path), content: (await readFile(path)).toString("base64") };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`${path}: can't be read: ${why}`, { cause });
  }
}

async function tell(told: Reconciliation, { report }: Flags, terminal: Terminal): Promise<void> {
  if (report !== undefined) {
    const page = report.endsWith(".html")
      ? reconciliationHtml(told)
      : `${reconciliationText(told, (text) => text)}\n`;
    await writeFile(report, page).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw refused(
        "report_unwritable",
        `the report can't be written: ${why}; ${told.id} is kept`,
        {
          cause,
        },
      );
    });
  }
  terminal.result(told, () => reconciliationText(told, (text) => terminal.style("bold", text)));
  if (told.drift) terminal.endWith(EXIT.refused);
}

/** `reconciliations [ID]`: what was compared before. */
function addList(program: Command, terminal: Terminal): void {
  program
    .command("reconciliations")
    .description("bills that were compared before, newest first; one of them in full")
    .argument("[id]")
    .option("--limit <count>", "at most so many: 1 to 1000; default: 100", integer)
    .option("--report <file>", "write one of them: .html prints well, anything else is text")
    .action(
      async (
        id: string | undefined,
        flags: { readonly limit?: number; readonly report?: string },
        command: Command,
      ) => {
        const session = openSession(command, terminal);
        if (id === undefined) {
          await withGateway(session, (gateway) => list(gateway, flags.limit, terminal));
          return;
        }
        const answer = await withGateway(session, (gateway) =>
          gateway.administer({
            method: "GET",
            path: `/admin/v1/reconciliations/${encodeURIComponent(id)}`,
          }),
        );
        const told = readAnswer(reconciliationAnswer, answer.body);
        const { report } = flags;
        await tell(
          told,
          { connection: told.connection, ...(report === undefined ? {} : { report }) },
          terminal,
        );
      },
    );
}

async function list(
  gateway: Gateway,
  limit: number | undefined,
  terminal: Terminal,
): Promise<void> {
  const path = `/admin/v1/reconciliations${limit === undefined ? "" : `?limit=${limit}`}`;
  const answer = await gateway.administer({ method: "GET", path });
  const { data } = readAnswer(reconciliationsAnswer, answer.body);
  terminal.result({ data }, () =>
    data.length === 0
      ? "no bill was compared yet"
      : table(
          [
            "id",
            "when (UTC)",
            "connection",
            "period",
            "billed",
            "explained",
            "drift",
            "posted",
          ].map((name) => ({ name })),
          data.map((each) => [
            each.id,
            timeText(each.created),
            each.connection,
            `${each.period.from} to ${each.period.to}`,
            each.billed,
            `${each.explained_percent} %`,
            each.drift ? "yes" : "no",
            each.applied === null ? "-" : String(each.applied.posted),
          ]),
        ),
  );
}
