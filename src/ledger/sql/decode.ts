import type {
  AdoptableRow,
  AlertRow,
  CallRow,
  CorrectionRow,
  CounterRow,
  EndedCall,
  EntryRow,
  IntentRow,
  NodeRow,
  OutcomeRow,
  RateRow,
  RootRow,
  StatementRow,
} from "../engine/rows.ts";
import type { StoredPrice } from "../port.ts";
import {
  booleanIn,
  integerIn,
  numberIn,
  numberOrNullIn,
  type Row,
  textIn,
  textOrNullIn,
  usdIn,
  usdOrNullIn,
  wordIn,
} from "./rows.ts";

/** Rows of the tables, which both stores name alike, as the ledger knows them. */

export function rootRow(row: Row): RootRow {
  return {
    root: textIn(row, "root"),
    sequence: integerIn(row, "sequence"),
    hash: textIn(row, "hash"),
    version: integerIn(row, "version"),
    books: {
      cash: usdIn(row, "cash"),
      available: usdIn(row, "available"),
      held: usdIn(row, "held"),
      revenue: usdIn(row, "revenue"),
      house: usdIn(row, "house"),
      vendor_payable: usdIn(row, "vendor_payable"),
    },
    adoptableUntilMs: numberIn(row, "adoptable_until_ms"),
  };
}

export function nodeRow(row: Row): NodeRow {
  return {
    root: textIn(row, "root"),
    id: textIn(row, "id"),
    parent: textOrNullIn(row, "parent"),
    kind: wordIn(row, "kind", ["account", "key"]),
    name: textIn(row, "name"),
    prepaid: booleanIn(row, "prepaid"),
    limits: {
      day: usdOrNullIn(row, "limit_day"),
      month: usdOrNullIn(row, "limit_month"),
      total: usdOrNullIn(row, "limit_total"),
    },
    settings: textIn(row, "settings"),
    createdMs: numberIn(row, "created_ms"),
    sha256: textOrNullIn(row, "sha256"),
    revokedMs: numberOrNullIn(row, "revoked_ms"),
  };
}

export function counterRow(row: Row): CounterRow {
  return {
    root: textIn(row, "root"),
    node: textIn(row, "node"),
    window: textIn(row, "period"),
    settled: usdIn(row, "settled"),
    held: usdIn(row, "held"),
  };
}

export function callRow(row: Row): CallRow {
  return {
    root: textIn(row, "root"),
    id: textIn(row, "id"),
    account: textIn(row, "account"),
    key: textIn(row, "key"),
    path: textIn(row, "path"),
    day: textIn(row, "day"),
    month: textIn(row, "month"),
    amount: usdIn(row, "amount"),
    vendorAmount: usdIn(row, "vendor_amount"),
    vendor: textIn(row, "vendor"),
    connection: textIn(row, "connection"),
    model: textIn(row, "model"),
    process: textOrNullIn(row, "process"),
    qualityAsked: textOrNullIn(row, "quality_asked"),
    size: textOrNullIn(row, "size"),
    user: textOrNullIn(row, "end_user"),
    tags: textIn(row, "tags"),
    run: textOrNullIn(row, "run"),
    runRow: textOrNullIn(row, "run_row"),
    sequence: integerIn(row, "sequence"),
    createdMs: numberIn(row, "created_ms"),
    task: textOrNullIn(row, "task"),
    ended: row["ended_ms"] === null ? null : endedIn(row),
  };
}

function endedIn(row: Row): EndedCall {
  return {
    endedMs: numberIn(row, "ended_ms"),
    endSequence: integerIn(row, "end_sequence"),
    outcome: textIn(row, "outcome"),
    charge: usdIn(row, "charge"),
    vendorCost: usdIn(row, "vendor_cost"),
    overrun: usdIn(row, "overrun"),
    exposure: usdIn(row, "exposure"),
    exposureReason: textOrNullIn(row, "exposure_reason"),
    exposureBilled: usdOrNullIn(row, "exposure_billed"),
    qualityBilled: textOrNullIn(row, "quality_billed"),
    images: numberIn(row, "images"),
  };
}

export function entryRow(row: Row): EntryRow {
  return {
    root: textIn(row, "root"),
    sequence: integerIn(row, "sequence"),
    id: textIn(row, "id"),
    kind: textIn(row, "kind"),
    createdMs: numberIn(row, "created_ms"),
    text: textIn(row, "text"),
    hash: textIn(row, "hash"),
  };
}

export function intentRow(row: Row): IntentRow {
  return {
    root: textIn(row, "root"),
    scope: textIn(row, "scope"),
    body: textIn(row, "body"),
    hold: textIn(row, "hold"),
    createdMs: numberIn(row, "created_ms"),
  };
}

export function adoptableRow(row: Row): AdoptableRow {
  return {
    root: textIn(row, "root"),
    key: textIn(row, "key"),
    body: textIn(row, "body"),
    hold: textIn(row, "hold"),
    sinceMs: numberIn(row, "since_ms"),
    claimed: booleanIn(row, "claimed"),
  };
}

export function rateRow(row: Row): RateRow {
  return {
    root: textIn(row, "root"),
    node: textIn(row, "node"),
    minute: numberIn(row, "minute"),
    requests: numberIn(row, "requests"),
    images: numberIn(row, "images"),
  };
}

export function alertRow(row: Row): AlertRow {
  const threshold = numberIn(row, "threshold");
  if (threshold !== 50 && threshold !== 80 && threshold !== 100) {
    throw new Error(`column threshold: ${threshold}`);
  }
  return {
    root: textIn(row, "root"),
    nodeId: textIn(row, "node"),
    limit: wordIn(row, "limit_name", ["prepaid", "day", "month", "total", "range"]),
    window: textIn(row, "period"),
    threshold,
    used: usdIn(row, "used"),
    of: usdIn(row, "limit_amount"),
    createdMs: numberIn(row, "created_ms"),
  };
}

export function correctionRow(row: Row): CorrectionRow {
  return {
    root: textIn(row, "root"),
    id: textIn(row, "id"),
    corrects: textIn(row, "corrects"),
    of: wordIn(row, "corrected", ["charge", "cost", "exposure", "fund"]),
    account: textIn(row, "account"),
    hold: textOrNullIn(row, "hold"),
    before: usdIn(row, "before_amount"),
    after: usdIn(row, "after_amount"),
    reason: textIn(row, "reason"),
    actor: textIn(row, "actor"),
    sequence: integerIn(row, "sequence"),
    createdMs: numberIn(row, "created_ms"),
  };
}

export function outcomeRow(row: Row): OutcomeRow {
  return {
    root: textIn(row, "root"),
    hold: textIn(row, "hold"),
    image: numberIn(row, "image"),
    kept: booleanIn(row, "kept"),
    reason: textOrNullIn(row, "reason"),
    images: numberIn(row, "images"),
    actor: textIn(row, "actor"),
    revision: numberIn(row, "revision"),
    sequence: integerIn(row, "sequence"),
    createdMs: numberIn(row, "created_ms"),
  };
}

export function priceRow(row: Row): StoredPrice {
  return { id: textIn(row, "id"), sha256: textIn(row, "sha256"), json: textIn(row, "json") };
}

/** Of the newest statement of a month: how many there are. */
export function newestStatementRow(row: Row): Pick<StatementRow, "month" | "ordinal"> {
  return { month: textIn(row, "month"), ordinal: numberIn(row, "ordinal") };
}
