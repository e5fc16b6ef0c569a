import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../gateway/deps.ts";
import type { Run, RunChange, RunRef } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";
import type { RunFiles } from "../../results/run-files.ts";
import type { Pauses } from "./back-off.ts";
import { RunEngine } from "./engine.ts";
import { RowPlaces } from "./row-places.ts";
import { refusedRun, runBusy } from "./run-refusals.ts";
import { stopJson } from "./stop.ts";

/** Runs of processes that have died meanwhile are looked for this often. */
const LOOK_MS = 60_000;
/** So long whoever wants a run that stands waits for the process that has it to give it up. */
const LEAVING_MS = 2_000;

/** Every run that this process carries out, and who waits for news of one. */
export class Runs {
  readonly files: RunFiles;
  /** Of rows that are loaded into runs. */
  readonly places = new RowPlaces();
  readonly #deps: Deps;
  readonly #pauses: Pauses;
  readonly #engines = new Map<
    string,
    { readonly engine: RunEngine; readonly ended: Promise<void> }
  >();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #closing = new AbortController();

  constructor(of: { readonly deps: Deps; readonly files: RunFiles; readonly pauses: Pauses }) {
    this.#deps = of.deps;
    this.files = of.files;
    this.#pauses = of.pauses;
  }

  /**
   * Makes a run this process's, and carries it out from now on.
   *
   * @throws Refusal `run_busy` where somebody has it, `conflict` in a state from which none starts.
   */
  async start(run: RunRef, change: RunChange): Promise<Run> {
    if (this.#closing.signal.aborted) throw new Refusal("not_ready", "the gateway is stopping");
    const { ledger, process } = this.#deps;
    const take = () => ledger.takeRun({ run, process, change });
    const first = await take();
    const taken = first.kind === "busy" && (await this.leaves(run)) ? await take() : first;
    if (taken.kind === "busy") throw runBusy(run.id, taken.process);
    if (taken.kind !== "taken") throw refusedRun(run.id, taken, "started");
    const name = nameOf(run);
    const engine = new RunEngine(taken, {
      deps: this.#deps,
      files: this.files,
      pauses: this.#pauses,
      changed: () => this.#tell(name),
    });
    const ended = engine.work().finally(() => this.#engines.delete(name));
    this.#engines.set(name, { engine, ended });
    return taken.run;
  }

  /** Whether a run that stands is given up by this process within a moment: its last words are on their way. */
  async leaves(run: RunRef): Promise<boolean> {
    const carried = this.#engines.get(nameOf(run));
    if (carried === undefined || (await this.#deps.ledger.run(run))?.state === "running") {
      return false;
    }
    const over = new AbortController();
    const late = sleep(LEAVING_MS, "late", { signal: over.signal }).catch(() => "late");
    const left = await Promise.race([carried.ended.then(() => "left"), late]);
    over.abort();
    return left === "left";
  }

  /** What was sent is waited for; nothing more is. @throws Refusal `conflict` for a run that doesn't run. */
  async pause(run: RunRef, by: string): Promise<Run> {
    const stopped = stopJson({ reason: "paused", message: `paused by ${by}`, row: null });
    const set = await this.#deps.ledger.setRun({
      run,
      from: ["running"],
      state: "paused",
      change: { stopped },
    });
    if (set.kind !== "set") throw refusedRun(run.id, set, "paused");
    this.#halt(run);
    return set.run;
  }

  /** Rows that wait are skipped, and everything that was asked for is erased. Again is harmless. */
  async cancel(run: RunRef): Promise<Run> {
    const closed = await this.#deps.ledger.closeRun({ run, to: "cancelled" });
    if (closed.kind === "unsettled") {
      throw new Refusal("conflict", `run ${run.id} can't be cancelled now: ask again`);
    }
    if (closed.kind !== "closed") throw refusedRun(run.id, closed, "cancelled");
    this.#halt(run);
    await this.files.clear(run);
    return closed.run;
  }

  /** Resolves when something of a run changed here, or after so long: other processes change it too. */
  async news(
    run: RunRef,
    until: { readonly ms: number; readonly left: AbortSignal },
  ): Promise<void> {
    const name = nameOf(run);
    const heard = new AbortController();
    const listeners = this.#listeners.get(name) ?? new Set();
    const listener = () => heard.abort();
    this.#listeners.set(name, listeners.add(listener));
    const signal = AbortSignal.any([heard.signal, until.left, this.#closing.signal]);
    await sleep(until.ms, undefined, { signal }).catch(() => undefined);
    listeners.delete(listener);
    if (listeners.size === 0) this.#listeners.delete(name);
  }

  /** Takes up what an earlier life of this gateway, or a process that has died, left running. */
  async takeUp(): Promise<void> {
    const { ledger, log } = this.#deps;
    for (const run of await ledger.openRuns()) {
      if (this.#engines.has(nameOf(run))) continue;
      try {
        if (run.state === "running") await this.start(run, {});
        else if (run.state === "ended" || run.state === "cancelled") await this.#closeAgain(run);
      } catch (cause) {
        // Its process lives, or somebody was faster.
        if (!(cause instanceof Refusal)) log.error({ run: run.id, cause }, "a run is not taken up");
      }
    }
  }

  /** Takes up what is left, now and again, until it is closed. */
  watch(): void {
    void this.#watch();
  }

  /** Runs that this process carries out now. */
  get running(): number {
    return this.#engines.size;
  }

  /** Claims no more and waits for what was sent; the next start takes the runs up. */
  async close(): Promise<void> {
    this.#closing.abort();
    const engines = [...this.#engines.values()];
    for (const { engine } of engines) engine.halt();
    await Promise.all(engines.map(({ ended }) => ended));
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.takeUp().catch((cause: unknown) => {
        this.#deps.log.error({ cause }, "runs can't be taken up now");
      });
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #closeAgain(run: Run): Promise<void> {
    const to = run.state === "cancelled" ? "cancelled" : "ended";
    await this.#deps.ledger.closeRun({ run, to });
    await this.files.clear(run);
  }

  #halt(run: RunRef): void {
    this.#engines.get(nameOf(run))?.engine.halt();
    this.#tell(nameOf(run));
  }

  #tell(name: string): void {
    for (const listener of this.#listeners.get(name) ?? []) listener();
  }
}

function nameOf({ accountId, id }: RunRef): string {
  return `${accountId} ${id}`;
}
