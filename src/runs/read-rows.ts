import { createHash } from "node:crypto";
import type { PromptMeasure } from "../gates/order.ts";
import { nearestOf } from "../text/nearest.ts";
import { columnNames, listed, meaningOf, shown } from "./columns.ts";
import { measurePlainly, PromptCounter, type PromptPart } from "./count-prompts.ts";
import { PromptFiller } from "./fill-prompts.ts";
import type { GateBounds } from "./gate-bounds.ts";
import type { Problems } from "./problems.ts";
import { type FileForm, type FileRecord, type RecordReader, recordReader } from "./records.ts";
import { BadPicture, type RowPicture, RowPictures } from "./row-pictures.ts";
import { type Shape, type ShapeSource, Shapes } from "./shapes.ts";

/** One intended picture, or as many as its `n` says: everything in it was checked but what a model can do. */
export type RunRow = {
  readonly line: number;
  readonly id: string;
  /** All that it says, by column. */
  readonly cells: FileRecord["cells"];
  readonly shape: Shape;
  readonly references: readonly RowPicture[];
  readonly mask: RowPicture | undefined;
  readonly prompt: PromptMeasure;
  /** The filled prompt. */
  readonly text: () => string;
  /** SHA-256 of all that is asked for, the id apart: two rows with one digest ask for the same. */
  readonly digest: () => string;
};

/** How a file of rows is read. */
export type RowsRead = ShapeSource & {
  readonly form: FileForm | undefined;
  /** Of rows without a prompt of their own. */
  readonly template: string | undefined;
  /** From where relative paths of pictures are seen. */
  readonly folder: string;
  /** Columns that mean nothing here and are to be passed over. */
  readonly ignored: ReadonlySet<string>;
  /** Columns that the names of pictures are made of; none where there are no names. */
  readonly named?: readonly string[];
};

/**
 * Reads a file of rows as its text streams by, a batch a piece. Every problem is told; whoever works on the rows
 * looks at the problems when the last one has passed, before anything is made of them.
 */
export class RowReader {
  readonly #read: RowsRead;
  readonly #problems: Problems;
  readonly #counter: PromptCounter;
  readonly #pictures: RowPictures;
  readonly #shapes: Shapes;
  readonly #prompts: PromptFiller;
  readonly #lineOf = new Map<string, number>();
  /** Columns that are no names of ours, and the line on which each was first seen. */
  readonly #others = new Map<string, number>();
  /** Names that the header lacks: said once, not for every row. */
  #lacking: ReadonlySet<string> = new Set();
  #records: RecordReader | undefined;
  #headerChecked = false;

  static async create(read: RowsRead, problems: Problems): Promise<RowReader> {
    return new RowReader(read, problems, await PromptCounter.create());
  }

  private constructor(read: RowsRead, problems: Problems, counter: PromptCounter) {
    this.#read = read;
    this.#problems = problems;
    this.#counter = counter;
    this.#pictures = new RowPictures(read.folder);
    this.#shapes = new Shapes(read);
    this.#prompts = new PromptFiller(read.template, problems);
  }

  /** What of a row only gates look at. */
  get bounds(): GateBounds {
    return this.#shapes.bounds;
  }

  /** Whether a table has no such column, which is then told of its header. */
  lacks(column: string): boolean {
    return this.#lacking.has(column);
  }

  /** Rows without problems, in the order of the file. */
  async *rows(text: AsyncIterable<string>): AsyncGenerator<readonly RunRow[], void, undefined> {
    for await (const piece of text) {
      this.#records ??= recordReader(this.#read.form, piece, this.#problems);
      yield await this.#take(this.#records.push(piece));
    }
    this.#records ??= recordReader(this.#read.form, "", this.#problems);
    yield await this.#take(this.#records.end());
    if (this.#lineOf.size === 0 && this.#problems.count === 0) {
      this.#problems.add(1, null, "no rows: there is nothing to plan");
    }
    this.#assertColumnsUsed();
  }

  async #take(records: readonly FileRecord[]): Promise<readonly RunRow[]> {
    if (!this.#headerChecked && this.#records?.header() !== undefined) this.#checkHeader();
    await this.#pictures.measureAll(records.flatMap(({ cells }) => pictureNames(cells)));
    const rows: RunRow[] = [];
    for (const record of records) {
      const read = this.#row(record);
      if (read === undefined) continue;
      // Nearly every prompt is measured at once: only then is nobody waited for.
      const prompt = this.#counter.measure(read.parts) ?? (await measurePlainly(read.parts));
      rows.push(rowOf(read, prompt));
    }
    return rows;
  }

