import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { type SweepName, sweepNames } from "../measure/cell.ts";
import { type Measured, measuredOf } from "../measure/measured.ts";
import type { RunFile } from "../measure/run-file.ts";
import type { Prompts, Standard } from "../measure/standard.ts";
import { planCells, unknownModels } from "../measure/sweeps.ts";
import { packageVersion } from "../start/package.ts";
import { EXIT, Misuse, Refused } from "./failures.ts";
import { integer, usd } from "./flags.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { type CarryOutFlags, carryOut, outcomeOf } from "./measure/carry-out.ts";
import { addDiff } from "./measure/diff.ts";
import {
  createRunFolder,
  readRunFolder,
  resumeRunFolder,
  type StoredRun,
} from "./measure/folder.ts";
import { type Described, describeModels, standardOfPackage } from "./measure/models.ts";
import { writeReport } from "./measure/write-report.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

const REPEATS_MAX = 100;

type MeasureFlags = CarryOutFlags & {
  readonly models?: string;
  readonly repeats?: number;
  readonly prompt?: string;
  readonly editPrompt?: string;
  readonly brandPrompt?: string;
  readonly pictures?: string;
  readonly out?: string;
  readonly resume?: string;
};

/** `measure SWEEP…`: the article's experiments, on any gateway: plan and price first, then calls, then a report. */
export function addMeasure(program: Command, terminal: Terminal): void {
  const measure = program
    .command("measure")
    .description("measure what drives the bill; says what it costs and asks before it spends")
    .argument("[sweeps...]", `${sweepNames.join(", ")}, or all`)
    .option("--models <ids>", "with commas between, in place of each sweep's own")
    .option("--repeats <count>", "calls of each cell; the report gives the spread", integer)
    .option("--prompt <text>", "in place of the standard product prompt; @FILE reads a file")
    .option("--edit-prompt <text>", "in place of the standard prompt for edits")
    .option("--brand-prompt <text>", "in place of the standard prompt of 493 tokens")
    .option("--pictures <which>", "keep all, proof (one of each quality) or none", "proof")
    .option("--out <folder>", "the run's folder (default: measure-TIME)")
    .option("--resume <folder>", "go on with a run; what was paid is not paid again")
    .option("--retry-failed", "with --resume: also make calls again that failed")
    .option("--plan", "only say what it would cost")
    .option("--max-cost <usd>", "refuse when the worst case is above", usd)
    .option("--yes", "don't ask")
    .action(async (sweeps: string[], flags: MeasureFlags, command: Command) => {
      await measureAction(sweeps, flags, { command, terminal });
    });
  addDiff(measure, terminal);
  measure
    .command("report")
    .description("write the report of a run again")
    .argument("<folder>", "a run's folder")
    .action(async (folder: string) => {
      const { run, results } = await readRunFolder(folder);
      await writeReport(folder, measuredOf(run, results));
      terminal.result({ folder, report: `${folder}/report.html` }, () => `${folder}/report.html`);
    });
}

async function measureAction(
  sweeps: readonly string[],
  flags: MeasureFlags,
  of: { readonly command: Command; readonly terminal: Terminal },
): Promise<void> {
  const { terminal } = of;
  const session = openSession(of.command, terminal);
  const begin = await beginning(sweeps, flags, terminal);
  const done = await withGateway(session, async (gateway) => {
    const described = await describeModels(gateway);
    const begun = begin(described);
    assertSameWorld(begun.run, described);
    return await measure(gateway, begun, { flags, terminal });
  });
  if (done.kind === "planned") {
    terminal.result(done.json, () => done.text);
    return;
  }
  const { measured, json } = outcomeOf(done.folder, done.end);
  done.folder.close();
  const { early } = done.end;
  if (early instanceof Refused) {
    await reportAnyway(done.folder.path, measured, terminal);
    terminal.note(`kept: ${json.made + json.failed + json.refused} records in ${json.folder}`);
    terminal.note(`to go on: spotmeter measure --resume ${json.folder}`);
    throw early;
  }
  await writeReport(done.folder.path, measured);
  terminal.result(json, () => outcomeText(json));
  if (early === "stopped") terminal.endWith(EXIT.refused);
}

/** What is asked for, read and checked before any gateway is; @throws Misuse */
async function beginning(
  sweeps: readonly string[],
  flags: MeasureFlags,
  terminal: Terminal,
): Promise<(described: Described) => StoredRun> {
  if (flags.resume !== undefined) {
    const stored = await storedRun(sweeps, flags);
    return () => stored;
  }
  const choice = await readChoice(sweeps, flags);
  return (described) => ({ run: newRun(choice, described, terminal), results: [] });
}

/** The report of a run that ended early; that it can't be written must not hide why the run ended. */
async function reportAnyway(folder: string, measured: Measured, terminal: Terminal): Promise<void> {
  try {
    await writeReport(folder, measured);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    terminal.note(`no report: ${cause.message}`);
  }
}

function measure(
  gateway: Gateway,
  { run, results }: StoredRun,
  of: { readonly flags: MeasureFlags; readonly terminal: Terminal },
) {
  const { flags, terminal } = of;
  const path = flags.resume ?? flags.out ?? `measure-${run.run_id}`;
  const open = () =>
    flags.resume === undefined ? createRunFolder(path, run) : resumeRunFolder(path);
  return carryOut(gateway, { run, before: results, flags, open }, terminal);
}

