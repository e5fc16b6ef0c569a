import { ZERO_USD } from "../../money/pico-usd.ts";
import type { Command } from "../engine/commands.ts";
import type { CallRow, RootRow } from "../engine/rows.ts";
import type { Reads, Table, WorkingSet } from "../engine/working-set.ts";
import { textArray } from "./binary-arrays.ts";
import type { Answers, Statement } from "./connections.ts";
import { foresee } from "./foresight.ts";
import type { Key, Shelf } from "./shelf.ts";
import { emptyShelves, type Shelves } from "./shelves.ts";
import { storable } from "./storable.ts";

/** More keys than this are not kept from one transaction to the next. */
const KEPT_MAX = 20_000;

/** A shelf, whatever stands on it. */
type AnyShelf = Pick<
  Shelf<unknown>,
  "sql" | "size" | "isMissingSomething" | "missing" | "fill" | "rest" | "clear"
>;

/** Statements that load something, and where their answers go. */
export type Loads = {
  readonly statements: readonly Statement[];
  readonly fill: (answers: Answers) => void;
};

/**
 * What this process knows of one root: the row that the transaction has locked, and rows as they were
 * committed. They are kept from one transaction to the next, and trusted as long as the locked row bears
 * the version that this process wrote last; else somebody else has written, and they are forgotten.
 */
export class Known {
  readonly reads: Reads;
  readonly #root: string;
  readonly #shelves: Shelves = emptyShelves();
  readonly #all: readonly AnyShelf[] = Object.values(this.#shelves);
  /** Undefined for a root that isn't there yet. */
  #locked: RootRow | undefined;
  /** Undefined when nothing is known. */
  #version: bigint | undefined;
  /** Somebody else wrote to the root before the last transaction, and is likely to do so again. */
  #isShared = false;

