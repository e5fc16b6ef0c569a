import type { Pool, PoolClient } from "pg";
import type { Cell, Query, Reading } from "../sql/rows.ts";
import { inOneFlight, type Statement, withConnection } from "./connections.ts";
import { isStalePlan } from "./errors.ts";
import { storable } from "./storable.ts";

const BEGIN = { text: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } as const;
const COMMIT = { text: "COMMIT" } as const;

/** Statements that are prepared, so that a server plans them once a connection and not at every use. */
const PREPARED_MAX = 200;

/** Reads committed rows: one statement by itself, several in one snapshot, both in one flight. */
export function openQuery(pool: Pool): Query {
  const names = new Map<string, string>();

  function named(reading: Reading): Statement {
    const { sql } = reading;
    let name = names.get(sql);
    if (name === undefined && names.size < PREPARED_MAX) {
      name = `statement_${names.size}`;
      names.set(sql, name);
    }
    return { ...statementOf(reading), ...(name === undefined ? {} : { name }) };
  }

  return async (readings) => {
    const statements = readings.map(named);
    for (let tries = 1; ; tries += 1) {
      try {
        return await withConnection(pool, (client) => readAll(client, statements));
      } catch (error) {
        // Every connection of the pool may have one, and is closed with it.
        if (tries > pool.options.max || !isStalePlan(error)) throw error;
      }
    }
  };
}

async function readAll(client: PoolClient, statements: readonly Statement[]) {
  // One statement is a snapshot by itself.
  const alone = statements.length === 1;
  const answers = await inOneFlight(client, alone ? statements : [BEGIN, ...statements, COMMIT]);
  return (alone ? answers : answers.slice(1, -1)).map((answer) => answer.rows);
}

/** A reading as the server takes it: `$1` for `?1`. */
export function statementOf({ sql, parameters }: Reading): Statement {
  return { text: sql.replace(/\?(\d+)/g, "$$$1"), values: parameters.map(valueIn) };
}

function valueIn(cell: Cell): string | null {
  return cell === null ? null : storable(cell.toString());
}
