import type { Row } from "../sql/rows.ts";

/** The columns by which rows are asked for, as text. */
export type Key = readonly string[];

/** Where the rows of a shelf come from, and how long they are good for. */
export type Source<Item> = {
  /** Selects rows of the root `$1` by an array for each column of the key: `$2`, `$3` … */
  readonly sql: string;
  readonly read: (row: Row) => Item;
  readonly keyOf: (item: Item) => Key;
  /**
   * What is still true in the next transaction, when nobody else has written to the root: rows and that
   * there are none, or only rows, because others may add some; or hardly anybody asks for it again.
   */
  readonly keeps: "all" | "rows" | "nothing";
};

/**
 * Rows of one kind as they are committed. Asked for a row that was never loaded it says that there is none
 * and remembers that it is missing: the decision made on that is thrown away.
 */
export class Shelf<Item> {
  readonly #source: Source<Item>;
  /** Empty for a key without rows. */
  readonly #rows = new Map<string, readonly Item[]>();
  readonly #missing = new Map<string, Key>();
  /** Keys without rows. */
  readonly #empty = new Set<string>();
  #asked = new Map<string, Key>();
  #askedBefore = new Map<string, Key>();

  constructor(source: Source<Item>) {
    this.#source = source;
  }

  get sql(): string {
    return this.#source.sql;
  }

  all(...key: string[]): readonly Item[] {
    const name = nameOf(key);
    this.#asked.set(name, key);
    const rows = this.#rows.get(name);
    if (rows === undefined) this.#missing.set(name, key);
    return rows ?? [];
  }

  /** Whatever stands here. */
  present(): readonly Item[] {
    return [...this.#rows.values()].flat();
  }

  get(...key: string[]): Item | undefined {
    return this.all(...key)[0];
  }

  /** Says that these rows will be asked for. */
  want(key: Key): void {
    const name = nameOf(key);
    if (!this.#rows.has(name)) this.#missing.set(name, key);
  }

  get isMissingSomething(): boolean {
    return this.#missing.size > 0;
  }

  /** What has to be loaded. */
  get missing(): readonly Key[] {
    return [...this.#missing.values()];
  }

  /** What the last transaction asked for. */
  get askedBefore(): readonly Key[] {
    return [...this.#askedBefore.values()];
  }

  /** How many keys it holds. */
  get size(): number {
    return this.#rows.size;
  }

  /** Takes the rows that were loaded for these keys, and whatever else came with them. */
  fill(keys: readonly Key[], rows: readonly Row[]): void {
    const groups = new Map<string, Item[]>(keys.map((key) => [nameOf(key), []]));
    for (const row of rows) {
      const item = this.#source.read(row);
      const name = nameOf(this.#source.keyOf(item));
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [item]);
      else group.push(item);
    }
    for (const [name, group] of groups) {
      this.#missing.delete(name);
      this.#rows.set(name, group);
      if (group.length === 0) this.#empty.add(name);
      else this.#empty.delete(name);
    }
  }

  /** A row as it was committed just now. */
  put(item: Item): void {
    const name = nameOf(this.#source.keyOf(item));
    this.#empty.delete(name);
    this.#rows.set(name, [item]);
  }

  drop(...key: string[]): void {
    this.#rows.delete(nameOf(key));
  }

  /** A transaction is over: forgets what may not be true in the next. */
  rest(): void {
    const { keeps } = this.#source;
    if (keeps === "nothing") this.clear();
    if (keeps === "rows") {
      for (const name of this.#empty) this.#rows.delete(name);
      this.#empty.clear();
    }
    this.#askedBefore = this.#asked;
    this.#asked = new Map();
  }

  /** Somebody else has written to the root. */
  clear(): void {
    this.#rows.clear();
    this.#empty.clear();
    this.#missing.clear();
  }
}

/** No text of a column holds a NUL. */
function nameOf(key: Key): string {
  return key.join("\0");
}