  constructor(root: string) {
    this.#root = root;
    this.reads = readsOf(root, this.#shelves, () => this.#locked);
  }

  /** How many keys it holds. */
  get size(): number {
    return this.#all.reduce((sum, shelf) => sum + shelf.size, 0);
  }

  /** Before the lock: what these commands will ask for, as far as that can be told. */
  foresee(commands: readonly Command[], nowMs: number): Loads {
    if (this.#isShared) {
      this.#forgetRows();
      const { nodes, counters, rates, alerts } = this.#shelves;
      // What the last transaction asked for, this one will ask for too.
      for (const shelf of [nodes, counters, rates, alerts]) {
        for (const key of shelf.askedBefore) shelf.want(key);
      }
    }
    const adoptable = (this.#locked?.adoptableUntilMs ?? 0) >= nowMs;
    foresee(commands, this.#shelves, { adoptable });
    return this.missing();
  }

  /** Takes the row that was locked; undefined when there is none. Forgets what can't be trusted any more. */
  lock(row: RootRow | undefined): void {
    this.#locked = row;
    if (row?.version === this.#version) {
      this.#isShared = false;
      return;
    }
    this.#isShared = this.#version !== undefined;
    this.#version = row?.version;
    this.#forgetRows();
  }

  /** Whether a decision has asked for something that was never loaded, so that it must be made again. */
  get isMissingSomething(): boolean {
    return this.#all.some((shelf) => shelf.isMissingSomething);
  }

  missing(): Loads {
    const { prices, pricesNamed } = this.#shelves;
    const wanted = Object.entries<AnyShelf>(this.#shelves)
      .filter(([, shelf]) => shelf.isMissingSomething)
      .map(([name, shelf]) => ({ name, shelf, keys: shelf.missing }));
    return {
      statements: wanted.map((each) => loadOf(this.#root, each)),
      fill: (answers) => {
        for (const [index, { shelf, keys }] of wanted.entries()) {
          shelf.fill(keys, answers[index]?.rows ?? []);
        }
        if (wanted.some(({ shelf }) => shelf === pricesNamed)) {
          // Stored by another root after it was looked for by its hash.
          for (const price of pricesNamed.present()) prices.put(price);
        }
      },
    };
  }

  /** After the commit: what was written is what is stored now. */
  keep(set: WorkingSet, changedCalls: Iterable<CallRow>): void {
    const { nodes, counters, calls, rates, alerts, prices, pricesNamed, runs } = this.#shelves;
    for (const row of changed(set.roots)) this.#version = row.version;
    for (const row of changed(set.nodes)) nodes.put(row);
    for (const row of changed(set.counters)) counters.put(row);
    for (const row of changed(set.rates)) rates.put(row);
    for (const row of changed(set.alerts)) alerts.put(row);
    for (const run of changed(set.runs)) runs.put(run);
    for (const price of changed(set.prices)) {
      prices.put(price);
      pricesNamed.put(price);
    }
    for (const row of changedCalls) {
      // Hardly anybody asks for a call again once it has ended.
      if (row.ended === null) calls.put(row);
      else calls.drop(row.id);
    }
    for (const shelf of this.#all) shelf.rest();
    if (this.size > KEPT_MAX) this.forget();
  }

  /** After a failure nobody knows what is stored. */
  forget(): void {
    this.#version = undefined;
    this.#isShared = false;
    for (const shelf of this.#all) shelf.clear();
  }

  /** Price versions never change, whoever writes. */
  #forgetRows(): void {
    const { prices, pricesNamed, ...ofRoot } = this.#shelves;
    for (const shelf of Object.values(ofRoot)) shelf.clear();
  }
}

function changed<Item>(table: Pick<Table<Item>, "changes">): readonly Item[] {
  const { inserted, updated } = table.changes();
  return [...inserted, ...updated];
}

function loadOf(
  root: string,
  { name, shelf, keys }: { name: string; shelf: AnyShelf; keys: readonly Key[] },
): Statement {
  const [first = []] = keys;
  const columns = first.map((_, column) => keys.map((key) => storable(key[column] ?? "")));
  return {
    name: `load_${name}`,
    text: shelf.sql,
    values: [root, ...columns.map((values) => textArray(values))],
  };
}

const NO_FIGURES = { settled: ZERO_USD, exposed: ZERO_USD, images: 0 } as const;

function readsOf(root: string, shelves: Shelves, locked: () => RootRow | undefined): Reads {
  /** No transaction spans roots. */
  function ofRoot<Args extends string[], Result>(
    read: (...key: Args) => Result,
  ): (of: string, ...key: Args) => Result {
    return (of, ...key) => {
      if (of !== root) throw new Error(`a transaction of root ${root} asks for root ${of}`);
      return read(...key);
    };
  }
  return {
    root: ofRoot(locked),
    node: (id) => shelves.nodes.get(id),
    tree: (of) => shelves.trees.all(of),
    counter: ofRoot((node, window) => shelves.counters.get(node, window)),
    call: ofRoot((id) => shelves.calls.get(id)),
    entry: ofRoot((id) => shelves.entries.get(id)),
    intent: ofRoot((scope) => shelves.intents.get(scope)),
    adoptable: ofRoot((key, body) => shelves.adoptables.all(key, body)),
    rate: ofRoot((node) => shelves.rates.get(node)),
    alert: (of, node, window, threshold) =>
      ofRoot((limit: string) => shelves.alerts.get(node, window, limit))(of, threshold.toString()),
    correction: ofRoot((corrects) => shelves.corrections.get(corrects)),
    outcome: (of, hold, image) =>
      ofRoot((place: string) => shelves.outcomes.get(hold, place))(of, image.toString()),
    newestStatement: ofRoot((month) => shelves.newestStatements.get(month)),
    price: (sha256) => shelves.prices.get(sha256),
    priceNamed: (id) => shelves.pricesNamed.get(id),
    run: ofRoot((id) => shelves.runs.get(id)),
    runRow: ofRoot((run, id) => shelves.runRows.get(run, id)),
    // A sum has a row for every key: where there is none it was never loaded.
    runFigures: ofRoot((run) => shelves.figures.get(run)?.item ?? NO_FIGURES),
    waitingRows: ofRoot((run) => shelves.waitingRows.all(run)),
    olderRows: (of, run, revision) =>
      ofRoot((newest: string) => shelves.olderRows.all(run, newest).map(({ item }) => item))(
        of,
        revision.toString(),
      ),
    orders: ofRoot((run) => shelves.orders.all(run).map(({ item }) => item)),
    lives: (process) => shelves.beats.get(process) !== undefined,
  };
}
