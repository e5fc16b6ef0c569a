import type { Command } from "commander";
import { formatUsd, parseUsd, subtractUsd, sumUsd, ZERO_USD } from "../money/pico-usd.ts";
import { callsLeft } from "../runs/proof/made.ts";
import { confirmSpending, passMaxCost } from "./confirm.ts";
import { EXIT, Misuse, Refused, refused } from "./failures.ts";
import { integer, usd } from "./flags.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { newRunId } from "./measure.ts";
import { withOrderFlags } from "./order.ts";
import { type Begun, drawProof, priceProof } from "./proof/begin.ts";
import { makePictures, type ProofEnd } from "./proof/carry-out.ts";
import { costJson, costsOf, costText, totalOf } from "./proof/cost.ts";
import type { ProofFlags } from "./proof/flags.ts";
import {
  createProofFolder,
  PAGE,
  type ProofFolder,
  readProofFolder,
  resumeProofFolder,
  type StoredProof,
} from "./proof/folder.ts";
import { addList } from "./proof/list.ts";
import { addPreset } from "./proof/preset.ts";
import { quoteRow } from "./proof/quote.ts";
import { addResult } from "./proof/result.ts";
import { addView } from "./proof/view.ts";
import { writeProof } from "./proof/write-page.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

const AT_ONCE_DEFAULT = 4;
const AT_ONCE_MAX = 32;

const HELP = `
FILE is a file of rows as plan takes it. Each drawn row is made at each candidate; proof.html then shows two pictures of
one row at a time, without names or prices. When every pair has a vote: spotmeter proof result FOLDER.`;

/** `proof FILE`: which candidate is good enough, seen with one's own eyes on one's own rows. */
export function addProof(program: Command, terminal: Terminal): void {
  const command = program
    .command("proof")
    .description("your own rows at several models or tiers, voted on blind; asks before it spends")
    .argument("[file]", "CSV or JSONL, as plan takes it; - reads standard input")
    .option("--at <candidates>", "model or model:tier, with commas between")
    .option("--rows <count>", "how many are drawn (24)", integer)
    .option("--ids <ids>", "these rows instead, with commas between")
    .option(
      "--draw-seed <text>",
      "what decides draw, sides and order (default: random, and printed)",
    )
    .option("--tries <count>", "2 makes each picture twice, to tell candidates by pixels", integer)
    .option("--skip-blocked", "draw other rows for those that a candidate can't do")
    .option("--out <folder>", "the proof's folder (default: proof-TIME)")
    .option("--resume <folder>", "go on with a proof; what was paid is not paid again")
    .option("--retry-failed", "with --resume: also what failed, unless a vendor may bill it")
    .option("--retry-unknown", "with --resume: also what a vendor may bill though nothing came")
    .option("--concurrency <calls>", "calls at a time (4)", integer)
    .option("--prompt <text>", "of rows that have none; {column} stands for what the row says")
    .option("--template <file>", "the same from a file")
    .option("--ignore-columns <names>", "with commas between: columns that mean nothing; * for all")
    .option("--encoding <name>", "of the file, such as windows-1252")
    .option("--plan", "only say what it would cost")
    .option("--max-cost <usd>", "refuse when the worst case, all tries included, is above", usd)
    .option("--yes", "don't ask");
  withOrderFlags(command)
    .addHelpText("after", HELP)
    .action(async (file: string | undefined, flags: ProofFlags, self: Command) => {
      await proofAction(file, flags, { session: openSession(self, terminal), terminal });
    });
  addView(command, terminal);
  addResult(command, terminal);
  addPreset(command, terminal);
  addList(command, terminal);
}

type By = { readonly session: Session; readonly terminal: Terminal };

async function proofAction(file: string | undefined, flags: ProofFlags, by: By): Promise<void> {
  const { session, terminal } = by;
  assertFlags(file, flags);
  const stored = flags.resume === undefined ? undefined : await readProofFolder(flags.resume);
  const drawing = file === undefined ? undefined : await drawProof(file, flags, session);
  const done = await withGateway(session, async (gateway) => {
    const patience = { signal: new AbortController().signal, onWait: waitNote(terminal) };
    if (stored !== undefined) {
      return await carryOut(gateway, await repriced(gateway, stored, flags, patience), stored, {
        flags,
        terminal,
      });
    }
    if (drawing === undefined) throw new Misuse("which file? spotmeter proof --help");
    const begun = await priceProof(gateway, drawing, patience);
    return await carryOut(gateway, begun, undefined, { flags, terminal });
  });
  if (done === undefined) return;
  await tell(done.folder, done.end, terminal);
}

