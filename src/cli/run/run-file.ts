import { newId } from "../../ids.ts";
import { type NameTemplate, parseNameTemplate } from "../../runs/file-names.ts";
import { BadTemplate } from "../../runs/prompt-template.ts";
import { type RunFileRead, readRun } from "../../runs/read-run.ts";
import { parseSplits, type Split } from "../../runs/split.ts";
import { Misuse } from "../failures.ts";
import { type Gateway, withGateway } from "../gateway.ts";
import { orFailure } from "../plan-failures.ts";
import { planSources } from "../plan-sources.ts";
import { progressBar, progressLine } from "../progress.ts";
import type { RowFlags } from "../row-flags.ts";
import type { Session } from "../session.ts";
import { askToStart, carryOn } from "./carry-on.ts";
import { type Loaded, loadRun } from "./load.ts";
import { openPlace, peekRun } from "./open-place.ts";
import type { RunPlace } from "./place.ts";
import { namesOf, type RunFolder, writeNames, writeRunFolder } from "./run-folder.ts";
import { beforeText } from "./run-text.ts";
import { RowSpool } from "./spool.ts";
import { assertCounts, type StartFlags, startOf } from "./start-flags.ts";

export type RunFlags = StartFlags & {
  readonly out?: string;
  readonly name?: string;
  readonly split?: readonly string[];
  readonly dedupe?: true;
  readonly run?: string;
  readonly title?: string;
};

type RunAsked = RunFlags &
  RowFlags & { readonly file: string; readonly out: string; readonly title: string };

/** A file that was read whole, and found good. */
type Read = RunFileRead & {
  readonly rowsToSend: RowSpool;
  readonly names: ReadonlyMap<string, string>;
};

/** Reads a file, loads it into the gateway's run, asks, starts it, and follows it to its end. */
export async function runFile(session: Session, asked: RunAsked): Promise<void> {
  const { out, file, name: nameText, split = [] } = asked;
  const name = nameText === undefined ? undefined : readName(nameText);
  const splits = readSplits(split);
  assertCounts(asked);
  const before = await peekRun(out, session.config);
  const id = runId(asked, before);
  const read = await readFile(session, asked, { id, name, splits });
  try {
    const place = await openPlace(out, session.config, { fresh: before === undefined });
    try {
      await withGateway(
        session,
        async (gateway) => {
          const loaded = await load(gateway, { asked, id, read });
          await writeNames(place, read.names);
          const world = loaded.run.emulated ? "sandbox" : "live";
          await writeRunFolder(place, { run: id, world, file });
          await runLoaded({ session, gateway, place }, { asked, loaded, read });
        },
        { minds: true },
      );
    } finally {
      await place.close();
    }
  } finally {
    read.rowsToSend.dispose();
  }
}

async function runLoaded(
  of: { readonly session: Session; readonly gateway: Gateway; readonly place: RunPlace },
  given: { readonly asked: RunAsked; readonly loaded: Loaded; readonly read: Read },
): Promise<void> {
  const { loaded, read, asked } = given;
  const { run, changes } = loaded;
  const { terminal } = of.session;
  if (!terminal.json) terminal.note(`${beforeText(run, { changes, split: read.split })}\n`);
  const { yes = false, out: target } = asked;
  await askToStart(run, { yes, again: asked, target });
  await carryOn(of.session, of.gateway, {
    ...{ run, place: of.place, names: namesOf(read.names), changes },
    start: startOf(asked),
  });
}

async function readFile(
  session: Session,
  asked: RunAsked,
  of: {
    readonly id: string;
    readonly name: NameTemplate | undefined;
    readonly splits: readonly Split[];
  },
): Promise<Read> {
  // The cap is the run's, no constraint of a choice.
  const { maxCost: _, ...flags } = asked;
  const sources = await planSources(session, flags);
  const rowsToSend = new RowSpool();
  const names = new Map<string, string>();
  const bar = progressBar(`reading ${asked.file}`);
  try {
    const read = await orFailure("sent or created", () =>
      readRun(asked.file, {
        ...sources.asked,
        ...{ run: of.id, name: of.name, splits: of.splits, progress: bar.show },
        take: async ({ id, json, name }) => {
          names.set(id, name);
          await rowsToSend.add(json);
        },
      }),
    );
    return { ...read, rowsToSend, names };
  } catch (cause) {
    rowsToSend.dispose();
    throw cause;
  } finally {
    bar.end();
  }
}

async function load(
  gateway: Gateway,
  of: { readonly asked: RunAsked; readonly id: string; readonly read: Read },
): Promise<Loaded> {
  const { asked, id, read } = of;
  const line = progressLine();
  try {
    return await loadRun(gateway, {
      ...{ id, name: asked.title, file: asked.file, rows: read.rowsToSend },
      settings: settingsOf(asked),
      references: read.references,
      progress: (rows) => line.show(`loading ${rows} of ${read.rows} rows`),
    });
  } finally {
    line.end();
  }
}

function settingsOf(asked: RunAsked): Readonly<Record<string, unknown>> {
  return { ...startOf(asked), ...(asked.dedupe === undefined ? {} : { dedupe: true }) };
}

/** A place keeps to its run: another one needs another place. @throws Misuse */
function runId({ run, out }: RunAsked, before: RunFolder | undefined): string {
  if (run !== undefined && !/^run_[\w-]{1,64}$/.test(run)) {
    throw new Misuse(`--run ${run}: must be run_ and up to 64 letters, digits, _ or -`);
  }
  if (before === undefined) return run ?? newId("run");
  if (run === undefined || run === before.run) return before.run;
  throw new Misuse(`--run ${run}: ${out} belongs to ${before.run}; give another --out`);
}

function readName(text: string): NameTemplate {
  try {
    return parseNameTemplate(text);
  } catch (cause) {
    if (cause instanceof BadTemplate)
      throw new Misuse(`--name ${text}: ${cause.message}`, { cause });
    throw cause;
  }
}

function readSplits(texts: readonly string[]): readonly Split[] {
  try {
    return parseSplits(texts);
  } catch (cause) {
    if (cause instanceof RangeError) throw new Misuse(`--split ${cause.message}`, { cause });
    throw cause;
  }
}