type Choice = {
  readonly sweeps: readonly SweepName[];
  readonly models: readonly string[] | undefined;
  readonly repeats: number;
  readonly prompts: Prompts;
  readonly pictures: RunFile["pictures"];
  readonly standard: Standard;
};

/** @throws Misuse */
async function readChoice(sweeps: readonly string[], flags: MeasureFlags): Promise<Choice> {
  const standard = standardOfPackage();
  const { repeats = 1, pictures = "proof" } = flags;
  if (repeats < 1 || repeats > REPEATS_MAX) {
    throw new Misuse(`--repeats ${repeats}: must be from 1 to ${REPEATS_MAX}`);
  }
  if (pictures !== "all" && pictures !== "proof" && pictures !== "none") {
    throw new Misuse(`--pictures ${pictures}: must be all, proof or none`);
  }
  if (flags.retryFailed === true) throw new Misuse("--retry-failed goes with --resume");
  const models = flags.models?.split(",").map((id) => id.trim());
  if (models?.includes("")) throw new Misuse(`--models ${flags.models}: an id is empty`);
  const product = await promptOf(flags.prompt);
  const edit = await promptOf(flags.editPrompt);
  const brand = await promptOf(flags.brandPrompt);
  const prompts = {
    ...standard.prompts,
    // The count sweep's short prompt is a product prompt too: an own one takes its place.
    ...(product === undefined ? {} : { product, count: product }),
    ...(edit === undefined ? {} : { edit }),
    ...(brand === undefined ? {} : { brand }),
  };
  return { sweeps: readSweeps(sweeps), models, repeats, prompts, pictures, standard };
}

async function promptOf(given: string | undefined): Promise<string | undefined> {
  if (given === undefined || !given.startsWith("@")) return given;
  try {
    return (await readFile(given.slice(1), "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`prompt ${given}: can't be read: ${why}`, { cause });
  }
}

function readSweeps(given: readonly string[]): SweepName[] {
  if (given.length === 0) throw new Misuse(`which sweeps? ${sweepNames.join(", ")}, or all`);
  if (given.includes("all")) return [...sweepNames];
  const unknown = given.filter((name) => !sweepNames.some((known) => known === name));
  if (unknown.length > 0) {
    throw new Misuse(`unknown sweep ${unknown.join(", ")}: ${sweepNames.join(", ")}, or all`);
  }
  return sweepNames.filter((name) => given.includes(name));
}

/** What a resumed run was asked stands in its folder: nothing of it can be asked otherwise. */
async function storedRun(sweeps: readonly string[], flags: MeasureFlags): Promise<StoredRun> {
  const { models, repeats, prompt, editPrompt, brandPrompt, out, resume = "" } = flags;
  const fixed = { models, repeats, prompt, editPrompt, brandPrompt, out };
  const given = Object.entries(fixed).flatMap(([name, value]) => (value === undefined ? [] : name));
  if (sweeps.length > 0 || given.length > 0) {
    throw new Misuse(
      `--resume ${resume}: the run's own ${[...(sweeps.length > 0 ? ["sweeps"] : []), ...given].join(", ")} can't be changed`,
    );
  }
  return await readRunFolder(resume);
}

function newRun(choice: Choice, described: Described, terminal: Terminal): RunFile {
  const { models, emulated, asOf } = described;
  const unknown = unknownModels(choice.models ?? [], models);
  if (unknown.length > 0) {
    throw new Misuse(
      `--models ${unknown.join(", ")}: not in this gateway's list (spotmeter models)`,
    );
  }
  if (!emulated) terminal.note("LIVE: these calls cost real money");
  const created = new Date().toISOString();
  return {
    object: "measurement",
    format: 1,
    run_id: newRunId(created),
    created,
    version: packageVersion(),
    emulated,
    as_of: asOf,
    prompts: choice.prompts,
    pictures: choice.pictures,
    cells: planCells(choice, choice.standard, models),
    models: [...models],
  };
}

/** "20261126-183500-9f3c2a" */
export function newRunId(created: string): string {
  const time = created.slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return `${time}-${randomBytes(3).toString("hex")}`;
}

function assertSameWorld(run: RunFile, { emulated }: Described): void {
  if (run.emulated === emulated) return;
  const [was, is] = emulated ? ["live", "a sandbox"] : ["in the sandbox", "live"];
  throw new Misuse(`this run was begun ${was}, this gateway is ${is}: their figures don't mix`);
}

function outcomeText(json: ReturnType<typeof outcomeOf>["json"]): string {
  const { folder, made, failed, refused, missing, spent, emulated } = json;
  return [
    `${made} calls made, ${failed} failed, ${refused} cells refused by gate ($0); spent ${spent} USD${emulated ? ", SANDBOX: no real money" : ""}`,
    ...(missing === 0
      ? []
      : [`${missing} calls not made; to go on: spotmeter measure --resume ${folder}`]),
    `report: ${folder}/report.html`,
  ].join("\n");
}
