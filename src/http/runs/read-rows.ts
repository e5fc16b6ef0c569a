import { z } from "zod";
import type { LegacyAliases } from "../../gateway/deps.ts";
import type { World } from "../../ledger/open.ts";
import { type NewRow, ORDER_BYTES_MAX } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";
import {
  contentOf,
  filesOf,
  intentOf,
  orderOfRow,
  rowOrderSchema,
  toRowOrder,
} from "../../runs/engine/row-order.ts";
import { rowId } from "./bodies.ts";

/** Rows of a run as they are sent: checked whole, before any of them is taken. */

const rowSchema = rowOrderSchema.extend({
  id: rowId,
  line: z.int().min(1).nullish(),
});

/** What is wrong with one row. */
type Problem = {
  /** Of the body, from 1. */
  readonly line: number;
  readonly id: string | null;
  readonly param: string | null;
  readonly message: string;
};

/** Problems that one answer lists. */
const PROBLEMS_MAX = 200;

export type RowsRead = {
  /** Their places are counted from 0. */
  readonly rows: readonly Omit<NewRow, "position">[];
  /** Hashes of all files that they name, each once. */
  readonly files: readonly string[];
};

export type Reading = {
  readonly run: string;
  readonly legacy: LegacyAliases;
  readonly world: World;
};

/**
 * Reads lines of JSON; empty ones are none.
 *
 * @throws Refusal with everything that is wrong with them.
 */
export function readLines(text: string, reading: Reading): RowsRead {
  const lines = text.split("\n").flatMap((line, index) => {
    return line.trim() === "" ? [] : { line: index + 1, value: parsed(line) };
  });
  return readRows(lines, reading);
}

/** The same of values that were read already. */
export function readValues(values: readonly unknown[], reading: Reading): RowsRead {
  return readRows(
    values.map((value, index) => ({ line: index + 1, value })),
    reading,
  );
}

class NotJson extends Error {
  override readonly name = "NotJson";
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // What stands there is not repeated: it may be a prompt.
    return new NotJson("not JSON");
  }
}

function readRows(
  lines: readonly { readonly line: number; readonly value: unknown }[],
  reading: Reading,
): RowsRead {
  const problems: Problem[] = [];
  const rows = new Map<string, Omit<NewRow, "position">>();
  const files = new Set<string>();
  for (const { line, value } of lines) {
    try {
      const { row, named } = readRow(value, reading);
      if (rows.has(row.row)) throw new Refusal("invalid_value", "another row has this id", ID);
      rows.set(row.row, row);
      for (const file of named) files.add(file);
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      const { param = null } = cause.details;
      problems.push({ line, id: idIn(value), param, message: cause.message });
    }
  }
  const lined = [...rows.values()].filter(({ line }) => line !== null).length;
  if (lined > 0 && lined < rows.size && problems.length === 0) {
    const why = "line: say it of all rows or of none, so that their order is known";
    throw new Refusal("invalid_value", why, { param: "line" });
  }
  if (problems.length > 0) throw badRows(problems, lines.length);
  return { rows: [...rows.values()], files: [...files] };
}

const ID = { param: "id" };

function readRow(value: unknown, { run, legacy, world }: Reading) {
  if (value instanceof NotJson) throw new Refusal("invalid_json", value.message);
  const read = rowSchema.safeParse(value);
  if (!read.success) throw wrongRow(read.error.issues[0]);
  const { id: row, line, ...sent } = read.data;
  const order = toRowOrder(sent);
  if (order.emulate !== null && world === "live") {
    const why = "emulate: vendors are told to fail in the sandbox only";
    throw new Refusal("unsupported_parameter", why, { param: "emulate" });
  }
  orderOfRow(order, legacy);
  const text = JSON.stringify(order);
  if (Buffer.byteLength(text) > ORDER_BYTES_MAX) {
    const why = `order: larger than ${ORDER_BYTES_MAX} bytes`;
    throw new Refusal("body_too_large", why, { param: "order" });
  }
  const content = contentOf(order);
  const intent = intentOf({ run, row, content, attempt: 0 });
  return {
    row: { row, line: line ?? null, content, intent, order: text },
    named: filesOf(order),
  };
}

function wrongRow(issue: z.core.$ZodIssue | undefined): Refusal {
  const [unknown] = issue?.code === "unrecognized_keys" ? issue.keys : [];
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].map(String);
  const param = path.join(".").slice(0, 80);
  const why = unknown === undefined ? (issue?.message ?? "not understood") : "unknown field";
  return new Refusal("invalid_value", param === "" ? `row: ${why}` : `${param}: ${why}`, { param });
}

function idIn(value: unknown): string | null {
  const read = z.looseObject({ id: z.string() }).safeParse(value);
  return read.success ? read.data.id.slice(0, 200) : null;
}

function badRows(problems: readonly Problem[], rows: number): Refusal {
  const [first] = problems;
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more`;
  const why = `${problems.length} of ${rows} rows can't be read, and none was taken: line ${first?.line}: ${first?.message}${more}`;
  return new Refusal("invalid_value", why, { problems: problems.slice(0, PROBLEMS_MAX) });
}
