/** A record of a CSV text and the line on which it begins, counted from 1. Quoted cells may span lines. */
export type CsvRecord = { readonly line: number; readonly cells: readonly string[] };

/** A text that is no CSV: says on which line, and what is wrong there. */
export class BadCsv extends Error {
  override readonly name = "BadCsv";
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** One record is at most so long: a quote that is never closed must not swallow a file of gigabytes. */
const RECORD_CHARACTERS_MAX = 1024 * 1024;

/** In which part of a cell the reader stands. `closing`: behind a quote, which ends the cell or is one of a pair. */
type Place = "begin" | "plain" | "quoted" | "closing";

/**
 * Reads CSV (RFC 4180) piece by piece: `push` gives the records that a piece completes, as it comes to them,
 * `end` the last one. Any line ending; empty lines are passed over; a byte order mark in front is dropped.
 * Cells are as written, quotes undone, nothing trimmed. Never more than one record is held.
 *
 * @throws BadCsv for a quote that is never closed, text behind a closing quote, or a record beyond all measure.
 */
export class CsvReader {
  readonly #delimiter: string;
  /** Everything that ends a run of plain text. */
  readonly #marks: RegExp;
  #place: Place = "begin";
  #cells: string[] = [];
  #cell = "";
  #length = 0;
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  #first = true;
  #afterReturn = false;

  constructor({ delimiter = "," }: { readonly delimiter?: string } = {}) {
    if (!/^[,;\t|]$/.test(delimiter))
      throw new Error(`not a delimiter: ${JSON.stringify(delimiter)}`);
    this.#delimiter = delimiter;
    this.#marks = new RegExp(`["\\r\\n${delimiter}]`, "g");
  }

  *push(piece: string): Generator<CsvRecord> {
    const text = this.#first && piece.startsWith("\uFEFF") ? piece.slice(1) : piece;
    if (piece !== "") this.#first = false;
    for (let at = 0; at < text.length; ) {
      const marks = this.#place === "quoted" ? QUOTED_MARKS : this.#marks;
      marks.lastIndex = at;
      const end = marks.exec(text)?.index ?? text.length;
      if (end > at) this.#run(text.slice(at, end));
      if (end < text.length) yield* this.#mark(text.charAt(end));
      at = end + 1;
    }
  }

  *end(): Generator<CsvRecord> {
    if (this.#place === "quoted") {
      throw new BadCsv(this.#quoteLine, "a quote is opened and never closed");
    }
    if (this.#length > 0) yield this.#record();
  }

  /** Text between two marks. */
  #run(text: string): void {
    this.#afterReturn = false;
    if (this.#place === "closing") {
      const first = JSON.stringify(text.charAt(0));
      throw new BadCsv(this.#line, `text behind a closing quote: ${first}`);
    }
    if (this.#place === "begin") this.#place = "plain";
    this.#keep(text);
  }

  *#mark(mark: string): Generator<CsvRecord> {
    const lineBreak = mark === "\n" || mark === "\r";
    // CR LF is one line break: the LF after a CR ends nothing a second time.
    const second = mark === "\n" && this.#afterReturn;
    this.#afterReturn = mark === "\r";
    if (this.#place === "quoted") {
      if (mark === '"') this.#place = "closing";
      else this.#keep(mark);
      if (lineBreak && !second) this.#line += 1;
    } else if (lineBreak) {
      if (second) return;
      this.#line += 1;
      if (this.#length > 0) yield this.#record();
      this.#recordLine = this.#line;
    } else if (mark === this.#delimiter) this.#endCell();
    else this.#quote();
  }

  #quote(): void {
    if (this.#place === "plain") {
      this.#keep('"');
      return;
    }
    // A second quote behind a closing one stands for a quote of the cell itself.
    if (this.#place === "closing") this.#keep('"');
    else this.#quoteLine = this.#line;
    this.#length += 1;
    this.#place = "quoted";
  }

  #keep(text: string): void {
    this.#cell += text;
    this.#length += text.length;
    if (this.#length <= RECORD_CHARACTERS_MAX) return;
    if (this.#place === "quoted") {
      throw new BadCsv(this.#quoteLine, "a quote is opened and never closed");
    }
    const most = `more than ${RECORD_CHARACTERS_MAX} characters in one record`;
    throw new BadCsv(this.#recordLine, `${most}: no CSV`);
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = "";
    this.#length += 1;
    this.#place = "begin";
  }

  #record(): CsvRecord {
    this.#endCell();
    const record = { line: this.#recordLine, cells: this.#cells };
    this.#cells = [];
    this.#length = 0;
    return record;
  }
}

const QUOTED_MARKS = /["\r\n]/g;

/** All records of a text at once. @throws BadCsv */
export function readCsv(text: string, options: { readonly delimiter?: string } = {}): CsvRecord[] {
  const reader = new CsvReader(options);
  return [...reader.push(text), ...reader.end()];
}

/** What stands between the cells of a text, as its first lines have it: a comma where nothing says otherwise. */
export function delimiterOf(text: string): string {
  const head = text.slice(0, 10_000).split(/\r?\n/, 20);
  const counts = [",", ";", "\t"].map((delimiter) => ({
    delimiter,
    most: head.reduce((most, line) => Math.max(most, line.split(delimiter).length), 0),
  }));
  return counts.reduce((best, each) => (each.most > best.most ? each : best)).delimiter;
}
