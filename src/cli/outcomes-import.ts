import type { Command } from "commander";
import { z } from "zod";
import { Problems } from "../runs/problems.ts";
import { readManifest } from "../runs/read-manifest.ts";
import { assertSound, type OutcomeRow, readOutcomes } from "../runs/read-outcomes.ts";
import { isApiKey } from "./api-key.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { orFailure } from "./plan-failures.ts";
import { progressBar, progressLine } from "./progress.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";

type ImportFlags = {
  readonly manifest?: string;
  readonly ignoreColumns?: string;
  readonly dryRun?: true;
};

/** As many as one request takes. */
const BATCH = 1_000;

const batchAnswer = z.looseObject({
  posted: z.number(),
  unchanged: z.number(),
  problems: z.array(
    z.looseObject({ index: z.number(), param: z.string().nullable(), message: z.string() }),
  ),
});

const HELP = `
FILE is CSV with a header, or JSONL; - reads standard input. Columns are receipt, image (0 for the first picture), kept
(true or false, yes or no, kept or rejected) and reason (such as off-colour). With --manifest a row may name file or id,
as the manifest.jsonl of a run does, in place of receipt and image. All of it is checked before any of it is noted, and
the same file again notes nothing twice.`;

/** `outcomes import FILE`: whether many pictures were kept. */
export function addOutcomesImport(group: Command, terminal: Terminal): void {
  group
    .command("import")
    .description("say of many pictures at once whether they were kept")
    .argument("<file>", "CSV or JSONL; - reads standard input")
    .option("--manifest <file>", "manifest.jsonl of a run: rows name its files or ids")
    .option("--ignore-columns <names>", "with commas between: columns that mean nothing; * for all")
    .option("--dry-run", "check everything and note nothing")
    .addHelpText("after", HELP)
    .action(async (file: string, flags: ImportFlags, command: Command) => {
      const session = openSession(command, terminal);
      const told = await orFailure("noted", () => importFile(file, flags, session));
      terminal.result(told, () => importText(told));
    });
}

async function importFile(file: string, flags: ImportFlags, session: Session) {
  const problems = new Problems();
  const rows = await readRows(file, flags, problems);
  const noted = await withGateway(session, async (gateway) => {
    const batches = batchesOf(rows);
    const post = poster(gateway, isApiKey(session.key));
    await withLine(async (show) => {
      for (const [index, batch] of batches.entries()) {
        show(`${index * BATCH} of ${rows.length} checked`);
        const answer = await post(batch, true);
        for (const { index: at, param, message } of answer.problems) {
          problems.add(batch[at]?.line ?? 1, columnOf(param), message);
        }
      }
    });
    assertSound(file, problems);
    if (flags.dryRun === true) return { posted: 0, unchanged: 0 };
    return withLine((show) => postAll(batches, { post, show, count: rows.length }));
  });
  return {
    object: "outcomes.import",
    file,
    dry_run: flags.dryRun ?? false,
    outcomes: rows.length,
    receipts: new Set(rows.map(({ receipt }) => receipt)).size,
    kept: rows.filter(({ kept }) => kept).length,
    ...noted,
  };
}

/** The sound rows of a file: the gateway looks at those too before all that is wrong is told at once. */
async function readRows(
  file: string,
  flags: ImportFlags,
  problems: Problems,
): Promise<readonly OutcomeRow[]> {
  const ignored = flags.ignoreColumns?.split(",").map((name) => name.trim()) ?? [];
  const bar = progressBar(`reading ${file}`);
  try {
    const manifest =
      flags.manifest === undefined ? undefined : await readManifest(flags.manifest, bar.show);
    const asked = { manifest, ignored: new Set(ignored), progress: bar.show };
    const rows = await readOutcomes(file, asked, problems);
    // Of a file without a sound row nothing is left to ask a gateway about.
    if (rows.length === 0) assertSound(file, problems);
    return rows;
  } finally {
    bar.end();
  }
}

type Post = (batch: readonly OutcomeRow[], dryRun: boolean) => Promise<z.infer<typeof batchAnswer>>;

function poster(gateway: Gateway, own: boolean): Post {
  return async (batch, dryRun) => {
    const outcomes = batch.map(({ receipt, image, kept, reason }) => {
      return { receipt_id: receipt, image, kept, reason };
    });
    const path = own ? "/v1/outcomes" : "/admin/v1/outcomes";
    const asked = { method: "POST", path, body: { outcomes, dry_run: dryRun } } as const;
    const { body } = await (own ? gateway.call(asked) : gateway.administer(asked));
    return readAnswer(batchAnswer, body);
  };
}

async function postAll(
  batches: readonly (readonly OutcomeRow[])[],
  of: { readonly post: Post; readonly show: (text: string) => void; readonly count: number },
) {
  let [posted, unchanged] = [0, 0];
  for (const batch of batches) {
    const answer = await of.post(batch, false);
    posted += answer.posted;
    unchanged += answer.unchanged;
    of.show(`${posted + unchanged} of ${of.count} noted`);
  }
  return { posted, unchanged };
}

/** Sorted by receipt, so that a receipt's pictures go together. */
function batchesOf(rows: readonly OutcomeRow[]): readonly (readonly OutcomeRow[])[] {
  const byReceipt = rows.toSorted((left, right) =>
    left.receipt === right.receipt ? left.line - right.line : left.receipt < right.receipt ? -1 : 1,
  );
  const batches: OutcomeRow[][] = [];
  for (let from = 0; from < byReceipt.length; from += BATCH) {
    batches.push(byReceipt.slice(from, from + BATCH));
  }
  return batches;
}

async function withLine<T>(work: (show: (text: string) => void) => Promise<T>): Promise<T> {
  const line = progressLine();
  try {
    return await work(line.show);
  } finally {
    line.end();
  }
}

/** The API's name of what was wrong, as the file calls it. */
function columnOf(param: string | null): string | null {
  return param === "receipt_id" ? "receipt" : param;
}

function importText(told: Awaited<ReturnType<typeof importFile>>): string {
  const { outcomes, receipts, kept, posted, unchanged, dry_run: dryRun } = told;
  const what = `${outcomes} pictures of ${receipts} receipts: ${kept} kept, ${outcomes - kept} rejected`;
  return dryRun
    ? `${what}; nothing is wrong, and nothing was noted (--dry-run)`
    : `${what}; ${posted} noted, ${unchanged} stood already`;
}
