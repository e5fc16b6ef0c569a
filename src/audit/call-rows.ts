import { canonicalText } from "../ledger/canonical-text.ts";
import type { Row } from "../ledger/sql/rows.ts";
import { ZERO_USD } from "../money/pico-usd.ts";
import type { Comparable, Compare } from "./discrepancy.ts";
import type { EndingEntry, EntryOf } from "./entry-text.ts";
import { cell } from "./journal-reads.ts";
import { vendorAmountOf } from "./rebill.ts";

/**
 * The columns of `calls`, as the entries of a call say them. Not among them: `process`, a circumstance that
 * no entry records.
 */

type Columns = { readonly [column: string]: Comparable };

/** Compares columns of a row; a row that isn't there has nothing in any of them. */
export function compareColumns(table: string, row: Row, columns: Columns, compare: Compare): void {
  for (const [column, computed] of Object.entries(columns)) {
    compare(`${table}.${column}`, cell(row, column), computed);
  }
}

/** What a hold writes and nothing changes. */
export function heldColumns(entry: EntryOf<"hold">, sequence: bigint): Columns {
  const { request, windows, path } = entry;
  const { facts } = request;
  return {
    id: entry.id,
    account: entry.account,
    key: request.keyId,
    path: path.join(" "),
    ...{ day: windows.day, month: windows.month },
    ...{ amount: request.amount, vendor_amount: vendorAmountOf(request) },
    ...{ vendor: request.vendor, connection: request.connection, model: request.model },
    quality_asked: facts.qualityAsked ?? null,
    size: facts.size.pixels ?? facts.size.label ?? facts.size.asked,
    end_user: request.user,
    tags: canonicalText(request.tags),
    ...{ run: request.run?.id ?? null, run_row: request.run?.row ?? null },
    ...{ sequence, created_ms: entry.createdMs },
  };
}

/** What an ending writes and no correction changes. */
export function endedColumns(entry: EndingEntry, sequence: bigint): Columns {
  const { ending } = entry;
  return {
    ...{ ended_ms: entry.createdMs, end_sequence: sequence },
    outcome: ending.kind === "void" ? ending.outcome : "made",
    overrun: ending.kind === "void" ? ZERO_USD : ending.overrun,
    exposure: ending.exposure?.amount ?? ZERO_USD,
    exposure_reason: ending.exposure?.reason ?? null,
    quality_billed: ending.qualityBilled ?? null,
    images: ending.imagesMade,
  };
}

/** A call without an ending has none of an ending's columns. */
export const OPEN_COLUMNS: Columns = Object.fromEntries(
  [
    ...["ended_ms", "end_sequence", "outcome", "charge", "vendor_cost", "overrun", "exposure"],
    ...["exposure_reason", "exposure_billed", "quality_billed", "images"],
  ].map((column) => [column, null]),
);
