import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { measuredOf } from "../measure/measured.ts";
import type { RunFile } from "../measure/run-file.ts";
import { unknownModels, watchCells } from "../measure/sweeps.ts";
import { alertsOf, type VendorList, type WatchAlert } from "../measure/watch.ts";
import { packageVersion } from "../start/package.ts";
import { EXIT, Misuse, Refused } from "./failures.ts";
import { integer, usd } from "./flags.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { type CarriedOut, carryOut, outcomeOf } from "./measure/carry-out.ts";
import { compareRuns } from "./measure/diff.ts";
import { createRunFolder, readRunFolder, type StoredRun } from "./measure/folder.ts";
import { type Described, describeModels, standardOfPackage } from "./measure/models.ts";
import { newRunId } from "./measure.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";

const PRICE_AGE_DAYS = 90;
const SHUTDOWN_DAYS = 30;
/** A look a day must stay cheap, whatever the catalog says of its models. */
const MAX_COST_USD = "1";

type WatchFlags = {
  readonly models?: string;
  readonly priceAgeDays: number;
  readonly shutdownDays: number;
  readonly out?: string;
  readonly calls: boolean;
  readonly plan?: true;
  readonly maxCost: string;
  readonly yes?: true;
};

/** `watch`: a small daily measurement, and the vendors' lists against the catalog. Exit code 1: something to look at. */
export function addWatch(program: Command, terminal: Terminal): void {
  program
    .command("watch")
    .description("a small daily measurement, and the vendors' model lists against the catalog")
    .option("--models <ids>", "measure these, with commas between")
    .option("--no-calls", "lists and ages only: spends nothing")
    .option("--price-age-days <days>", "a price last checked longer ago", integer, PRICE_AGE_DAYS)
    .option("--shutdown-days <days>", "an end that is nearer than this", integer, SHUTDOWN_DAYS)
    .option("--out <folder>", "the measurement's folder (default: in the home, under watch/)")
    .option("--plan", "only say what it would cost")
    .option("--max-cost <usd>", "refuse when the worst case is above", usd, MAX_COST_USD)
    .option("--yes", "don't ask")
    .action(async (flags: WatchFlags, command: Command) => {
      await watch(flags, command, terminal);
    });
}

async function watch(flags: WatchFlags, command: Command, terminal: Terminal): Promise<void> {
  const session = openSession(command, terminal);
  const home = join(session.config.home, "watch");
  const look = await withGateway(session, async (gateway) => {
    const described = await describeModels(gateway);
    const lists = await readLists(gateway);
    const done = flags.calls
      ? await measureFew(gateway, { described, flags, home }, terminal)
      : undefined;
    return { described, lists, done };
  });
  const { described, lists, done } = look;
  if (done?.kind === "planned") {
    terminal.result(done.json, () => done.text);
    return;
  }
  const outcome = done === undefined ? undefined : outcomeOf(done.folder, done.end);
  const before =
    done === undefined ? undefined : await lastLook(home, done.folder.path, done.folder.run);
  done?.folder.close();
  if (done?.end.early instanceof Refused) throw done.end.early;
  const now = done === undefined ? undefined : { run: done.folder.run, results: done.end.results };
  const alerts = alertsOf({
    models: described.models,
    lists,
    measured: now === undefined ? undefined : measuredOf(now.run, now.results),
    changes: before === undefined || now === undefined ? [] : compareRuns(before, now).changes,
    today: described.asOf,
    priceAgeDays: flags.priceAgeDays,
    shutdownDays: flags.shutdownDays,
  });
  const json = {
    object: "watch",
    as_of: described.asOf,
    alerts,
    lists: lists.map(({ models, ...list }) => ({ ...list, models: models.length })),
    measurement: outcome?.json ?? null,
    compared_with: before?.run.run_id ?? null,
    emulated: described.emulated,
  };
  terminal.result(json, () => watchText(json, alerts));
  if (alerts.length > 0) terminal.endWith(EXIT.refused);
}

