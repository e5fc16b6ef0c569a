/** A row of a table and the line that it begins in. */
export type CsvRow =
  | { readonly kind: "row"; readonly line: number; readonly cells: readonly string[] }
  | { readonly kind: "bad"; readonly line: number; readonly why: string };

/** One cell may be so long: beyond it a quote was never closed. */
const CELL_CHARACTERS_MAX = 1024 * 1024;

/**
 * Rows of RFC 4180 text as it streams by: cells in quotes may hold commas, quotes (doubled) and line breaks.
 * Empty lines are no rows. Never more than one row is held: `text/csv-reader.ts` reads texts as a whole.
 */
export async function* csvRows(chunks: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  const reader = new RowReader();
  for await (const chunk of chunks) yield* reader.take(chunk);
  yield* reader.end();
}

const PLAIN_MARKS = /[",\n]/g;
const QUOTED_MARKS = /["\n]/g;

class RowReader {
  #cells: string[] = [];
  #cell = "";
  #quoted = false;
  /** A quote that may end the cell, or be the first of two. */
  #closing = false;
  #line = 1;
  #begins = 1;
  #broken = false;

  *take(chunk: string): Generator<CsvRow> {
    let at = 0;
    while (at < chunk.length && !this.#broken) {
      if (this.#closing) at = this.#close(chunk, at);
      const marks = this.#quoted ? QUOTED_MARKS : PLAIN_MARKS;
      marks.lastIndex = at;
      const mark = marks.exec(chunk);
      this.#cell += chunk.slice(at, mark?.index);
      if (mark === null) break;
      at = mark.index + 1;
      yield* this.#see(mark[0]);
    }
    if (this.#cell.length > CELL_CHARACTERS_MAX) yield* this.#fail();
  }

  *end(): Generator<CsvRow> {
    if (this.#broken) return;
    if (this.#quoted && !this.#closing) yield* this.#fail();
    else yield* this.#row();
  }

  /** After a quote inside a quoted cell: a second one is a quote, anything else ends the quoting. */
  #close(chunk: string, at: number): number {
    this.#closing = false;
    if (chunk[at] === '"') {
      this.#cell += '"';
      return at + 1;
    }
    this.#quoted = false;
    return at;
  }

  *#see(mark: string): Generator<CsvRow> {
    if (mark === '"' && this.#quoted) this.#closing = true;
    else if (mark === '"' && this.#cell === "") this.#quoted = true;
    else if (mark === '"') this.#cell += mark;
    else if (mark === ",") {
      this.#cells.push(this.#cell);
      this.#cell = "";
    } else {
      this.#line += 1;
      if (this.#quoted) this.#cell += mark;
      else yield* this.#row();
    }
  }

  *#row(): Generator<CsvRow> {
    const last = this.#cell.endsWith("\r") ? this.#cell.slice(0, -1) : this.#cell;
    const cells = [...this.#cells, last];
    if (cells.length > 1 || last !== "") yield { kind: "row", line: this.#begins, cells };
    this.#cells = [];
    this.#cell = "";
    this.#quoted = false;
    this.#closing = false;
    this.#begins = this.#line;
  }

  *#fail(): Generator<CsvRow> {
    this.#broken = true;
    yield { kind: "bad", line: this.#begins, why: "a quote is opened and never closed" };
  }
}
