import type { Command } from "commander";
import { Misuse, Refused } from "../failures.ts";
import { integer } from "../flags.ts";
import { type Gateway, withGateway } from "../gateway.ts";
import type { PageFlags } from "../pages.ts";
import { openSession, type Session } from "../session.ts";
import { alignPoints, table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { readAnswer } from "../wire.ts";
import { askToStart, carryOn, watchRun } from "./carry-on.ts";
import { fetchRun } from "./follow.ts";
import { runPath } from "./load.ts";
import { openPlace, peekRun } from "./open-place.ts";
import type { RunPlace } from "./place.ts";
import { type RunFolder, readNames, writeRunFolder } from "./run-folder.ts";
import { afterText, beforeText } from "./run-text.ts";
import { assertCounts, type StartFlags, startOf, withStartFlags } from "./start-flags.ts";
import { type ListedRun, type Run, runAnswer, runsAnswer } from "./wire.ts";

const TARGET = "a run's folder, or its id";

type ResumeFlags = StartFlags & { readonly out?: string; readonly follow?: true };

/** `run resume|pause|cancel|status DIR|ID` and `run list`. */
export function addRunControl(run: Command, terminal: Terminal): void {
  const named = (name: string, description: string): Command =>
    run
      .command(name)
      .description(description)
      .configureHelp({
        showGlobalOptions: true,
        visibleGlobalOptions: () => [...(run.parent?.options ?? [])],
      });
  withStartFlags(
    named("resume", "go on with a run, whatever stopped it; what is done is not paid again")
      .argument("<run>", TARGET)
      .option("--out <place>", "where the pictures go (default: where they went before)")
      .option("--follow", "only watch, where another process writes the pictures"),
  ).action(async (target: string, _flags: object, self: Command) => {
    await resume(openSession(self, terminal), target, ownFlags<ResumeFlags>(self));
  });
  for (const [name, description] of [
    ["pause", "let a run's calls end and begin no others; resume goes on"],
    ["cancel", "end a run: rows that wait are skipped, what is done stays"],
  ] as const) {
    named(name, description)
      .argument("<run>", TARGET)
      .action(async (target: string, _flags: object, self: Command) => {
        ownFlags(self);
        await tell(self, { target, terminal }, async (gateway, id) => {
          const path = `${runPath(id)}/${name}`;
          const answer = await gateway.call({ method: "POST", path, body: {} });
          return readAnswer(runAnswer, answer.body);
        });
      });
  }
  named("status", "where a run stands")
    .argument("<run>", TARGET)
    .action(async (target: string, _flags: object, self: Command) => {
      ownFlags(self);
      await tell(self, { target, terminal }, fetchRun);
    });
  named("list", "runs of the key's account, newest first")
    .option("--limit <count>", "at most so many: 1 to 1000; default: 100", integer)
    .option("--before <cursor>", "the page after the one that named it")
    .action(async (_flags: object, self: Command) => {
      const { limit, before } = ownFlags<PageFlags>(self);
      const query = new URLSearchParams({
        ...(limit === undefined ? {} : { limit: String(limit) }),
        ...(before === undefined ? {} : { before }),
      });
      const answer = await withGateway(openSession(self, terminal), (gateway) =>
        gateway.call({ method: "GET", path: `/v1/runs?${query.toString()}` }),
      );
      const runs = readAnswer(runsAnswer, answer.body);
      const more = runs.next == null ? "" : `\n\nmore: --before ${runs.next}`;
      terminal.result(runs, () => `${listText(runs.data)}${more}`);
    });
}

/**
 * The flags of a command below `run`, of which `run` itself takes those that it has too.
 *
 * @throws Misuse for one of `run FILE` that this command doesn't have: it would be passed over.
 */
function ownFlags<Flags>(self: Command): Flags {
  const own = self.options.map((option) => option.attributeName());
  const foreign = self.parent?.options.find(
    (option) =>
      !own.includes(option.attributeName()) &&
      self.parent?.getOptionValue(option.attributeName()) !== undefined,
  );
  if (foreign === undefined) return self.optsWithGlobals<Flags & object>();
  throw new Misuse(`${foreign.long}: goes with run FILE, not with run ${self.name()}`);
}

async function resume(session: Session, target: string, flags: ResumeFlags): Promise<void> {
  assertCounts(flags);
  const named = await targetOf(session, target);
  await withGateway(
    session,
    async (gateway) => {
      const run = await ownRun(gateway, named);
      if (flags.follow === true) return await watchRun(session, gateway, run.id);
      const out = flags.out ?? named.out;
      if (out === undefined) throw new Misuse(`${run.id}: where to? give its folder, or --out`);
      const there = await peekRun(out, session.config);
      if (there !== undefined && there.run !== run.id) {
        throw new Misuse(`--out ${out}: belongs to ${there.run}`);
      }
      const place = await openPlace(out, session.config, { fresh: there === undefined });
      try {
        const file = named.folder?.file ?? run.name ?? "";
        const world = run.emulated ? "sandbox" : "live";
        await writeRunFolder(place, { run: run.id, world, file });
        await resumeInto(place, { session, gateway }, { run, flags });
      } finally {
        await place.close();
      }
    },
    { minds: true },
  );
}

async function resumeInto(
  place: RunPlace,
  { session, gateway }: { readonly session: Session; readonly gateway: Gateway },
  { run, flags }: { readonly run: Run; readonly flags: ResumeFlags },
): Promise<void> {
  const { terminal } = session;
  const isOver = run.state === "ended" || run.state === "cancelled";
  const again = flags.retryUnknown === true || flags.retryFailed === true;
  if (isOver && again) {
    const flag = flags.retryUnknown === true ? "--retry-unknown" : "--retry-failed";
    throw new Misuse(
      `${run.id} is ${run.state} and no longer has its rows: spotmeter run FILE --out ${place.text} ${flag}`,
    );
  }
  const start = isOver ? undefined : startOf(flags);
  if (!terminal.json && !isOver) {
    terminal.note(`${beforeText(run, { changes: undefined, split: [] })}\n`);
  }
  // What was never agreed to is asked for: a run that began was, by whoever let it begin.
  if (run.state === "ready" || again) {
    await askToStart(run, { yes: flags.yes ?? false, again: flags, target: place.text });
  }
  const names = await readNames(place);
  await carryOn(session, gateway, { run, place, names, changes: undefined, start });
}

type Target = {
  readonly id: string;
  readonly out: string | undefined;
  readonly folder: RunFolder | undefined;
};

async function targetOf({ config }: Session, target: string): Promise<Target> {
  const folder = await peekRun(target, config).catch((cause: unknown) => {
    if (cause instanceof Misuse && /^run_/.test(target)) return undefined;
    throw cause;
  });
  if (folder !== undefined) return { id: folder.run, out: target, folder };
  if (/^run_[\w-]+$/.test(target)) return { id: target, out: undefined, folder: undefined };
  throw new Misuse(`${target}: neither a run's folder nor a run's id (spotmeter run list)`);
}

/** @throws Misuse for a run of the other world, or of another gateway. */
async function ownRun(gateway: Gateway, { id, folder }: Target): Promise<Run> {
  const run = await fetchRun(gateway, id).catch((cause: unknown) => {
    if (folder !== undefined && cause instanceof Refused && cause.said.code === "not_found") {
      throw new Misuse(`${id} is a run of another gateway, home or key`, { cause });
    }
    throw cause;
  });
  if (folder !== undefined && (folder.world === "sandbox") !== run.emulated) {
    throw new Misuse(`${id} is a run of ${folder.world}, and this gateway is not`);
  }
  return run;
}

async function tell(
  self: Command,
  { target, terminal }: { readonly target: string; readonly terminal: Terminal },
  ask: (gateway: Gateway, id: string) => Promise<Run>,
): Promise<void> {
  const session = openSession(self, terminal);
  const named = await targetOf(session, target);
  const run = await withGateway(session, (gateway) => ask(gateway, named.id));
  const counts = { out: undefined, pictures: 0, moderated: 0, failures: 0 };
  terminal.result(run, () => afterText(run, counts, (text) => terminal.style("bold", text)));
}

function listText(runs: readonly ListedRun[]): string {
  if (runs.length === 0) return "no runs";
  const settled = alignPoints(runs.map((run) => run.settled));
  const right = true;
  return table(
    [
      ...[{ name: "id" }, { name: "name" }, { name: "state" }],
      ...[
        { name: "rows", right },
        { name: "done", right },
        { name: "waiting", right },
      ],
      { name: "settled USD" },
    ],
    runs.map(({ id, name, state, rows, counts }, place) => [
      ...[id, name ?? "-", state, String(rows), String(counts.done), String(counts.waiting)],
      settled[place] ?? "",
    ]),
  );
}
