import type { Judgeable, JudgedModel, JudgedQuery, Outcome } from "../outcomes-port.ts";
import { outcomeRow } from "./decode.ts";
import {
  type Cell,
  numberIn,
  type Query,
  type Row,
  rowsOf,
  textIn,
  textOrNullIn,
  usdHalvesIn,
  usdHalvesOf,
} from "./rows.ts";
import { PATH_LIKE, through } from "./through.ts";

/** Reads what became of pictures, and what was charged for those that were judged. */

/** Outcomes of a call, a row each. */
export const OUTCOMES_OF = "SELECT * FROM outcomes WHERE root = ?1 AND hold = ?2 ORDER BY image";

export function outcomeOf(row: Row): Outcome {
  const { image, kept, reason, actor, revision, createdMs } = outcomeRow(row);
  return { image, kept, reason, actor, revision, createdMs };
}

/** One row a call that was judged: how many of its delivered pictures, and how many of those were kept. */
export const JUDGED_CALLS = `(SELECT root AS judged_root, hold AS judged_hold, count(*) AS outcomes,
    CAST(sum(kept) AS BIGINT) AS kept, max(images) AS delivered
  FROM outcomes GROUP BY root, hold)`;

/**
 * The judged pictures' part of a call's charge, rounded up to a picodollar: charge x outcomes / delivered. The
 * charge is divided first, because it times the pictures may leave the range of a column.
 */
export const JUDGED_CHARGE = `((charge / delivered) * outcomes
  + ((charge % delivered) * outcomes + delivered - 1) / delivered)`;

/** Ids asked for at a time: one statement for any number up to this, the rest filled with the last id. */
const IDS_MAX = 100;
const ID_PLACES = Array.from({ length: IDS_MAX }, (_, index) => `?${index + 1}`).join(", ");

/** Ids are unique, but only within their root there is an index of them. */
const JUDGEABLE = `SELECT calls.id AS id, calls.root AS root, calls.account AS account,
    calls.outcome AS outcome, ended.text AS ended
  FROM calls LEFT JOIN entries AS ended ON calls.outcome = 'made'
    AND ended.root = calls.root AND ended.sequence = calls.end_sequence
  WHERE calls.root IN (SELECT root FROM roots) AND calls.id IN (${ID_PLACES})`;

/** @param note told the root of each, which whoever posts next asks for. */
export async function readJudgeable(
  query: Query,
  holdIds: readonly string[],
  note: (id: string, root: string) => void,
): Promise<readonly Judgeable[]> {
  const found: Judgeable[] = [];
  const ids = [...new Set(holdIds)];
  for (let from = 0; from < ids.length; from += IDS_MAX) {
    const some = ids.slice(from, from + IDS_MAX);
    const filled = [...some, ...Array<string>(IDS_MAX - some.length).fill(some.at(-1) ?? "")];
    for (const row of await rowsOf(query, JUDGEABLE, filled)) {
      const holdId = textIn(row, "id");
      note(holdId, textIn(row, "root"));
      found.push({ holdId, accountId: textIn(row, "account"), images: deliveredIn(row) });
    }
  }
  return found;
}

function deliveredIn(row: Row): number | null {
  if (textOrNullIn(row, "outcome") !== "made") return null;
  const { ending }: { ending: { imagesDelivered: string } } = JSON.parse(textIn(row, "ended"));
  return Number(ending.imagesDelivered);
}

/** Looks at the outcomes of one root, however many calls it has; without one at all. */
export async function readJudged(query: Query, of: JudgedQuery): Promise<readonly JudgedModel[]> {
  const parameters: Cell[] = [];
  const place = (value: Cell): string => `?${parameters.push(value)}`;
  const root = of.rootId === undefined ? "" : ` WHERE root = ${place(of.rootId)}`;
  const below =
    of.accountId === undefined
      ? ""
      : ` WHERE ${PATH_LIKE} ${place(through(of.accountId))} ESCAPE '\\'`;
  const sql = `SELECT model, quality_billed, CAST(sum(outcomes) AS BIGINT) AS outcomes,
      CAST(sum(kept) AS BIGINT) AS kept, ${usdHalvesOf("judged_charge")}
    FROM (SELECT model, quality_billed, outcomes, kept, ${JUDGED_CHARGE} AS judged_charge
      FROM ${JUDGED_CALLS.replace("FROM outcomes", `FROM outcomes${root}`)} AS judged
      JOIN calls ON calls.root = judged_root AND calls.id = judged_hold${below}) AS counted
    GROUP BY model, quality_billed ORDER BY model, quality_billed`;
  const rows = await rowsOf(query, sql, parameters);
  return rows.map((row) => ({
    model: textIn(row, "model"),
    quality: textOrNullIn(row, "quality_billed"),
    outcomes: numberIn(row, "outcomes"),
    kept: numberIn(row, "kept"),
    judgedCharge: usdHalvesIn(row, "judged_charge"),
  }));
}
