import type { ClaimedRow, Run, RunRow } from "../../ledger/runs-port.ts";
import { type Boarding, board, lookAhead, type Open } from "./boarding.ts";
import { callRow, type Told } from "./call-row.ts";
import { durably, type EngineGiven, endedCall } from "./engine-given.ts";
import { intentOf } from "./row-order.ts";
import { NEVER_HELD, type Verdict, verdictOfCall, verdictOfRefusal } from "./row-verdict.ts";
import { endedRows, settingsJson, settingsOf } from "./settings.ts";
import { Standing } from "./standing.ts";
import { capStop, type Stop, stopJson } from "./stop.ts";

/** Rows in a state that are read at a time when a run is taken. */
const PAGE = 200;
/** Nobody wakes a run for what another process does: it looks again by itself. */
const LOOK_MS = 5_000;

/**
 * Carries out one run that this process has taken: claims rows under its cap, calls them over the main path, and
 * says what became of each, until nothing waits or something stops it. What it knows is the ledger's: a crash at
 * any line loses nothing that the next one doesn't find.
 */
export class RunEngine {
  readonly #given: EngineGiven;
  readonly #standing: Standing;
  readonly #flights = new Map<string, Promise<void>>();
  readonly #left = new AbortController();
  /** Something has changed since it was last looked. */
  #isNews = false;
  /** As many are on their way as may be. */
  #isFull = false;
  /** All waiting rows were asked for anew, and none has been taken since. */
  #hasAskedAgain = false;
  #wake: () => void = () => undefined;

  constructor(taken: { readonly run: Run; readonly epoch: number }, given: EngineGiven) {
    this.#given = given;
    this.#standing = new Standing(taken, given, this.#left.signal);
  }

  /** Claims no more, and waits for no connection; what was sent is waited for. */
  halt(): void {
    this.#standing.over = true;
    this.#left.abort();
    this.#news();
  }