const listsAnswer = z.object({
  data: z.array(
    z.object({
      connection: z.string(),
      vendor: z.string(),
      status: z.enum(["listed", "failed", "no_list_published"]),
      error: z.string().nullable(),
      models: z.array(
        z.object({
          id: z.string(),
          shutdown_date: z.string().nullish(),
          model: z.string().nullable(),
        }),
      ),
    }),
  ),
});

async function readLists(gateway: Gateway): Promise<readonly VendorList[]> {
  const answer = await gateway.administer({ method: "GET", path: "/admin/v1/vendor-models" });
  return readAnswer(listsAnswer, answer.body).data;
}

async function measureFew(
  gateway: Gateway,
  of: { readonly described: Described; readonly flags: WatchFlags; readonly home: string },
  terminal: Terminal,
): Promise<CarriedOut> {
  const { described, flags, home } = of;
  const standard = standardOfPackage();
  const served = described.models.filter(({ available }) => available);
  const asked = flags.models?.split(",").map((id) => id.trim());
  const unknown = unknownModels(asked ?? [], described.models);
  if (unknown.length > 0)
    throw new Misuse(`--models ${unknown.join(", ")}: not in this gateway's list`);
  // By default what is served here: a vendor without a key is no failure.
  const ids =
    asked ?? standard.watch.models.filter((id) => served.some((model) => model.id === id));
  const created = new Date().toISOString();
  const run: RunFile = {
    object: "measurement",
    format: 1,
    run_id: newRunId(created),
    created,
    version: packageVersion(),
    emulated: described.emulated,
    as_of: described.asOf,
    prompts: standard.prompts,
    pictures: "none",
    cells: watchCells(ids, standard, described.models),
    models: [...described.models],
  };
  const open = async () => {
    if (flags.out === undefined) await mkdir(home, { recursive: true });
    return await createRunFolder(flags.out ?? join(home, run.run_id), run);
  };
  return await carryOut(gateway, { run, before: [], flags, open }, terminal);
}

/** The newest look before this one that was made in the same world. */
async function lastLook(
  home: string,
  now: string,
  { emulated }: RunFile,
): Promise<StoredRun | undefined> {
  if (!existsSync(home)) return undefined;
  const names = readdirSync(home).toSorted().toReversed();
  for (const name of names) {
    const path = join(home, name);
    if (path === now) continue;
    const run = await readRunFolder(path).catch((cause: unknown) => {
      // Something else lies there, or a look that was cut short before its first result.
      if (cause instanceof Misuse) return undefined;
      throw cause;
    });
    if (run !== undefined && run.run.emulated === emulated) return run;
  }
  return undefined;
}

function watchText(
  json: {
    readonly as_of: string;
    readonly lists: readonly {
      readonly connection: string;
      readonly status: string;
      readonly models: number;
    }[];
    readonly measurement: ReturnType<typeof outcomeOf>["json"] | null;
    readonly compared_with: string | null;
    readonly emulated: boolean;
  },
  alerts: readonly WatchAlert[],
): string {
  const { measurement } = json;
  const lists = json.lists.map(({ connection, status, models }) =>
    status === "listed"
      ? `${connection}: ${models} image models listed`
      : `${connection}: ${status === "failed" ? "its list can't be read" : "no list published"}`,
  );
  const measured =
    measurement === null
      ? "nothing was called"
      : `${measurement.made} calls made, ${measurement.failed} failed, spent ${measurement.spent} USD, ${json.compared_with === null ? "the first look" : `compared with ${json.compared_with}`}`;
  const found =
    alerts.length === 0
      ? ["nothing to look at"]
      : [
          table(
            ["kind", "about", "what"].map((name) => ({ name })),
            alerts.map(({ kind, about, message }) => [kind, about, message]),
          ),
          "",
          `${alerts.length} things to look at`,
        ];
  const world = json.emulated ? ", SANDBOX: emulators answered, no vendor was looked at" : "";
  return [`${json.as_of}${world}`, measured, ...lists, "", ...found].join("\n");
}
