import type { StoredPrice } from "../port.ts";
import type { RunFigures } from "../runs-port.ts";
import type { CallCounters } from "./call-counters.ts";
import { CounterTable } from "./counters.ts";
import type {
  AdoptableRow,
  AlertRow,
  CallRow,
  CorrectionRow,
  CounterRow,
  EntryRow,
  IntentRow,
  NodeRow,
  OutcomeRow,
  RateRow,
  RootRow,
  StatementRow,
} from "./rows.ts";
import type { OrderRecord, RunRecord, RunRowRecord } from "./run-records.ts";

/**
 * What a store can be asked for while a transaction is decided. Undefined means that it isn't there.
 *
 * @throws NotLoaded where the store can't answer at once: it loads what was asked for and begins anew.
 */
export type Reads = {
  readonly root: (root: string) => RootRow | undefined;
  /** By id alone: ids are never given twice. */
  readonly node: (id: string) => NodeRow | undefined;
  readonly tree: (root: string) => readonly NodeRow[];
  readonly counter: (root: string, node: string, window: string) => CounterRow | undefined;
  readonly call: (root: string, id: string) => CallRow | undefined;
  readonly entry: (root: string, id: string) => EntryRow | undefined;
  readonly intent: (root: string, scope: string) => IntentRow | undefined;
  readonly adoptable: (root: string, key: string, body: string) => readonly AdoptableRow[];
  readonly rate: (root: string, node: string) => RateRow | undefined;
  readonly alert: (
    root: string,
    node: string,
    window: string,
    threshold: number,
  ) => AlertRow | undefined;
  /** The newest correction of an entry. */
  readonly correction: (root: string, corrects: string) => CorrectionRow | undefined;
  readonly outcome: (root: string, hold: string, image: number) => OutcomeRow | undefined;
  /** The newest statement of a root and month. */
  readonly newestStatement: (
    root: string,
    month: string,
  ) => Pick<StatementRow, "month" | "ordinal"> | undefined;
  readonly price: (sha256: string) => StoredPrice | undefined;
  readonly priceNamed: (id: string) => StoredPrice | undefined;
} & RunReads;

/** The same of runs. Lists of a chunk at most: `RUN_CHUNK`. */
export type RunReads = {
  readonly run: (root: string, id: string) => RunRecord | undefined;
  readonly runRow: (root: string, run: string, id: string) => RunRowRecord | undefined;
  /** Sums over the calls of a run that have ended. */
  readonly runFigures: (root: string, run: string) => RunFigures;
  readonly waitingRows: (root: string, run: string) => readonly RunRowRecord[];
  /** Those that the loading of this number hasn't brought. */
  readonly olderRows: (root: string, run: string, revision: number) => readonly RunRowRecord[];
  /** Rows that have an order. */
  readonly orders: (root: string, run: string) => readonly string[];
  /** Whether a process that has taken a run runs still. */
  readonly lives: (process: string) => boolean;
};

/** Rows of a run that one transaction closes: others' holds wait for it. */
export const RUN_CHUNK = 500;

/** A row's newest value, and what the store must be told of it. */
type Cell<Row> = { row: Row | undefined; change: "none" | "insert" | "update" };

function changesIn<Row>(changed: Iterable<Cell<Row>>) {
  const inserted: Row[] = [];
  const updated: Row[] = [];
  for (const { row, change } of changed) {
    if (row === undefined || change === "none") continue;
    (change === "insert" ? inserted : updated).push(row);
  }
  return { inserted, updated };
}

/** Rows of one kind: read once, changed however often, written once. */
export class Table<Row> {
  readonly #cells = new Map<string, Cell<Row>>();
  readonly #changed = new Set<Cell<Row>>();

  /** @param read asks the store when the row isn't here yet. */
  get(key: string, read: () => Row | undefined): Row | undefined {
    const cell = this.#cells.get(key);
    if (cell !== undefined) return cell.row;
    const row = read();
    this.#cells.set(key, { row, change: "none" });
    return row;
  }

