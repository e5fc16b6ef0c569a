import type { PricedCalls, PricedCallsQuery } from "../reports-port.ts";
import { type Cell, type Query, textIn } from "./rows.ts";
import { CALLS_AFTER, nextAfter, placeAfter } from "./slices.ts";
import { PATH_LIKE, through } from "./through.ts";

/** Looks at the next slice of calls; tells those that cite the price version, and where to go on. */
export async function readPricedCalls(query: Query, of: PricedCallsQuery): Promise<PricedCalls> {
  const slice = placeAfter(of.after);
  const parameters: Cell[] = [...slice];
  const place = (value: Cell): string => `?${parameters.push(value)}`;
  const conditions = [
    `(begun.text LIKE ${place(citing("price", of.priceId))}
      OR ended.text LIKE ${place(citing("echoedPrice", of.priceId))})`,
  ];
  if (of.from !== undefined) conditions.push(`day >= ${place(of.from)}`);
  if (of.accountId !== undefined) {
    conditions.push(`${PATH_LIKE} ${place(through(of.accountId))} ESCAPE '\\'`);
  }
  const [looked = [], found = []] = await query([
    { sql: `SELECT root, id ${CALLS_AFTER}`, parameters: slice },
    {
      sql: `SELECT slice.id AS id FROM (SELECT * ${CALLS_AFTER}) AS slice
        JOIN entries AS begun ON begun.root = slice.root AND begun.sequence = slice.sequence
        JOIN entries AS ended ON ended.root = slice.root AND ended.sequence = slice.end_sequence
        WHERE ${conditions.join(" AND ")} ORDER BY slice.root, slice.id`,
      parameters,
    },
  ]);
  return {
    holdIds: found.map((row) => textIn(row, "id")),
    next: nextAfter(looked),
  };
}

/** How an entry's canonical text cites a price version. Inside a string its quotes would be escaped. */
function citing(field: "price" | "echoedPrice", priceId: string): string {
  return `%"${field}":{"id":"${priceId}","sha256":"%`;
}
