import type { Pool } from "pg";
import type { Beats } from "../port.ts";
import { integerIn, rowsOf, textIn } from "../sql/rows.ts";
import { openQuery } from "./query.ts";

/** How the processes on one database know of each other (MONEY §6). */
export function openBeats(pool: Pool): Beats {
  const query = openQuery(pool);
  return {
    raise: async (process) => {
      const raise = `INSERT INTO beats (process, beat) VALUES (?1, 1)
        ON CONFLICT (process) DO UPDATE SET beat = beats.beat + 1`;
      await rowsOf(query, raise, [process]);
    },
    all: async () => {
      const rows = await rowsOf(query, "SELECT process, beat FROM beats", []);
      return new Map(rows.map((row) => [textIn(row, "process"), integerIn(row, "beat")]));
    },
    forget: async (process) => {
      await rowsOf(query, "DELETE FROM beats WHERE process = ?1", [process]);
    },
  };
}