  #news(): void {
    this.#isNews = true;
    this.#wake();
  }

  /** Resolves when nothing of the run is on its way here any more, and others may take it. Never rejects. */
  async work(): Promise<void> {
    const { log, ledger } = this.#given.deps;
    const standing = this.#standing;
    try {
      await this.#takeUp();
      while (!standing.over) {
        if (await this.#board()) continue;
        if (this.#flights.size === 0 && (await this.#standOrEnd())) break;
        await this.#wait();
      }
    } catch (cause) {
      log.error({ run: standing.run.id, cause }, "a run ended in an error of our own");
      const message = "an error inside the gateway; its operator has been alarmed";
      standing.stop ??= { reason: "error", message, row: null };
    }
    await Promise.all(this.#flights.values());
    try {
      if (standing.stop !== undefined && !standing.over) await this.#stand(standing.stop);
      await ledger.leaveRun({ run: standing.run, epoch: standing.epoch });
    } catch (cause) {
      log.error({ run: standing.run.id, cause }, "a run can't be left; the next start takes it");
    }
    this.#given.changed();
  }

  /** What an earlier holder left on its way, and what is to be tried again. */
  async #takeUp(): Promise<void> {
    const { ledger } = this.#given.deps;
    const { run, epoch, shared } = this.#standing;
    for (const row of await this.#rowsIn("running")) this.#begin(row, () => this.#resolve(row));
    const settings = settingsOf(run);
    if (settings.retry_unknown) await this.#retry("unknown");
    if (settings.retry_failed) await this.#retry("failed");
    if (settings.retry_unknown || settings.retry_failed) {
      // Once for a start: a crash is no reason to pay for the same doubt again.
      const done = { ...settings, retry_unknown: false, retry_failed: false };
      const change = { settings: settingsJson(done) };
      const from = ["running"] as const;
      const set = await this.#durably(() => ledger.setRun({ run, from, epoch, change }));
      if (set.kind === "set") this.#standing.now(set.run);
    }
    await this.#durably(async () => shared?.load(run, ledger));
  }

  /** Puts rows that ended so back to waiting, each under another intent: the one before is taken for ever. */
  async #retry(state: "unknown" | "failed"): Promise<void> {
    const { ledger } = this.#given.deps;
    const { run, epoch } = this.#standing;
    const rows = (await this.#rowsIn(state)).map(({ row, content, attempts }) => ({
      row,
      intent: intentOf({ run: run.id, row, content, attempt: attempts }),
    }));
    if (rows.length > 0) await this.#durably(() => ledger.retryRows({ run, epoch, rows }));
  }

  /** Does it again while the ledger is away. */
  #durably<T>(work: () => Promise<T>): Promise<T> {
    return durably(work, this.#left.signal);
  }

  async #rowsIn(state: "running" | "unknown" | "failed"): Promise<readonly RunRow[]> {
    const found: RunRow[] = [];
    for (;;) {
      const after = { position: found.at(-1)?.position ?? -1, state };
      const { run } = this.#standing;
      const { ledger } = this.#given.deps;
      const rows = await this.#durably(() => ledger.rows({ run, after, limit: PAGE }));
      found.push(...rows);
      if (rows.length < PAGE) return found;
    }
  }

  /** Claims what may go now and sends it on its way. False when nothing could be done. */
  async #board(): Promise<boolean> {
    const standing = this.#standing;
    const nowMs = performance.now();
    if (standing.stop !== undefined || nowMs < standing.notBeforeMs) return false;
    if (standing.short && this.#flights.size > 0) return false;
    const open = await this.#durably(() => lookAhead(standing.run, this.#given));
    if (open.kind === "closed") {
      standing.stop = open.stop;
      return false;
    }
    const most = this.#freePlaces(open);
    this.#isFull = most <= 0;
    const rows = this.#isFull ? [] : await standing.queue.take(standing.short ? 1 : most, nowMs);
    if (rows.length === 0) return false;
    this.#hasAskedAgain = false;
    await this.#claim(await this.#prepared(rows, open));
    return true;
  }

  /** Rows that can be claimed: their pictures are in hand, and they pass their gates today. */
  async #prepared(
    rows: readonly RunRow[],
    { key }: Extract<Open, { kind: "open" }>,
  ): Promise<readonly Boarding[]> {
    const { shared } = this.#standing;
    const boarding: Boarding[] = [];
    for (const [index, row] of rows.entries()) {
      if (await this.#shares(row)) continue;
      const asked = { run: this.#standing.run, row };
      const found = await board(asked, key, { ...this.#given, signal: this.#left.signal });
      if (!("kind" in found)) {
        shared?.took(row);
        boarding.push(found);
        continue;
      }
      const stops = found.kind === "stop";
      // Those behind it wait with it, in their order.
      if (stops) this.#standing.queue.putBack(rows.slice(index + 1));
      await this.#standing.stay(row, found);
      if (stops) break;
    }
    return boarding;
  }

  #freePlaces({ concurrency: usual }: Extract<Open, { kind: "open" }>): number {
    const { run } = this.#standing;
    const { concurrency, sample_at: sampleAt } = settingsOf(run);
    const flying = this.#flights.size;
    const free = (concurrency ?? usual) - flying;
    return sampleAt === null ? free : Math.min(free, sampleAt - endedRows(run) - flying);
  }

  /** Whether another row's picture is this one's too, or will be. */
  async #shares(row: RunRow): Promise<boolean> {
    const { shared } = this.#standing;
    const end = await shared?.endOf(row);
    if (end !== undefined) await this.#standing.end(end);
    return end !== undefined || shared?.waits(row) === true;
  }

  async #claim(boarding: readonly Boarding[]): Promise<void> {
    if (boarding.length === 0) return;
    const { ledger } = this.#given.deps;
    const standing = this.#standing;
    const rows = boarding.map(({ claim }) => claim);
    const claimed = await this.#durably(() =>
      ledger.claimRows({ run: standing.run, epoch: standing.epoch, rows }),
    );
    if (claimed.kind === "decided") standing.now(claimed.run);
    else standing.over = true;
    const back: RunRow[] = [];
    for (const [index, each] of boarding.entries()) {
      const decided = claimed.kind === "decided" ? claimed.rows[index] : undefined;
      if (decided?.kind === "claimed") this.#begin(each.row, () => this.#fly(each));
      else back.push(...this.#notClaimed(each, decided));
    }
    standing.queue.putBack(back);
  }

  /** A row that wasn't claimed. @returns what goes back to the head of the queue for it. */
  #notClaimed({ row, room }: Boarding, decided: ClaimedRow | undefined): readonly RunRow[] {
    const standing = this.#standing;
    room[Symbol.dispose]();
    const waited = standing.shared?.landed(row, undefined) ?? [];
    // Somebody cancelled, revised or took it: what it is now, the ledger says.
    if (decided === undefined || decided.kind === "not_waiting") return waited;
    if (decided.kind === "cap" && this.#flights.size > 0) standing.short = true;
    else if (decided.kind === "cap") standing.stop = capStop(row.row, decided);
    return [row, ...waited];
  }

  #begin(row: RunRow, work: () => Promise<Verdict | undefined>): void {
    const flight = work()
      .then(async (verdict) => {
        const others = this.#flights.size - 1;
        if (verdict === undefined) return;
        const isShort = verdict.kind === "stop" && verdict.stop.reason === "budget";
        if (!isShort) this.#standing.short = false;
        await this.#standing.land(row, verdict, others);
      })
      .catch((cause: unknown) => {
        const { log } = this.#given.deps;
        log.error({ run: this.#standing.run.id, row: row.row, cause }, "a row can't be ended");
        // It stays claimed: whoever takes the run next finds out what became of it.
        const message = `row ${row.row}: an error inside the gateway; its operator has been alarmed`;
        this.#standing.stop ??= { reason: "error", message, row: row.row };
      })
      .finally(() => {
        this.#flights.delete(row.row);
        this.#news();
      });
    this.#flights.set(row.row, flight);
  }

  /** Undefined where its end isn't known before the gateway closes: the next one finds it. */
  async #fly({ row, room, ...ready }: Boarding): Promise<Verdict | undefined> {
    using _room = room;
    const { deps } = this.#given;
    const told = await callRow(
      {
        ...ready,
        name: { id: this.#standing.run.id, row: row.row },
        ceiling: ready.claim.ceiling,
        intent: { scope: row.intent, body: row.content },
      },
      this.#left.signal,
      deps,
    );
    return await this.#verdictOf(row, told);
  }

  async #verdictOf(row: RunRow, { receiptId, refusal }: Told): Promise<Verdict | undefined> {
    if (receiptId !== undefined) return await this.#ended(receiptId, { refusal });
    if (refusal !== undefined && refusal.code !== "internal_error") {
      return verdictOfRefusal(row.row, refusal);
    }
    return await this.#resolve(row);
  }

  /** What became of a row that somebody claimed: by the newest hold that was made for it. */
  async #resolve(row: RunRow): Promise<Verdict | undefined> {
    const { run } = this.#standing;
    const after = { row: row.row };
    const { ledger } = this.#given.deps;
    const [now] = await this.#durably(() => ledger.rows({ run, after, limit: 1 }));
    if (now?.state !== "running") return undefined;
    if (now.receiptId !== null) return await this.#ended(now.receiptId, {});
    return { kind: "again", refusal: NEVER_HELD, counts: false };
  }

  async #ended(
    receiptId: string,
    { refusal }: Partial<Pick<Told, "refusal">>,
  ): Promise<Verdict | undefined> {
    const call = await endedCall(receiptId, this.#given.deps, this.#left.signal);
    return call === undefined ? undefined : verdictOfCall(call, refusal);
  }

  /** Nothing is on its way. True when the run stands or has ended. */
  async #standOrEnd(): Promise<boolean> {
    const standing = this.#standing;
    const { ledger } = this.#given.deps;
    if (standing.stop !== undefined) return true;
    const run = await this.#durably(() => ledger.run(standing.run));
    if (run === undefined || run.state !== "running") return true;
    standing.now(run);
    if (run.counts.waiting === 0) return await this.#close(run);
    const { sample_at: sampleAt } = settingsOf(run);
    if (sampleAt !== null && endedRows(run) >= sampleAt) return await this.#sampled(run);
    // Rows that came back by other ways than through this engine.
    if (standing.queue.isEmpty && !this.#hasAskedAgain) {
      standing.queue = standing.newQueue();
      this.#hasAskedAgain = true;
      this.#isNews = true;
    }
    return false;
  }

  async #close(run: Run): Promise<boolean> {
    const { files, deps } = this.#given;
    const { epoch } = this.#standing;
    const closed = await this.#durably(() => deps.ledger.closeRun({ run, to: "ended", epoch }));
    if (closed.kind === "unsettled") return false;
    if (closed.kind === "closed") await files.clear(run);
    return true;
  }

  async #sampled(run: Run): Promise<boolean> {
    const settings = settingsJson({ ...settingsOf(run), sample: null, sample_at: null });
    const { ledger } = this.#given.deps;
    const { epoch } = this.#standing;
    const change = { settings, stopped: null };
    const state = "sampled";
    await this.#durably(() => ledger.setRun({ run, from: ["running"], epoch, state, change }));
    return true;
  }

  async #stand(stop: Stop): Promise<void> {
    const { ledger } = this.#given.deps;
    const { run, epoch } = this.#standing;
    const change = { stopped: stopJson(stop) };
    const state = "stopped";
    await this.#durably(() => ledger.setRun({ run, from: ["running"], epoch, state, change }));
  }

  /** Until a row has landed, one may be tried again, or it is time to look. */
  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#isNews) return resolve();
      const timer = setTimeout(resolve, this.#waitMs());
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
    this.#isNews = false;
  }

  #waitMs(): number {
    const { queue, notBeforeMs, stop, short } = this.#standing;
    // Until one of those on their way has landed nothing else can go.
    if (this.#isFull || short || stop !== undefined || queue.dueMs === undefined) return LOOK_MS;
    const dueMs = Math.max(queue.dueMs, notBeforeMs);
    return Math.max(1, Math.min(LOOK_MS, Math.ceil(dueMs - performance.now())));
  }
}
