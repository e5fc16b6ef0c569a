import type { z } from "zod";

/** A line that can't be read. */
export type BadLine = { readonly line: number; readonly why: string };

/** What a file of JSON lines holds. */
export type JsonLines<T> = {
  readonly records: readonly T[];
  readonly bad: readonly BadLine[];
  /** How many characters of the text are whole lines. */
  readonly whole: number;
};

/**
 * Reads a file to which whole lines of JSON are appended. A last line without its end is what a stopped machine
 * leaves: it is left out and said by `whole`. Every other bad line is named.
 *
 * @param what one of the records, for people: "a result".
 */
export function readJsonLines<T>(text: string, schema: z.ZodType<T>, what: string): JsonLines<T> {
  const whole = text.lastIndexOf("\n") + 1;
  const records: T[] = [];
  const bad: BadLine[] = [];
  for (const [index, row] of text.slice(0, whole).split("\n").entries()) {
    if (row === "") continue;
    const value = parsed(row);
    const read = schema.safeParse(value);
    if (read.success) {
      records.push(read.data);
      continue;
    }
    const issue = read.error.issues[0];
    const why = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? `is not ${what}`}`;
    bad.push({ line: index + 1, why: value === undefined ? "is not JSON" : why });
  }
  return { records, bad, whole };
}

function parsed(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    return undefined; // no JSON text is undefined
  }
}
