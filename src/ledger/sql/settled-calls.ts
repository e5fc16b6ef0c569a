import type { StoredPrice } from "../port.ts";
import { readEndingText, readHoldText } from "../recorded.ts";
import type { SettledCall, SettledCalls, SettledCallsQuery } from "../reports-port.ts";
import { type Cell, type Query, type Row, textIn, textOrNullIn, usdIn } from "./rows.ts";
import { CALLS_AFTER, nextAfter, placeAfter } from "./slices.ts";
import { PATH_LIKE, through } from "./through.ts";

/** Calls looked at in one read: their texts are long, and who reads them has other things to do. */
const SLICE = 100;

/**
 * Looks at the next slice of calls: those of the days that were settled, as their entries say them, with what
 * corrections have left of their charge; how many of the others ended without a picture, or haven't ended.
 */
export async function readSettledCalls(
  query: Query,
  of: SettledCallsQuery,
  priceOf: (sha256: string) => Promise<StoredPrice>,
): Promise<SettledCalls> {
  const slice = placeAfter(of.after, SLICE);
  const parameters: Cell[] = [...slice];
  const place = (value: Cell): string => `?${parameters.push(value)}`;
  const conditions = [`day >= ${place(of.from)}`, `day <= ${place(of.to)}`];
  if (of.keyId !== undefined) conditions.push(`key = ${place(of.keyId)}`);
  if (of.accountId !== undefined) {
    conditions.push(`${PATH_LIKE} ${place(through(of.accountId))} ESCAPE '\\'`);
  }
  const [looked = [], found = []] = await query([
    { sql: `SELECT root, id ${CALLS_AFTER}`, parameters: slice },
    {
      sql: `SELECT slice.outcome AS outcome, slice.charge AS charge,
          begun.text AS begun, ended.text AS ended
        FROM (SELECT * ${CALLS_AFTER}) AS slice
        LEFT JOIN entries AS begun ON slice.outcome = 'made'
          AND begun.root = slice.root AND begun.sequence = slice.sequence
        LEFT JOIN entries AS ended ON slice.outcome = 'made'
          AND ended.root = slice.root AND ended.sequence = slice.end_sequence
        WHERE ${conditions.join(" AND ")} ORDER BY slice.root, slice.id`,
      parameters,
    },
  ]);
  const outcomes = found.map((row) => textOrNullIn(row, "outcome"));
  const made = found.filter((row) => textOrNullIn(row, "outcome") === "made");
  const calls: SettledCall[] = [];
  for (const row of made) calls.push(await settledCall(row, priceOf));
  return {
    calls,
    open: outcomes.filter((outcome) => outcome === null).length,
    voided: outcomes.filter((outcome) => outcome !== null && outcome !== "made").length,
    looked: looked.length,
    next: nextAfter(looked, SLICE),
  };
}

type Cited = { readonly sha256: string };

async function settledCall(
  row: Row,
  priceOf: (sha256: string) => Promise<StoredPrice>,
): Promise<SettledCall> {
  const [begun, ended] = [textIn(row, "begun"), textIn(row, "ended")];
  const { request }: { request: { price: Cited } } = JSON.parse(begun);
  const { ending: cited }: { ending: { echoedPrice: Cited | null } } = JSON.parse(ended);
  const echoed = cited.echoedPrice === null ? null : await priceOf(cited.echoedPrice.sha256);
  const hold = readHoldText(begun, await priceOf(request.price.sha256));
  const ending = readEndingText(ended, echoed);
  if (ending.kind !== "settle") throw new Error(`hold ${hold.id} is listed as settled`);
  return { hold, ending, charge: usdIn(row, "charge") };
}
