import { addUsd, type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { COUNTER_MAX } from "../limits.ts";
import type { CounterRow } from "./rows.ts";

/** What is added to a counter. */
export type Counted = Pick<CounterRow, "settled" | "held">;

/** What a node has used in a window: read once, counted on however often, written once. */
export class Counter {
  readonly root: string;
  readonly node: string;
  readonly window: string;
  #settled: PicoUsd;
  #held: PicoUsd;
  #isStored: boolean;
  readonly #changed: Set<Counter>;

  /** @param changed where it notes that it was changed. */
  constructor(
    { root, node, window }: Pick<CounterRow, "root" | "node" | "window">,
    stored: CounterRow | undefined,
    changed: Set<Counter>,
  ) {
    this.root = root;
    this.node = node;
    this.window = window;
    this.#settled = stored?.settled ?? ZERO_USD;
    this.#held = stored?.held ?? ZERO_USD;
    this.#isStored = stored !== undefined;
    this.#changed = changed;
  }

  get settled(): PicoUsd {
    return this.#settled;
  }

  get held(): PicoUsd {
    return this.#held;
  }

  /** Settled and held together. */
  get used(): PicoUsd {
    return addUsd(this.#settled, this.#held);
  }

  get isStored(): boolean {
    return this.#isStored;
  }

  /** @throws Error when it would leave its range: a bug, because every check comes before. */
  add(by: Counted): void {
    const settled = addUsd(this.#settled, by.settled);
    const held = addUsd(this.#held, by.held);
    if (settled < ZERO_USD || settled > COUNTER_MAX || held < ZERO_USD || held > COUNTER_MAX) {
      const { window, node } = this;
      throw new Error(`counter ${window} of ${node}: settled ${settled}, held ${held} p$`);
    }
    this.#settled = settled;
    this.#held = held;
    this.#changed.add(this);
  }

  /** What was added is stored now. */
  keep(): void {
    this.#isStored = true;
  }

  row(): CounterRow {
    const { root, node, window, settled, held } = this;
    return { root, node, window, settled, held };
  }
}

/**
 * Counters, which every call reads and changes by the dozen: found by three short names in turn, which is
 * several times faster than by one long one.
 */
export class CounterTable {
  readonly #read: (root: string, node: string, window: string) => CounterRow | undefined;
  readonly #counters = new Map<string, Map<string, Map<string, Counter>>>();
  readonly #changed = new Set<Counter>();
  #size = 0;

  /** @param read asks the store when a counter isn't here yet. */
  constructor(read: (root: string, node: string, window: string) => CounterRow | undefined) {
    this.#read = read;
  }

  /** The counter of a window, whether or not anything was counted in it. */
  at(root: string, node: string, window: string): Counter {
    const windows = inner(inner(this.#counters, root), node);
    const known = windows.get(window);
    if (known !== undefined) return known;
    const stored = this.#read(root, node, window);
    const counter = new Counter({ root, node, window }, stored, this.#changed);
    windows.set(window, counter);
    this.#size += 1;
    return counter;
  }

  get size(): number {
    return this.#size;
  }

  changes(): { readonly inserted: readonly CounterRow[]; readonly updated: readonly CounterRow[] } {
    const inserted: CounterRow[] = [];
    const updated: CounterRow[] = [];
    for (const counter of this.#changed) {
      (counter.isStored ? updated : inserted).push(counter.row());
    }
    return { inserted, updated };
  }

  settled(): void {
    for (const counter of this.#changed) counter.keep();
    this.#changed.clear();
  }

  forget(): void {
    this.#counters.clear();
    this.#changed.clear();
    this.#size = 0;
  }
}

/** The map under a key, made at first use. */
export function inner<Value>(
  outer: Map<string, Map<string, Value>>,
  key: string,
): Map<string, Value> {
  const known = outer.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, Value>();
  outer.set(key, made);
  return made;
}
