import { BadCsv, CsvReader, type CsvRecord } from "../text/csv-reader.ts";

/** A row of a table and the line that it begins in; a bad one is the last. */
export type CsvRow =
  | ({ readonly kind: "row" } & CsvRecord)
  | { readonly kind: "bad"; readonly line: number; readonly why: string };

/** Rows of CSV text as it streams by. Empty lines are no rows. Never more than one row is held. */
export async function* csvRows(chunks: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  const reader = new CsvReader();
  try {
    for await (const chunk of chunks) {
      for (const record of reader.push(chunk)) yield { kind: "row", ...record };
    }
    for (const record of reader.end()) yield { kind: "row", ...record };
  } catch (cause) {
    if (!(cause instanceof BadCsv)) throw cause;
    yield { kind: "bad", line: cause.line, why: cause.message };
  }
}