  #row(record: FileRecord): ReadRow | undefined {
    const { line, cells } = record;
    const before = this.#problems.count;
    for (const name of cells.keys()) this.#see(name, line);
    const id = this.#id(record);
    const shape = this.#lacking.has("model") ? undefined : this.#shapes.of(record, this.#problems);
    const references = this.#picturesOf(record, "references");
    const [mask] = this.#picturesOf(record, "mask");
    const parts = this.#prompts.fill(record, {
      header: this.#records?.header(),
      lacking: this.#lacking,
    });
    if (shape === undefined || id === undefined || parts === undefined) return undefined;
    if (this.#problems.count > before) return undefined;
    return { line, id, cells, shape, references, mask, parts };
  }

  #checkHeader(): void {
    this.#headerChecked = true;
    const header = this.#records?.header() ?? [];
    const { defaults } = this.#read;
    const has = (...names: readonly string[]): boolean =>
      names.some((name) => header.includes(name));
    const lacking = new Map<string, string>();
    if (!has("id")) lacking.set("id", "no such column: every row needs an id of its own");
    const chooses = header.some((name) => meaningOf(name) === "choice");
    if (!has("model", "preset") && !chooses && defaults["model"] === undefined) {
      lacking.set("model", "no such column: give one, or --model");
    }
    if (!has("prompt") && this.#prompts.columns === undefined) {
      lacking.set("prompt", "no such column: give one, or --prompt or --template");
    }
    const named = has("prompt") ? [] : (this.#prompts.columns ?? []);
    for (const name of named.filter((each) => !header.includes(each))) {
      lacking.set(name, `no such column, but the prompt names {${name}}`);
    }
    for (const name of this.#read.named ?? []) {
      if (!header.includes(name)) {
        lacking.set(name, `no such column, but --name has {${shown(name)}}`);
      }
    }
    for (const [name, message] of lacking) this.#problems.add(1, name, message);
    for (const name of header) this.#see(name, 1);
    this.#lacking = new Set(lacking.keys());
  }

  #see(name: string, line: number): void {
    if (meaningOf(name) !== "other" || this.#others.has(name)) return;
    const { ignored, named = [] } = this.#read;
    if (!ignored.has(name) && !ignored.has("*") && !named.includes(name)) {
      this.#others.set(name, line);
    }
  }

  /** A column that neither we nor any prompt knows is a mistyped one, as likely as not. */
  #assertColumnsUsed(): void {
    for (const [name, line] of this.#others) {
      if (name === "" || this.#prompts.names(name)) continue;
      const nearest = nearestOf(name, columnNames);
      const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
      const message = `unknown column: no parameter is called so, and no prompt has {${shown(name)}}${hint}. --ignore-columns passes over it`;
      this.#problems.add(line, shown(name), message);
    }
  }

  #id({ line, cells }: FileRecord): string | undefined {
    if (this.#lacking.has("id")) return undefined;
    const cell = cells.get("id");
    const id = typeof cell === "number" && Number.isSafeInteger(cell) ? String(cell) : cell;
    if (typeof id !== "string") {
      const message = id === undefined ? "missing" : `${shown(id)}: must be a text`;
      this.#problems.add(line, "id", message);
      return undefined;
    }
    if (id.length > ID_CHARACTERS_MAX || /\p{Cc}/u.test(id)) {
      const most = `at most ${ID_CHARACTERS_MAX} characters, none of them a control character`;
      this.#problems.add(line, "id", `${shown(id)}: ${most}`);
      return undefined;
    }
    const earlier = this.#lineOf.get(id);
    if (earlier === undefined) this.#lineOf.set(id, line);
    else this.#problems.add(line, "id", `${shown(id)}: line ${earlier} has this id already`);
    return id;
  }

  #picturesOf({ line, cells }: FileRecord, column: "references" | "mask"): readonly RowPicture[] {
    const cell = cells.get(column);
    if (cell === undefined) return [];
    const names = namesIn(cell);
    if (names === undefined || (column === "mask" && names.length > 1)) {
      const form = column === "mask" ? "a file, or" : "files (with ; between), or";
      this.#problems.add(line, column, `${shown(cell)}: must be ${form} WIDTHxHEIGHT`);
      return [];
    }
    return names.flatMap((name) => {
      try {
        return this.#pictures.get(name, { alpha: column === "mask" });
      } catch (cause) {
        if (!(cause instanceof BadPicture)) throw cause;
        this.#problems.add(line, column, cause.message);
        return [];
      }
    });
  }
}

/** A row before its prompt is measured. */
type ReadRow = Pick<RunRow, "line" | "id" | "cells" | "shape" | "references" | "mask"> & {
  readonly parts: readonly PromptPart[];
};

function rowOf({ parts, ...read }: ReadRow, prompt: PromptMeasure): RunRow {
  const text = (): string => parts.map((part) => part.text).join("");
  return { ...read, prompt, text, digest: () => digestOf({ ...read, text: text() }) };
}

const ID_CHARACTERS_MAX = 200;

function pictureNames(cells: FileRecord["cells"]): readonly string[] {
  return [cells.get("references"), cells.get("mask")].flatMap((cell) => namesIn(cell) ?? []);
}

/** Names of pictures in a cell: with semicolons between, or a list; undefined for anything else. */
function namesIn(cell: unknown): readonly string[] | undefined {
  if (typeof cell === "string") return listed(cell);
  if (!Array.isArray(cell)) return undefined;
  const names = cell.filter((each) => typeof each === "string");
  return names.length === cell.length && names.every((name) => name !== "") ? names : undefined;
}

function digestOf(
  row: Pick<RunRow, "shape" | "references" | "mask"> & { readonly text: string },
): string {
  const { references, mask } = row;
  const hash = createHash("sha256").update(row.shape.digest).update("\0");
  for (const each of mask === undefined ? references : [...references, mask]) {
    hash.update(`${each.path ?? ""} ${each.format} ${each.width}x${each.height} ${each.bytes}\0`);
  }
  return hash.update(row.text).digest("hex");
}
