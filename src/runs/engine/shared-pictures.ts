import type { Ledger } from "../../ledger/port.ts";
import type { RowEnd, Run, RunRow } from "../../ledger/runs-port.ts";
import type { ResultStore } from "../../results/port.ts";

/** Rows that are read at a time. */
const PAGE = 500;

/** A row that is done. */
type Done = Pick<RunRow, "row" | "receiptId" | "detail">;

/** Which rows of a run ask for the same: with `dedupe` they share one picture, and one charge. */
export class SharedPictures {
  readonly #results: Pick<ResultStore, "read">;
  readonly #done = new Map<string, Done>();
  /** Contents that are on their way, with those that wait for them. */
  readonly #flying = new Map<string, RunRow[]>();

  constructor(results: Pick<ResultStore, "read">) {
    this.#results = results;
  }

  /** What was done before. */
  async load(run: Run, ledger: Pick<Ledger, "rows">): Promise<void> {
    let position = -1;
    for (;;) {
      const rows = await ledger.rows({ run, after: { position, state: "done" }, limit: PAGE });
      for (const each of rows) if (!each.shared) this.#done.set(each.content, each);
      const [last] = rows.slice(-1);
      if (last === undefined) return;
      position = last.position;
    }
  }

  /** The end of a row whose picture there is already, and can still be fetched; undefined where it has to be made. */
  async endOf({ row, content }: RunRow): Promise<RowEnd | undefined> {
    const done = this.#done.get(content);
    if (done?.receiptId == null || !(await this.#isKept(done.receiptId))) return undefined;
    const { receiptId, detail } = done;
    const told = typeof detail === "object" && detail !== null ? detail : {};
    const shared = { ...told, shared_with: done.row };
    return { row, state: "done", receiptId, shared: true, code: null, detail: shared };
  }

  /** Whether a row waits for an equal one that is on its way; it is given back by `landed`. */
  waits(row: RunRow): boolean {
    const waiting = this.#flying.get(row.content);
    waiting?.push(row);
    return waiting !== undefined;
  }

  took(row: RunRow): void {
    this.#flying.set(row.content, []);
  }

  /** @returns the rows that waited for it. */
  landed(row: RunRow, done: Done | undefined): readonly RunRow[] {
    const waited = this.#flying.get(row.content) ?? [];
    this.#flying.delete(row.content);
    if (done !== undefined) this.#done.set(row.content, done);
    return waited;
  }

  async #isKept(receiptId: string): Promise<boolean> {
    const stored = await this.#results.read(receiptId, "picture-0", () => undefined);
    stored?.body.destroy();
    return stored !== undefined;
  }
}
