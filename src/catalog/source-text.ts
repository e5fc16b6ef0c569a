import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** A field inside a file, as zod and our own checks name it. */
export type FieldPath = readonly PropertyKey[];

/** One thing that is wrong in a file. */
export type Problem = { readonly path: FieldPath; readonly message: string };

/** Where a field was written: file, line (from 1), and its name. */
export type FieldLocation = {
  readonly file: string;
  readonly line: number;
  readonly path: FieldPath;
};

/** A file's parsed value, and where in its text each field stands. JSON is read as the subset of YAML that it is. */
export type SourceText = {
  readonly value: unknown;
  /** What the text breaks already as text: syntax, a key given twice. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  /** The line of a field, or of the nearest one around it that exists. Counted from 1. */
  readonly lineOf: (path: FieldPath) => number;
};

export function readSourceText(text: string): SourceText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = document.errors.map(({ message, pos }) => ({
    line: lines.linePos(pos[0]).line,
    message,
  }));
  return {
    value: problems.length === 0 ? document.toJS() : undefined,
    problems,
    lineOf: (path) => lines.linePos(offsetOf(document.contents, path)).line,
  };
}

function offsetOf(root: Node | null, path: FieldPath): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    const found = child(node, String(key));
    if (found === undefined) return offset;
    offset = found.offset ?? offset;
    node = found.node;
  }
  return offset;
}

/** A key may stand in the file in snake case: `effective_from` is the owner's `effectiveFrom`. */
function child(node: unknown, key: string): { node: unknown; offset?: number } | undefined {
  if (isSeq(node)) {
    const item = node.items.find((_, index) => String(index) === key);
    return item === undefined ? undefined : withOffset(item, item);
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(
    (each) => isScalar(each.key) && [key, snakeCase(key)].includes(String(each.key.value)),
  );
  return pair === undefined ? undefined : withOffset(pair.value, pair.key);
}

function withOffset(node: unknown, at: unknown): { node: unknown; offset?: number } {
  const range = isNode(at) ? at.range : undefined;
  return range === undefined || range === null ? { node } : { node, offset: range[0] };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
