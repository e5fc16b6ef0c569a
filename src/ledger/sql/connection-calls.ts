import type { ConnectionCalls, ConnectionCallsQuery } from "../reports-port.ts";
import { callRow } from "./decode.ts";
import type { Query } from "./rows.ts";
import { CALLS_AFTER, nextAfter, placeAfter } from "./slices.ts";

/** Looks at the next slice of calls; tells those over the connection that ended in time, and where to go on. */
export async function readConnectionCalls(
  query: Query,
  of: ConnectionCallsQuery,
): Promise<ConnectionCalls> {
  const slice = placeAfter(of.after);
  const [looked = [], found = []] = await query([
    { sql: `SELECT root, id ${CALLS_AFTER}`, parameters: slice },
    {
      sql: `SELECT * FROM (SELECT * ${CALLS_AFTER}) AS slice
        WHERE connection = ?4 AND ended_ms >= ?5 AND ended_ms < ?6 ORDER BY root, id`,
      parameters: [...slice, of.connection, of.fromMs, of.beforeMs],
    },
  ]);
  return {
    calls: found.map(callRow).flatMap(({ id, ended }) => {
      if (ended === null) return [];
      const { charge, vendorCost, exposureBilled } = ended;
      return [{ holdId: id, charge, vendorCost, exposureBilled }];
    }),
    next: nextAfter(looked),
  };
}