function assertFlags(file: string | undefined, flags: ProofFlags): void {
  const { resume, tries, concurrency = AT_ONCE_DEFAULT, rows, ids, at, drawSeed, out } = flags;
  if (file === undefined && resume === undefined) {
    throw new Misuse("which file? spotmeter proof FILE --at CANDIDATES, or --resume FOLDER");
  }
  if (concurrency < 1 || concurrency > AT_ONCE_MAX) {
    throw new Misuse(`--concurrency ${concurrency}: must be from 1 to ${AT_ONCE_MAX}`);
  }
  if (tries !== undefined && tries !== 1 && tries !== 2) {
    throw new Misuse(`--tries ${tries}: must be 1 or 2`);
  }
  if (rows !== undefined && ids !== undefined) throw new Misuse("--rows or --ids, not both");
  if (flags.template !== undefined && flags.prompt !== undefined) {
    throw new Misuse("--prompt or --template, not both");
  }
  if (resume === undefined) {
    if (flags.retryFailed === true || flags.retryUnknown === true) {
      throw new Misuse("--retry-failed and --retry-unknown go with --resume");
    }
    return;
  }
  const fixed = { FILE: file, "--at": at, "--rows": rows, "--ids": ids, "--draw-seed": drawSeed };
  const given = Object.entries({ ...fixed, "--tries": tries, "--out": out }).flatMap(
    ([name, value]) => (value === undefined ? [] : name),
  );
  if (given.length > 0) {
    throw new Misuse(`--resume ${resume}: the proof's own ${given.join(", ")} can't be changed`);
  }
}

function waitNote(terminal: Terminal) {
  return (seconds: number, code: string): void =>
    terminal.note(`waiting ${seconds} s, as the gateway asks (${code})`);
}

function againOf(flags: ProofFlags): Parameters<typeof callsLeft>[2] {
  if (flags.retryUnknown === true) return "all";
  return flags.retryFailed === true ? "spent_nothing" : "none";
}

/** What is left of a proof, priced by today's prices. */
async function repriced(
  gateway: Gateway,
  { job, made }: StoredProof,
  flags: ProofFlags,
  patience: Parameters<typeof quoteRow>[2]["patience"],
): Promise<Begun> {
  const left = callsLeft(job, made, againOf(flags));
  const rows: Begun["rows"][number][] = [];
  for (const row of job.rows) {
    const own = left.filter((call) => call.row === row.id);
    const candidates = job.candidates.filter(({ name }) =>
      own.some(({ candidate }) => candidate === name),
    );
    const { quotes, blocked } = await quoteRow(gateway, row, {
      candidates,
      proof: job.id,
      patience,
    });
    const [first] = blocked;
    if (first !== undefined) {
      throw refused("row_blocked", `${first.row} at ${first.candidate}: ${first.message}`);
    }
    rows.push({ row, quotes });
  }
  return { job, rows };
}

type Done = { readonly folder: ProofFolder; readonly end: ProofEnd };

/** Says what it costs, asks, makes the pictures, writes the page. @returns undefined where only the plan was asked for */
async function carryOut(
  gateway: Gateway,
  { job, rows }: Begun,
  stored: StoredProof | undefined,
  { flags, terminal }: { readonly flags: ProofFlags; readonly terminal: Terminal },
): Promise<Done | undefined> {
  assertSameWorld(job, rows);
  const made = stored?.made ?? [];
  const calls = callsLeft(job, made, againOf(flags));
  const costs = costsOf(
    job.candidates.map(({ name }) => name),
    calls,
    rows,
  );
  const total = totalOf(costs);
  const spent = sumUsd(made.map(({ charged }) => parseUsd(charged)));
  const world = job.emulated ? ", SANDBOX: no real money, and no votes" : "";
  const text = [
    `proof of ${job.rows.length} of ${job.file_rows} rows of ${job.file} at ${job.candidates.length} candidates, drawn by seed ${job.seed}${world}`,
    ...(job.tries === 1 ? [] : ["each picture is made twice (--tries 2)"]),
    ...leftOutText(job),
    "",
    costText(costs),
    ...warningsOf(rows),
  ].join("\n");
  if (flags.plan === true) {
    const json = {
      object: "proof.plan",
      seed: job.seed,
      emulated: job.emulated,
      ...costJson(costs),
    };
    terminal.result({ ...json, left_out: job.left_out }, () => text);
    return undefined;
  }
  if (!terminal.json) terminal.note(`${text}\n`);
  if (!job.emulated && total.calls > 0) terminal.note("LIVE: these calls cost real money");
  if (flags.maxCost !== undefined) passCap(flags.maxCost, total, spent);
  if (flags.yes !== true && total.calls > 0) {
    const [expected, ceiling] = [formatUsd(total.expected), formatUsd(total.ceiling)];
    const real = job.emulated ? " (not real)" : "";
    await confirmSpending(
      `make ${total.calls} pictures, expected ${expected} USD, at most ${ceiling} USD${real}`,
    );
  }
  const folder =
    stored === undefined
      ? await createProofFolder(flags.out ?? `proof-${newRunId(job.created)}`, job)
      : await resumeProofFolder(stored.path);
  const { ceiling } = total;
  const { concurrency: atOnce = AT_ONCE_DEFAULT } = flags;
  const end = await makePictures(gateway, { folder, calls, ceiling, atOnce, terminal });
  return { folder, end };
}

