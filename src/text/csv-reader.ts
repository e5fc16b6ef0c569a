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
const RECORD_CHARACTERS_MAX = 1_000_000;

/** In which part of a cell the reader stands. `closing`: behind a quote, which ends the cell or is one of a pair. */
type Place = "begin" | "plain" | "quoted" | "closing";

/**
 * Reads CSV (RFC 4180) piece by piece: `push` returns the records that a piece completes, `end` the last one.
 * Any line ending; empty lines are passed over; a byte order mark in front is dropped. Cells are as written,
 * quotes undone, nothing trimmed.
 *
 * @throws BadCsv for a quote that is never closed, text behind a closing quote, or a record beyond all measure.
 */
export class CsvReader {
  readonly #delimiter: string;
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
    if (delimiter.length !== 1) throw new Error(`not a delimiter: ${JSON.stringify(delimiter)}`);
    this.#delimiter = delimiter;
  }

  push(piece: string): CsvRecord[] {
    const records: CsvRecord[] = [];
    const text = this.#first && piece.startsWith("\uFEFF") ? piece.slice(1) : piece;
    if (piece !== "") this.#first = false;
    for (let index = 0; index < text.length; index += 1) this.#take(text.charAt(index), records);
    return records;
  }

  end(): CsvRecord[] {
    if (this.#place === "quoted") {
      throw new BadCsv(this.#quoteLine, "a quoted cell begins here and never ends");
    }
    const records: CsvRecord[] = [];
    if (this.#length > 0) this.#endRecord(records);
    return records;
  }

  #take(character: string, records: CsvRecord[]): void {
    const lineBreak = character === "\n" || character === "\r";
    // CR LF is one line break: the LF after a CR ends nothing a second time.
    const second = character === "\n" && this.#afterReturn;
    this.#afterReturn = character === "\r";
    if (this.#place === "quoted") {
      if (character === '"') this.#place = "closing";
      else this.#keep(character);
      if (lineBreak && !second) this.#line += 1;
      return;
    }
    if (lineBreak) {
      if (!second) this.#endLine(records);
      return;
    }
    this.#takePlain(character);
  }

  #takePlain(character: string): void {
    if (character === this.#delimiter) {
      this.#endCell();
      return;
    }
    if (character === '"' && this.#place !== "plain") {
      // A second quote behind a closing one stands for a quote of the cell itself.
      if (this.#place === "closing") this.#keep('"');
      else this.#quoteLine = this.#line;
      this.#length += 1;
      this.#place = "quoted";
      return;
    }
    if (this.#place === "closing") {
      throw new BadCsv(this.#line, `text behind a closing quote: ${JSON.stringify(character)}`);
    }
    this.#place = "plain";
    this.#keep(character);
  }

  #keep(character: string): void {
    this.#cell += character;
    this.#length += 1;
    if (this.#length > RECORD_CHARACTERS_MAX) {
      const most = `more than ${RECORD_CHARACTERS_MAX} characters in one record`;
      throw new BadCsv(this.#recordLine, `${most}: a quote that is never closed, or no CSV`);
    }
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = "";
    this.#length += 1;
    this.#place = "begin";
  }

  #endLine(records: CsvRecord[]): void {
    this.#line += 1;
    if (this.#length > 0) this.#endRecord(records);
    this.#recordLine = this.#line;
  }

  #endRecord(records: CsvRecord[]): void {
    this.#endCell();
    records.push({ line: this.#recordLine, cells: this.#cells });
    this.#cells = [];
    this.#length = 0;
  }
}

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