  /** Sets a row that was read before: present ones are updated, absent ones inserted. */
  set(key: string, row: Row): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) {
      const fresh: Cell<Row> = { row, change: "insert" };
      this.#cells.set(key, fresh);
      this.#changed.add(fresh);
      return;
    }
    if (cell.change === "none") cell.change = cell.row === undefined ? "insert" : "update";
    cell.row = row;
    this.#changed.add(cell);
  }

  get size(): number {
    return this.#cells.size;
  }

  changes(): { readonly inserted: readonly Row[]; readonly updated: readonly Row[] } {
    return changesIn(this.#changed);
  }

  /** What was changed is stored now. */
  settled(): void {
    for (const cell of this.#changed) cell.change = "none";
    this.#changed.clear();
  }

  /** Forgets one row, which must be stored. */
  drop(key: string): void {
    this.#cells.delete(key);
  }

  forget(): void {
    this.#cells.clear();
    this.#changed.clear();
  }
}

/** From a key up to its root: the nodes, their ids, and the ids as a call's row keeps them. */
export type KeyPath = {
  readonly nodes: readonly NodeRow[];
  readonly ids: readonly string[];
  readonly text: string;
};

/** More rows than this are not kept from one transaction to the next. */
const KEPT_MAX = 20_000;

/**
 * Everything that a transaction has read and what it makes of it, written in one go before the commit.
 *
 * Kept from one transaction to the next as long as nobody else writes: the SQLite file has one owner, and
 * in PostgreSQL the root's locked row tells by its version. After a failure it is thrown away.
 */
export class WorkingSet {
  readonly roots = new Table<RootRow>();
  readonly nodes = new Table<NodeRow>();
  readonly counters: CounterTable;
  /** By path, connection and day of a call: found once for all calls of a place. */
  readonly callCounters = new Map<string, Map<string, Map<string, CallCounters>>>();
  /** By key; good as long as no node changes. */
  readonly paths = new Map<string, KeyPath>();
  readonly calls = new Table<CallRow>();
  readonly intents = new Table<IntentRow>();
  readonly rates = new Table<RateRow>();
  readonly alerts = new Table<AlertRow>();
  /** Appended corrections, by their own ids: an entry may be corrected twice in one transaction. */
  readonly corrections = new Table<CorrectionRow>();
  readonly #newestCorrections = new Map<string, CorrectionRow>();
  readonly outcomes = new Table<OutcomeRow>();
  /** Issued ones, by root and number. */
  readonly statements = new Table<StatementRow>();
  readonly #newestStatements = new Map<string, number>();
  readonly prices = new Table<StoredPrice>();
  readonly pricesNamed = new Table<StoredPrice>();
  /** Appended entries, in the order of their chains. */
  readonly entries: EntryRow[] = [];
  readonly #entriesById = new Map<string, EntryRow>();
  /** Calls that came to be adoptable, and those that were taken. */
  readonly adoptables: AdoptableRow[] = [];
  readonly runs = new Table<RunRecord>();
  readonly runRows = new Table<RunRowRecord>();
  /** Orders of rows that were brought or erased, by root, run and row. */
  readonly orders = new Map<string, OrderRecord>();
  /** What this transaction adds to the calls of a run, by root and run. */
  readonly runMoves = new Map<string, RunFigures>();

  readonly reads: Reads;

  constructor(reads: Reads) {
    this.reads = reads;
    this.counters = new CounterTable(reads.counter);
  }

  /** Adds or changes a node. */
  setNode(row: NodeRow): void {
    this.nodes.set(row.id, row);
    this.paths.clear();
  }

  append(entry: EntryRow): void {
    this.entries.push(entry);
    this.#entriesById.set(entry.id, entry);
  }

  /** An entry by its id, appended just now or long ago. */
  entry(root: string, id: string): EntryRow | undefined {
    return this.#entriesById.get(id) ?? this.reads.entry(root, id);
  }

  /** The newest correction of an entry, made just now or long ago. */
  correction(root: string, corrects: string): CorrectionRow | undefined {
    return (
      this.#newestCorrections.get(`${root} ${corrects}`) ?? this.reads.correction(root, corrects)
    );
  }

  correct(row: CorrectionRow): void {
    this.corrections.set(`${row.root} ${row.id}`, row);
    this.#newestCorrections.set(`${row.root} ${row.corrects}`, row);
  }

  /** The outcome that counts of a picture, noted just now or long ago. */
  outcome(root: string, hold: string, image: number): OutcomeRow | undefined {
    return this.outcomes.get(pictureKey({ root, hold, image }), () =>
      this.reads.outcome(root, hold, image),
    );
  }

  /** Sets an outcome that was asked for before. */
  setOutcome(row: OutcomeRow): void {
    this.outcomes.set(pictureKey(row), row);
  }

  /** The place of a root's newest statement of a month; 0 where there is none. */
  newestStatement(root: string, month: string): number {
    const known = this.#newestStatements.get(`${root} ${month}`);
    return known ?? this.reads.newestStatement(root, month)?.ordinal ?? 0;
  }

  issue(row: StatementRow): void {
    this.statements.set(`${row.root} ${row.number}`, row);
    this.#newestStatements.set(`${row.root} ${row.month}`, row.ordinal);
  }

  /** Whether anything has to be written. */
  get changed(): boolean {
    return this.entries.length > 0 || this.adoptables.length > 0 || this.#tables().some(isChanged);
  }

  /** Call before writing: raises the version of every root that was touched. Every change touches its root. */
  seal(): void {
    const { inserted, updated } = this.roots.changes();
    for (const row of [...inserted, ...updated]) {
      this.roots.set(row.root, { ...row, version: row.version + 1n });
    }
  }

  /** Call after the commit: keeps what the next transaction can use. */
  settled(): void {
    const calls = this.calls.changes();
    for (const table of this.#tables()) table.settled();
    this.#forgetBriefOnes();
    // Hardly anybody asks for a call again once it has ended.
    for (const { id, ended } of [...calls.inserted, ...calls.updated]) {
      if (ended !== null) this.calls.drop(id);
    }
    const kept = this.nodes.size + this.counters.size + this.calls.size + this.runs.size;
    if (kept > KEPT_MAX) this.forget();
  }

  /** Throws everything away: the next transaction reads anew. */
  forget(): void {
    for (const table of this.#tables()) table.forget();
    this.paths.clear();
    this.callCounters.clear();
    this.#forgetBriefOnes();
  }

  /** Rows that hardly any later transaction asks for again. */
  #forgetBriefOnes(): void {
    this.intents.forget();
    this.rates.forget();
    this.corrections.forget();
    this.outcomes.forget();
    this.#newestCorrections.clear();
    this.statements.forget();
    this.#newestStatements.clear();
    this.entries.length = 0;
    this.#entriesById.clear();
    this.adoptables.length = 0;
    this.runRows.forget();
    this.orders.clear();
    this.runMoves.clear();
  }

  #tables(): readonly Kept[] {
    return [
      this.roots,
      this.nodes,
      this.counters,
      this.calls,
      this.intents,
      this.rates,
      this.alerts,
      this.corrections,
      this.outcomes,
      this.statements,
      this.prices,
      this.pricesNamed,
      this.runs,
      this.runRows,
    ];
  }
}

function pictureKey({ root, hold, image }: Pick<OutcomeRow, "root" | "hold" | "image">): string {
  return `${root} ${hold} ${image}`;
}

type Kept = Pick<Table<unknown>, "changes" | "settled" | "forget">;

function isChanged(table: Kept): boolean {
  const { inserted, updated } = table.changes();
  return inserted.length + updated.length > 0;
}