/** Counts what was charged before an interruption too. */
function passCap(
  maxCost: string,
  total: ReturnType<typeof totalOf>,
  spent: ReturnType<typeof sumUsd>,
): void {
  if (spent === ZERO_USD) {
    passMaxCost(`these ${total.calls} pictures`, total, maxCost);
    return;
  }
  const left = subtractUsd(parseUsd(maxCost), spent);
  if (total.calls === 0 || total.ceiling <= left) return;
  throw refused(
    "max_cost_exceeded",
    `--max-cost ${maxCost}: ${formatUsd(spent)} USD were charged before, and these ${total.calls} pictures may cost up to ${formatUsd(total.ceiling)} USD; nothing was sent`,
  );
}

function assertSameWorld(job: Begun["job"], rows: Begun["rows"]): void {
  const worlds = rows.flatMap(({ quotes }) => [...quotes.values()].map(({ emulated }) => emulated));
  if (worlds.every((emulated) => emulated === job.emulated)) return;
  const [was, is] = job.emulated ? ["in the sandbox", "live"] : ["live", "a sandbox"];
  throw new Misuse(`this proof was begun ${was}, this gateway is ${is}: their pictures don't mix`);
}

function leftOutText({ left_out: leftOut }: Begun["job"]): readonly string[] {
  return leftOut.map(
    ({ row, candidate, code, message }) => `left out: ${row}, by ${candidate}: ${code}: ${message}`,
  );
}

function warningsOf(rows: Begun["rows"]): readonly string[] {
  const all = rows.flatMap(({ quotes }) =>
    [...quotes].flatMap(([name, { warnings }]) =>
      warnings.map((each) => `warning: ${name}: ${each}`),
    ),
  );
  return [...new Set(all)];
}

async function tell(folder: ProofFolder, end: ProofEnd, terminal: Terminal): Promise<void> {
  const { path, job } = folder;
  folder.close();
  const { made, early } = end;
  const count = (status: "made" | "failed"): number =>
    made.filter((each) => each.status === status).length;
  const left = callsLeft(job, made, "none").length;
  if (early instanceof Refused) {
    terminal.note(`kept: ${count("made")} pictures in ${path}`);
    terminal.note(`to go on: spotmeter proof --resume ${path}`);
    throw early;
  }
  const blind = await writeProof({ path, job, made });
  const charged = formatUsd(sumUsd(made.map((each) => parseUsd(each.charged))));
  const json = {
    ...{ object: "proof.made", id: job.id, folder: path, seed: job.seed },
    ...{ made: count("made"), failed: count("failed"), left, charged, pairs: blind.pairs.length },
    ...{ page: `${path}/${PAGE}`, emulated: job.emulated },
  };
  terminal.result(json, () =>
    [
      `${json.made} pictures made, ${json.failed} calls failed; charged ${charged} USD${job.emulated ? ", SANDBOX: no real money" : ""}`,
      ...(left === 0
        ? []
        : [`${left} pictures not made; to go on: spotmeter proof --resume ${path}`]),
      `${json.pairs} pairs: open ${json.page}, or spotmeter proof view ${path}`,
    ].join("\n"),
  );
  if (early === "stopped") terminal.endWith(EXIT.refused);
}
