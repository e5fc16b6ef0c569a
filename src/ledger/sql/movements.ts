import { addUsd, negateUsd, type PicoUsd, picoUsd, subtractUsd } from "../../money/pico-usd.ts";
import type {
  CorrectionMovement,
  FundingMovement,
  Movements,
  MovementsQuery,
  SettledMovement,
  StatedCall,
} from "../statements-port.ts";
import {
  booleanIn,
  numberIn,
  type Query,
  type Row,
  rowsOf,
  textIn,
  textOrNullIn,
  usdIn,
} from "./rows.ts";
import { PATH_LIKE, through } from "./through.ts";

/** What moved the money of accounts within a part of a journal, in the order of its chain. */

/** Entries looked at in one read: others that read wait for a few milliseconds. */
const SLICE = 2_000;

const SPAN = "entries.root = ?1 AND entries.sequence > ?2 AND entries.sequence <= ?3";
const WITHIN = `${PATH_LIKE} ?4 ESCAPE '\\'`;
const CALL = `calls.id AS hold, calls.account AS account, calls.model AS model, calls.tags AS tags,
  calls.quality_billed AS quality_billed, calls.month AS month, calls.run AS run, calls.images AS images`;

/**
 * Endings, each with what corrections took from its charge since: an ending's row says what they left of it,
 * the journal what was posted. An ending's entry bears the id of its hold and `.end`.
 */
const ENDINGS = `SELECT ${CALL}, calls.outcome AS outcome, calls.charge AS charge,
    CAST(coalesce((SELECT sum(before_amount - after_amount) FROM corrections
      WHERE corrections.root = calls.root AND corrects = calls.id || '.end'), 0) AS BIGINT) AS taken
  FROM entries JOIN calls ON calls.root = entries.root
    AND calls.id = substr(entries.id, 1, length(entries.id) - 4)
  WHERE ${SPAN} AND entries.kind IN ('settle', 'void') AND ${WITHIN} ORDER BY entries.sequence`;

const CORRECTIONS = `SELECT ${CALL}, corrections.id AS id, corrected, corrects, reason,
    before_amount, after_amount, corrections.created_ms AS created_ms,
    calls.end_sequence AS end_sequence, calls.ended_ms AS ended_ms,
    CAST(CASE WHEN ${WITHIN} THEN 1 ELSE 0 END AS BIGINT) AS within
  FROM entries JOIN corrections ON corrections.root = entries.root AND corrections.id = entries.id
    LEFT JOIN calls ON calls.root = entries.root AND calls.id = corrections.hold
  WHERE ${SPAN} AND entries.kind = 'correction' AND corrected IN ('charge', 'fund')
  ORDER BY entries.sequence`;

const FUNDINGS = `SELECT id, created_ms, text FROM entries
  WHERE ${SPAN} AND kind = 'fund' ORDER BY sequence`;

/** The next slice of a part of a journal. */
export async function readMovements(query: Query, of: MovementsQuery): Promise<Movements> {
  const { root, accountId, after, until } = of;
  const to = Math.min(after + SLICE, until);
  const span = [root, after, to];
  const ofAccount = [...span, through(accountId)];
  const [endings = [], corrections = [], fundings = []] = await query([
    { sql: ENDINGS, parameters: ofAccount },
    { sql: CORRECTIONS, parameters: ofAccount },
    { sql: FUNDINGS, parameters: span },
  ]);
  const made = endings.filter((row) => textIn(row, "outcome") === "made");
  return {
    settled: made.map(settledMovement),
    voided: endings.length - made.length,
    corrections: corrections.map(correctionMovement),
    fundings: fundings.map(fundingMovement),
    next: to < until ? to : null,
  };
}

function settledMovement(row: Row): SettledMovement {
  return { ...statedCall(row), charge: addUsd(usdIn(row, "charge"), usdIn(row, "taken")) };
}

function statedCall(row: Row): StatedCall {
  return {
    holdId: textIn(row, "hold"),
    accountId: textIn(row, "account"),
    model: textIn(row, "model"),
    quality: textOrNullIn(row, "quality_billed"),
    tags: JSON.parse(textIn(row, "tags")),
    run: textOrNullIn(row, "run"),
    month: textIn(row, "month"),
    images: numberIn(row, "images"),
  };
}

function correctionMovement(row: Row): CorrectionMovement {
  const common = {
    entryId: textIn(row, "id"),
    corrects: textIn(row, "corrects"),
    createdMs: numberIn(row, "created_ms"),
    before: usdIn(row, "before_amount"),
    after: usdIn(row, "after_amount"),
    reason: textIn(row, "reason"),
  };
  if (textIn(row, "corrected") === "fund") return { ...common, of: "fund" };
  return {
    ...common,
    of: "charge",
    call: statedCall(row),
    within: booleanIn(row, "within"),
    settledSequence: numberIn(row, "end_sequence"),
    settledMs: numberIn(row, "ended_ms"),
  };
}

function fundingMovement(row: Row): FundingMovement {
  const { amount }: { readonly amount: string } = JSON.parse(textIn(row, "text"));
  return {
    entryId: textIn(row, "id"),
    createdMs: numberIn(row, "created_ms"),
    amount: picoUsd(BigInt(amount)),
  };
}

/** What was funded less what was charged, at a place: from the nearest checkpoint on, movement by movement. */
export async function readBalanceAt(
  query: Query,
  of: { readonly root: string; readonly sequence: number },
): Promise<PicoUsd> {
  const { root, sequence: until } = of;
  const [checkpoint] = await rowsOf(
    query,
    `SELECT sequence, cash, revenue FROM checkpoints
      WHERE root = ?1 AND sequence <= ?2 ORDER BY sequence DESC LIMIT 1`,
    [root, until],
  );
  let balance = checkpoint === undefined ? picoUsd(0n) : balanceOf(checkpoint);
  let after: number | null = checkpoint === undefined ? 0 : numberIn(checkpoint, "sequence");
  while (after !== null) {
    const slice: Movements = await readMovements(query, { root, accountId: root, after, until });
    balance = picoUsd(balance + movedIn(slice));
    after = slice.next;
  }
  return balance;
}

/** What stands in `available` and `held` together: the books of a root sum to zero. */
function balanceOf(row: Row): PicoUsd {
  return negateUsd(addUsd(usdIn(row, "cash"), usdIn(row, "revenue")));
}

function movedIn({ settled, corrections, fundings }: Movements): bigint {
  const funded = fundings.reduce((sum, { amount }) => sum + amount, 0n);
  const charged = settled.reduce((sum, { charge }) => sum + charge, 0n);
  const given = corrections.map(({ of, before, after }) =>
    of === "charge" ? subtractUsd(before, after) : subtractUsd(after, before),
  );
  return funded - charged + given.reduce((sum, amount) => sum + amount, 0n);
}
