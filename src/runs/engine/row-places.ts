import type { Run, RunRef } from "../../ledger/runs-port.ts";

/** The places of rows in the file of a run, counted as they come in, in as many pieces as they come. */
export class RowPlaces {
  readonly #next = new Map<string, number>();

  /** A loading begins. */
  begin(run: RunRef): void {
    this.#next.set(nameOf(run), 0);
  }

  /** The first of so many places. After a crash in the middle of a loading they follow all that there are. */
  take(run: Run, rows: number): number {
    const before = Object.values(run.counts).reduce((sum, each) => sum + each, 0);
    const first = this.#next.get(nameOf(run)) ?? before;
    this.#next.set(nameOf(run), first + rows);
    return first;
  }

  forget(run: RunRef): void {
    this.#next.delete(nameOf(run));
  }
}

function nameOf({ accountId, id }: RunRef): string {
  return `${accountId} ${id}`;
}
