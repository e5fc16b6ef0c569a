import type { RunRow } from "../../ledger/runs-port.ts";

/** Rows that are looked at before they are called: as many as fit a few moments. */
const PAGE = 64;

/** The rows of a run that wait, in the order of its file; those that are tried again when their time has come. */
export class RowQueue {
  readonly #read: (afterPosition: number, limit: number) => Promise<readonly RunRow[]>;
  #ahead: RunRow[] = [];
  #delayed: { readonly row: RunRow; readonly dueMs: number }[] = [];
  #position = -1;
  #readAll = false;

  /** @param read gives rows that wait, from a place of the file on. */
  constructor(read: (afterPosition: number, limit: number) => Promise<readonly RunRow[]>) {
    this.#read = read;
  }

  /** At most so many rows that may go now. Those whose time has come go before those that weren't tried yet. */
  async take(most: number, nowMs: number): Promise<readonly RunRow[]> {
    const due = this.#delayed.filter(({ dueMs }) => dueMs <= nowMs).slice(0, most);
    this.#delayed = this.#delayed.filter((each) => !due.includes(each));
    const taken = due.map(({ row }) => row);
    while (taken.length < most) {
      if (this.#ahead.length === 0) await this.#fill();
      const next = this.#ahead.shift();
      if (next === undefined) break;
      taken.push(next);
    }
    return taken;
  }

  /** Rows that are taken next, before all others, in this order. */
  putBack(rows: readonly RunRow[]): void {
    this.#ahead.unshift(...rows);
  }

  /** A row that is tried again, not before an instant. */
  delay(row: RunRow, dueMs: number): void {
    this.#delayed.push({ row, dueMs });
  }

  /** When the next delayed row may go; undefined when none is. */
  get dueMs(): number | undefined {
    const instants = this.#delayed.map(({ dueMs }) => dueMs);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  /** Nothing is left that it knows of. */
  get isEmpty(): boolean {
    return this.#readAll && this.#ahead.length + this.#delayed.length === 0;
  }

  /** There may be rows that were never given out. */
  get hasUntried(): boolean {
    return !this.#readAll || this.#ahead.length > 0;
  }

  async #fill(): Promise<void> {
    if (this.#readAll) return;
    const rows = await this.#read(this.#position, PAGE);
    this.#readAll = rows.length < PAGE;
    this.#position = rows.at(-1)?.position ?? this.#position;
    this.#ahead.push(...rows);
  }
}
