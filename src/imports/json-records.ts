import type { Field, Fields } from "./port.ts";

/**
 * JSON objects out of text as it streams by, one at a time: the lines of a file, the elements of an array, or
 * (`pages`) the elements of the arrays in one object after another. Never more than one object is held.
 */

/** An object and where it begins; `text` is undefined where something else stands in its place. */
type Piece = { readonly line: number; readonly text: string };

export type JsonRecord =
  | { readonly kind: "record"; readonly line: number; readonly fields: Fields }
  /** What a page says beside its records, once all of them have passed. */
  | { readonly kind: "page"; readonly line: number; readonly fields: Fields }
  | { readonly kind: "bad"; readonly line: number; readonly why: string };

/** Only these move the reader: everything between them is copied. */
const MARKS = /["\\{}[\]\n]/g;

/** One object may be so long: beyond it the file is another kind of file. */
const RECORD_CHARACTERS_MAX = 4 * 1024 * 1024;

export async function* jsonRecords(
  chunks: AsyncIterable<string>,
  of: { readonly pages: boolean },
): AsyncGenerator<JsonRecord> {
  const cutter = new Cutter(of.pages);
  for await (const chunk of chunks) yield* cutter.take(chunk);
  yield* cutter.end();
}

class Cutter {
  readonly #pages: boolean;
  /** What is open: `{` and `[`, outermost first. */
  #open = "";
  #inString = false;
  #escaped = false;
  #line = 1;
  /** The object that is being gathered, and how deep it lies. */
  #record: { line: number; text: string; depth: number } | undefined;
  /** What stands around the records of a page. */
  #around = { line: 1, text: "" };
  #broken = false;

  constructor(pages: boolean) {
    this.#pages = pages;
  }

  *take(chunk: string): Generator<JsonRecord> {
    if (this.#broken) return;
    let from = 0;
    MARKS.lastIndex = 0;
    for (let mark = MARKS.exec(chunk); mark !== null; mark = MARKS.exec(chunk)) {
      const at = mark.index;
      const next = MARKS.lastIndex;
      if (this.#escaped && at > from) this.#escaped = false;
      this.#keep(chunk.slice(from, at));
      from = next;
      yield* this.#see(mark[0]);
      if (this.#broken) return;
      MARKS.lastIndex = next;
    }
    if (this.#escaped && from < chunk.length) this.#escaped = false;
    this.#keep(chunk.slice(from));
    if ((this.#record?.text.length ?? 0) > RECORD_CHARACTERS_MAX) {
      yield* this.#fail("a record of more than 4 MiB: not an export of usage");
    }
  }

  *end(): Generator<JsonRecord> {
    if (this.#broken) return;
    if (this.#open !== "" || this.#inString) {
      yield* this.#fail("the file ends in the middle of a record: is it cut off?");
      return;
    }
    yield* this.#stray();
  }

  *#see(mark: string): Generator<JsonRecord> {
    const escaped = this.#escaped;
    this.#escaped = false;
    if (mark === "\n") {
      this.#line += 1;
      this.#keep(mark);
    } else if (this.#inString) {
      this.#keep(mark);
      if (mark === "\\") this.#escaped = !escaped;
      else if (mark === '"' && !escaped) this.#inString = false;
    } else if (mark === '"') {
      this.#inString = true;
      this.#keep(mark);
    } else if (mark === "{" || mark === "[") {
      yield* this.#enter(mark);
    } else if (mark === "}" || mark === "]") {
      yield* this.#leave(mark);
    } else this.#keep(mark);
  }

  *#enter(mark: "{" | "["): Generator<JsonRecord> {
    if (this.#record === undefined) {
      const recordsIn = this.#pages ? ["{["] : ["", "["];
      if (this.#open === "" || !this.#pages) yield* this.#stray();
      if (mark === "{" && recordsIn.includes(this.#open)) {
        // Of a million records no more is left around them than of one.
        this.#around.text = this.#around.text.replace(/[\s,]+$/, ",");
        this.#record = { line: this.#line, text: "", depth: this.#open.length };
      }
    }
    this.#open += mark;
    this.#keep(mark);
  }

  *#leave(mark: "}" | "]"): Generator<JsonRecord> {
    const opened = this.#open.at(-1);
    if (opened === undefined || opened !== (mark === "}" ? "{" : "[")) {
      yield* this.#fail(`"${mark}" closes nothing: not JSON from here on`);
      return;
    }
    this.#keep(mark);
    this.#open = this.#open.slice(0, -1);
    const record = this.#record;
    if (record !== undefined && record.depth === this.#open.length) {
      this.#record = undefined;
      yield parsed("record", record);
    } else if (this.#open === "") {
      const around = this.#around;
      this.#around = { line: this.#line, text: "" };
      // Where records were, only a comma is left.
      const text = around.text.replace(/\[[\s,]*\]/g, "[]").replace(/^[\s,]+/, "");
      if (this.#pages) yield parsed("page", { line: around.line, text });
    }
  }

  #keep(text: string): void {
    if (this.#record === undefined) this.#around.text += text;
    else this.#record.text += text;
  }

  /** Text between records that is neither space nor a comma. */
  *#stray(): Generator<JsonRecord> {
    const { line, text } = this.#around;
    const found = text.replace(/^[\s,[\]\uFEFF]+|[\s,[\]]+$/g, "");
    this.#around = { line: this.#line, text: "" };
    if (found === "") return;
    yield { kind: "bad", line, why: `no JSON object: ${JSON.stringify(found.slice(0, 40))}` };
  }

  *#fail(why: string): Generator<JsonRecord> {
    this.#broken = true;
    yield { kind: "bad", line: this.#record?.line ?? this.#line, why };
  }
}

function parsed(kind: "record" | "page", { line, text }: Piece): JsonRecord {
  try {
    const fields = parseExactly(text);
    if (isFields(fields)) return { kind, line, fields };
    return { kind: "bad", line, why: "no JSON object" };
  } catch (cause) {
    const said = cause instanceof SyntaxError ? cause.message : String(cause);
    return { kind: "bad", line, why: `not JSON: ${said}` };
  }
}

/** JSON with every number as the text that it was written as. */
function parseExactly(text: string): Field {
  const keep = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === "number" ? (context?.source ?? String(value)) : value;
  return JSON.parse(text, keep);
}

/** Whether a field is an object with fields of its own. */
export function isFields(field: Field | undefined): field is Fields {
  return typeof field === "object" && field !== null && !Array.isArray(field);
}
