import { shown } from "./columns.ts";
import type { PromptPart } from "./count-prompts.ts";
import type { Problems } from "./problems.ts";
import { BadTemplate, type PromptTemplate, parseTemplate } from "./prompt-template.ts";
import type { FileRecord } from "./records.ts";

/** Templates of rows that are remembered. */
const TEMPLATES_MAX = 1_000;

/** What is known of a file's columns. */
type Columns = {
  readonly header: readonly string[] | undefined;
  /** Names whose absence was told already. */
  readonly lacking: ReadonlySet<string>;
};

/** Puts what rows say into their prompts; what can't be filled is a problem of its row. */
export class PromptFiller {
  readonly #template: PromptTemplate | undefined;
  readonly #problems: Problems;
  readonly #templates = new Map<string, PromptTemplate>();
  readonly #named = new Set<string>();

  /** @param template of rows without a prompt of their own. @throws BadTemplate */
  constructor(template: string | undefined, problems: Problems) {
    this.#template = template === undefined ? undefined : parseTemplate(template);
    this.#problems = problems;
    for (const name of this.#template?.columns ?? []) this.#named.add(name);
  }

  /** The columns of the template for rows without a prompt; undefined where there is none. */
  get columns(): readonly string[] | undefined {
    return this.#template?.columns;
  }

  /** Whether any prompt so far has a place for a column. */
  names(column: string): boolean {
    return this.#named.has(column);
  }

  /** The prompt of a row in pieces; undefined where it has problems, which are then told. */
  fill(record: FileRecord, columns: Columns): readonly PromptPart[] | undefined {
    const { line, cells } = record;
    const own = cells.get("prompt");
    if (own === undefined) return this.#fromTemplate(record, columns);
    if (typeof own !== "string") {
      this.#problems.add(line, "prompt", `${shown(own)}: must be a text`);
      return undefined;
    }
    if (!/[{}]/.test(own)) return [{ text: own, fixed: false }];
    const template = this.#templateOf(own, line);
    return template === undefined ? undefined : this.#filled(template, record, columns);
  }

  #fromTemplate(record: FileRecord, columns: Columns): readonly PromptPart[] | undefined {
    if (this.#template !== undefined) return this.#filled(this.#template, record, columns);
    if (!columns.lacking.has("prompt")) {
      const message = "missing: give a column prompt, or --prompt or --template";
      this.#problems.add(record.line, "prompt", message);
    }
    return undefined;
  }

  #filled(
    template: PromptTemplate,
    { line, cells }: FileRecord,
    { header, lacking }: Columns,
  ): readonly PromptPart[] | undefined {
    let whole = true;
    for (const name of template.columns) {
      const cell = cells.get(name);
      if (isFilling(cell)) continue;
      whole = false;
      if (lacking.has(name)) continue;
      const missing =
        header?.includes(name) === false ? "there is no such column" : "the row says nothing there";
      const why = cell === undefined ? missing : `${shown(cell)} is no text`;
      this.#problems.add(line, name, `{${name}} of the prompt can't be filled: ${why}`);
    }
    if (!whole) return undefined;
    return template.parts.map((part) =>
      part.kind === "text"
        ? { text: part.text, fixed: true }
        : { text: String(cells.get(part.name)), fixed: false },
    );
  }

  #templateOf(text: string, line: number): PromptTemplate | undefined {
    const known = this.#templates.get(text);
    if (known !== undefined) return known;
    try {
      const template = parseTemplate(text);
      if (this.#templates.size >= TEMPLATES_MAX) this.#templates.clear();
      this.#templates.set(text, template);
      for (const name of template.columns) this.#named.add(name);
      return template;
    } catch (cause) {
      if (!(cause instanceof BadTemplate)) throw cause;
      this.#problems.add(line, "prompt", cause.message);
      return undefined;
    }
  }
}

function isFilling(cell: unknown): boolean {
  return typeof cell === "string" || typeof cell === "number" || typeof cell === "boolean";
}
