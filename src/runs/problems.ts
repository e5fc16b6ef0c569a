/** Something wrong in a file of rows. */
export type RowProblem = {
  /** Counted from 1, as editors do. */
  readonly line: number;
  /** The column, or null where it is the line itself. */
  readonly column: string | null;
  readonly message: string;
};

/** So many are kept to be told, those of the first lines; all are counted. */
const KEPT_MAX = 1_000;

/** Everything that is wrong in a file: a file with any of it is not worked on at all. */
export class Problems {
  #kept: RowProblem[] = [];
  #count = 0;
  /** The last line whose problems are kept, once there are too many. */
  #lineMax = Number.POSITIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** Those of the first lines, in the order of their lines. */
  get kept(): readonly RowProblem[] {
    return this.#kept.toSorted(byLine).slice(0, KEPT_MAX);
  }

  /** @param message made only where it is kept. */
  add(line: number, column: string | null, message: string | (() => string)): void {
    this.#count += 1;
    if (line > this.#lineMax) return;
    const text = typeof message === "string" ? message : message();
    this.#kept.push({ line, column, message: text });
    // Lines come in nearly their order: sorting out what is behind the thousandth is seldom needed.
    if (this.#kept.length < 2 * KEPT_MAX) return;
    this.#kept = [...this.kept];
    this.#lineMax = this.#kept.at(-1)?.line ?? this.#lineMax;
  }
}

function byLine(left: RowProblem, right: RowProblem): number {
  return left.line - right.line;
}
