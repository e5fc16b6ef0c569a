import type { RowEnd, Run, RunRow } from "../../ledger/runs-port.ts";
import { pauseAfter } from "./back-off.ts";
import { durably, type EngineGiven } from "./engine-given.ts";
import { RowQueue } from "./row-queue.ts";
import { givenUp, type Verdict } from "./row-verdict.ts";
import { settingsOf } from "./settings.ts";
import { SharedPictures } from "./shared-pictures.ts";
import type { Stop } from "./stop.ts";

/** So many tries in a row, of whatever rows, on which nothing was spent: it is the vendor, not the row. */
const SILENT_AFTER = 8;

type Again = Extract<Verdict, { kind: "again" }>;

/** How a run stands that this process has taken: what the ledger was told of it, and what may be done next. */
export class Standing {
  readonly epoch: number;
  readonly #given: EngineGiven;
  readonly #signal: AbortSignal;
  #run: Run;
  queue: RowQueue;
  readonly shared: SharedPictures | undefined;
  /** Why no more rows go. */
  stop: Stop | undefined;
  /** Somebody else decides on the run now: nothing more is claimed. */
  over = false;
  /** Money was short while others were on their way: what they give back is waited for. */
  short = false;
  /** Nothing goes before this instant, by the process's clock. */
  notBeforeMs = 0;
  readonly #tries = new Map<string, number>();
  #unspentInARow = 0;

  /** @param signal aborted when nothing is waited for any longer. */
  constructor(
    taken: { readonly run: Run; readonly epoch: number },
    given: EngineGiven,
    signal: AbortSignal,
  ) {
    this.epoch = taken.epoch;
    this.#run = taken.run;
    this.#given = given;
    this.#signal = signal;
    this.queue = this.newQueue();
    const { dedupe } = settingsOf(taken.run);
    this.shared = dedupe ? new SharedPictures(given.deps.results) : undefined;
  }

  /** As the ledger has last told it. */
  get run(): Run {
    return this.#run;
  }

  /** Takes what the ledger tells of the run. */
  now(run: Run): void {
    this.#run = run;
  }

  /** All rows that wait, from the first one on. */
  newQueue(): RowQueue {
    const { ledger } = this.#given.deps;
    return new RowQueue((position, limit) => {
      const after = { position, state: "waiting" } as const;
      const asked = { run: this.#run, after, limit, withOrders: true } as const;
      return durably(() => ledger.rows(asked), this.#signal);
    });
  }

  /** A row that wasn't claimed, because it can't go now or at all. */
  async stay(row: RunRow, verdict: Verdict): Promise<void> {
    if (verdict.kind === "end") return await this.land(row, verdict, 0);
    if (verdict.kind === "again") return this.#delay(row, verdict, 1);
    this.queue.putBack([row]);
    if (verdict.kind === "stop") this.stop ??= verdict.stop;
  }

  /** Says what became of a row that was claimed. @param others how many more are on their way. */
  async land(row: RunRow, verdict: Verdict, others: number): Promise<void> {
    const { kind } = verdict;
    if (kind === "again") return await this.#again(row, verdict);
    if (kind === "lost") this.over = true;
    if (kind === "stop") {
      await this.#wait(row);
      this.queue.putBack([row]);
      // What others on their way give back may be enough for it.
      if (verdict.stop.reason === "budget" && others > 0) this.short = true;
      else this.stop ??= verdict.stop;
    }
    if (kind !== "end") return;
    this.#tries.delete(row.row);
    this.#unspentInARow = 0;
    const { state, receiptId, code, detail } = verdict;
    await this.end({ row: row.row, state, receiptId, code, detail });
    this.landed(row, state === "done" ? { row: row.row, receiptId, detail } : undefined);
  }

  /** Tells the ledger the end of a row, or of one whose call's own ending is still on its way there. */
  async end(end: RowEnd): Promise<void> {
    const { ledger } = this.#given.deps;
    const told = await durably(
      () => ledger.endRows({ run: this.#run, epoch: this.epoch, rows: [end] }),
      this.#signal,
    );
    if (told.kind === "decided") this.#run = told.run;
    else this.over = true;
    this.#given.changed();
  }

  /** Gives back the rows that wait for an equal one. */
  landed(row: RunRow, done: Parameters<SharedPictures["landed"]>[1]): void {
    this.queue.putBack(this.shared?.landed(row, done) ?? []);
  }

  async #again(row: RunRow, verdict: Again): Promise<void> {
    const { refusal, counts } = verdict;
    const tries = (this.#tries.get(row.row) ?? 0) + (counts ? 1 : 0);
    this.#tries.set(row.row, tries);
    if (counts) this.#unspentInARow += 1;
    const { triesMax } = this.#given.pauses;
    // Where no untried row is left to tell, it is taken for the row.
    const isVendors = this.#unspentInARow >= SILENT_AFTER && this.queue.hasUntried;
    if (tries >= triesMax && !isVendors) {
      return await this.land(row, givenUp(refusal, tries), 0);
    }
    await this.#wait(row);
    this.#delay(row, verdict, Math.max(1, tries));
    if (tries < triesMax) return;
    const message = `the last ${this.#unspentInARow} calls were all turned away, row ${row.row} ${tries} times: ${refusal.message}`;
    this.stop ??= { reason: "vendor_unavailable", message, row: row.row };
  }

  #delay(row: RunRow, { refusal }: Again, tries: number): void {
    const { retryAfterSeconds, isRetryOurs } = refusal.details;
    const told = isRetryOurs === true ? undefined : retryAfterSeconds;
    const dueMs = performance.now() + pauseAfter(tries, told, this.#given.pauses);
    this.queue.delay(row, dueMs);
    this.landed(row, undefined);
    // A key's own rate: no other row would get through before.
    if (refusal.code === "rate_limited") this.notBeforeMs = dueMs;
  }

  /** Nothing was spent: it waits. */
  async #wait({ row }: RunRow): Promise<void> {
    await this.end({ row, state: "waiting", receiptId: null, code: null, detail: null });
  }
}
