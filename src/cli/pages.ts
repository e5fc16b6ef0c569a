import type { Command } from "commander";
import type { z } from "zod";
import { integer } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";

/** Lists of the administration that come in pages, newest first. */

export type PageFlags = {
  readonly account?: string;
  readonly limit?: number;
  readonly before?: string;
};

export function withPage(command: Command, account: string): Command {
  return command
    .option("--account <id>", account)
    .option("--limit <count>", "at most so many: 1 to 1000; default: 100", integer)
    .option("--before <cursor>", "the page after the one that named it");
}

type Cells = { readonly columns: readonly string[]; readonly right?: readonly string[] };

/** Fetches one page and prints it as a table; says how to get the next. */
export async function printPage<Item>(
  command: Command,
  terminal: Terminal,
  of: {
    readonly path: string;
    readonly flags: PageFlags;
    readonly query?: Readonly<Record<string, string>>;
    readonly schema: z.ZodType<{ readonly data: Item[]; readonly next: string | null }>;
    readonly cells: Cells;
    /** One cell a column. */
    readonly row: (item: Item) => readonly string[];
    /** Said when there is nothing. */
    readonly none: string;
  },
): Promise<void> {
  const session = openSession(command, terminal);
  const { account, limit, before } = of.flags;
  const query = new URLSearchParams({
    ...of.query,
    ...(account === undefined ? {} : { account_id: account }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
    ...(before === undefined ? {} : { before }),
  });
  const search = query.size === 0 ? "" : `?${query.toString()}`;
  const answer = await withGateway(session, (gateway) =>
    gateway.administer({ method: "GET", path: `${of.path}${search}` }),
  );
  const page = readAnswer(of.schema, answer.body);
  terminal.result(page, () => {
    if (page.data.length === 0) return of.none;
    const { columns, right = [] } = of.cells;
    const headed = columns.map((name) => ({ name, right: right.includes(name) }));
    const more = page.next === null ? [] : ["", `more: --before ${page.next}`];
    return [table(headed, page.data.map(of.row)), ...more].join("\n");
  });
}

/** A Unix time as people read it, UTC. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace("T", " ").slice(0, 19);
}
