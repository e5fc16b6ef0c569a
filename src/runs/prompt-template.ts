import { createHash } from "node:crypto";

/** A prompt with columns in it: literal text and names of columns, in turn. */
export type PromptTemplate = {
  readonly parts: readonly TemplatePart[];
  /** Every column that is named, each once. */
  readonly columns: readonly string[];
};

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "column"; readonly name: string };

/** A text that is no template. */
export class BadTemplate extends Error {
  override readonly name = "BadTemplate";
}

/** A doubled brace, a name in braces, or a brace that is neither. */
const MARK = /\{\{|\}\}|\{([^{}\r\n]{1,64})\}|[{}]/gu;

/**
 * Reads `{name}` as the place of a column and `{{`, `}}` as braces.
 *
 * @throws BadTemplate for a brace that is neither.
 */
export function parseTemplate(text: string): PromptTemplate {
  const parts: TemplatePart[] = [];
  let literal = "";
  let at = 0;
  const endLiteral = (): void => {
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
  };
  for (const mark of text.matchAll(MARK)) {
    literal += text.slice(at, mark.index);
    at = mark.index + mark[0].length;
    const name = mark[1]?.trim();
    if (mark[0] === "{{" || mark[0] === "}}") literal += mark[0].slice(1);
    else if (name === undefined || name === "") throw strayBrace(mark[0]);
    else {
      endLiteral();
      parts.push({ kind: "column", name });
    }
  }
  literal += text.slice(at);
  endLiteral();
  const named = parts.flatMap((part) => (part.kind === "column" ? [part.name] : []));
  return { parts, columns: [...new Set(named)] };
}

function strayBrace(mark: string): BadTemplate {
  const shown = mark.startsWith("{") ? "{" : "}";
  return new BadTemplate(
    `a "${shown}" that names no column: write {name} for a column, ${shown}${shown} for the brace itself`,
  );
}

/** The template in a file's text: a mark at its beginning and the last line break belong to the editor. */
export function templateIn(text: string): string {
  return text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "");
}

/** What a template is known by afterwards. */
export function templateSha256(template: string): string {
  return createHash("sha256").update(template).digest("hex");
}
