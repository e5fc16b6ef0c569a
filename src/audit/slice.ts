import type { PriceVersion } from "../catalog/schema.ts";
import { endingId } from "../ledger/journal.ts";
import type { Query, Row } from "../ledger/sql/rows.ts";
import { applyEntry } from "./apply-entry.ts";
import { compareColumns, endedColumns, heldColumns } from "./call-rows.ts";
import {
  type Compare,
  compareAt,
  type Discrepancy,
  DiscrepancyFound,
  naming,
} from "./discrepancy.ts";
import type { EndingEntry, EntryOf, EntryText } from "./entry-text.ts";
import { cell, outcomesOf, rowsById } from "./journal-reads.ts";
import { correctedCall } from "./model-corrections.ts";
import { beforeId, compareOutcome, pictureKey } from "./model-outcomes.ts";
import { openMonth } from "./model-statements.ts";
import type { Head } from "./projections.ts";
import type { RootModel } from "./root-model.ts";
import { compareStatement } from "./statement-bytes.ts";
import { readEntry, type StoredEntry } from "./stored-entry.ts";

/** Applies entries to a model, a slice at a time, and compares the rows of calls, corrections and outcomes they make. */

/** A root while it is verified. */
export type RootRun = {
  readonly query: Query;
  readonly priceOf: (sha256: string) => PriceVersion;
  readonly model: RootModel;
  /** The sequence after which the run began: 0 for a whole chain. */
  readonly from: bigint;
  /** Holds from before it that were looked up because the run came to their ending. */
  readonly reopened: Set<string>;
  /** Calls that a correction or a late result changed after their ending. */
  readonly touched: Set<string>;
  /**
   * Ended calls whose row isn't what the ending alone made it, and pictures whose row isn't what the outcome
   * alone made it: a later entry has to explain it, or it is the discrepancy that is kept here.
   */
  readonly unexplained: Map<string, Discrepancy>;
};

/** What the entries of a slice refer to: read in a few statements before they are applied. */
export type Beside = {
  readonly calls: ReadonlyMap<string, Row>;
  readonly corrections: ReadonlyMap<string, Row>;
  readonly outcomes: ReadonlyMap<string, Row>;
  readonly entries: ReadonlyMap<string, Row>;
  readonly statements: ReadonlyMap<string, Row>;
};

export async function readBeside(run: RootRun, slice: readonly StoredEntry[]): Promise<Beside> {
  const { query, model } = run;
  const { root } = model;
  const [calls, corrections, entries] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const judged = new Set<string>();
  const statements = new Set<string>();
  for (const { entry } of slice) {
    if (entry.kind === "hold") calls.add(entry.id);
    if (entry.kind === "settle" || entry.kind === "void") calls.add(entry.hold);
    if (entry.kind === "correction") corrections.add(entry.id);
    if (entry.kind === "outcome") judged.add(entry.hold);
    if (entry.kind === "statement") statements.add(entry.id);
    for (const id of earlierIds(entry)) entries.add(id);
  }
  return {
    calls: await rowsById(query, "calls", { root, ids: calls }),
    corrections: await rowsById(query, "corrections", { root, ids: corrections }),
    outcomes: await outcomesOf(query, { root, holds: judged }),
    entries: await rowsById(query, "entries", { root, ids: entries }),
    statements: await rowsById(query, "statements", { root, ids: statements }),
  };
}

/** Earlier entries that an entry can't be checked without. */
function earlierIds(entry: EntryText): readonly string[] {
  if (entry.kind === "correction") {
    const { corrects, hold } = entry;
    return hold === undefined ? [corrects] : [corrects, hold, endingId(hold)];
  }
  if (entry.kind === "cost" && entry.ending !== undefined) {
    return [entry.hold, endingId(entry.hold)];
  }
  if (entry.kind === "outcome") {
    const ending = endingId(entry.hold);
    return entry.revision > 1 ? [ending, beforeId(entry)] : [ending];
  }
  return [];
}

/** Checks one entry against all before it, then the rows that are its projections. */
export function applyStored(
  run: RootRun,
  stored: StoredEntry,
  { beside, before }: { readonly beside: Beside; readonly before: Head },
): void {
  const { model, priceOf } = run;
  const { entry, place, sequence } = stored;
  const compare = compareAt(place);
  naming(place, () => {
    const found = (id: string): ReturnType<typeof readEntry> | undefined => {
      const row = beside.entries.get(id);
      const read = row === undefined ? undefined : readEntry(row);
      return read !== undefined && read.sequence < sequence ? read : undefined;
    };
    const earlier = (id: string): EntryText | undefined => found(id)?.entry;
    const sequenceOf = (id: string): bigint | undefined => found(id)?.sequence;
    const task = entry.kind === "settle" || entry.kind === "void" ? taskOf(model, entry) : null;
    openMonth(model, entry.createdMs, before);
    applyEntry(model, entry, { compare, priceOf, earlier, sequenceOf });
    compareRows(run, stored, { beside, task, compare });
  });
}

function taskOf(model: RootModel, { hold }: EndingEntry): string | null {
  return model.open.get(hold)?.task ?? null;
}

function compareRows(
  run: RootRun,
  { entry, sequence }: StoredEntry,
  of: { readonly beside: Beside; readonly task: string | null; readonly compare: Compare },
): void {
  const { beside, task, compare } = of;
  switch (entry.kind) {
    case "hold":
      compareColumns(
        "calls",
        beside.calls.get(entry.id) ?? {},
        heldColumns(entry, sequence),
        compare,
      );
      break;
    case "settle":
    case "void": {
      const row = beside.calls.get(entry.hold) ?? {};
      compareColumns("calls", row, { ...endedColumns(entry, sequence), task }, compare);
      compareAmounts(run, entry, row, compare);
      break;
    }
    case "cost":
      if (entry.ending !== undefined) touch(run, entry.hold);
      break;
    case "correction":
      compareCorrection(entry, { sequence, row: beside.corrections.get(entry.id) ?? {} }, compare);
      if (entry.hold !== undefined) touch(run, entry.hold);
      break;
    case "outcome": {
      const row = beside.outcomes.get(pictureKey(entry)) ?? {};
      compareOutcome(entry, { row, sequence, unexplained: run.unexplained }, compare);
      break;
    }
    case "statement":
      compareStatement(entry, { sequence, row: beside.statements.get(entry.id) ?? {} }, compare);
      break;
    default:
      // Every other kind is projected to books, counters and nodes only.
      break;
  }
}

/** A call's row is compared at the end of the chain instead, with all that changed it. */
function touch(run: RootRun, hold: string): void {
  run.touched.add(hold);
  run.unexplained.delete(hold);
}

/** The columns that corrections and late results may still change. */
function compareAmounts(run: RootRun, entry: EndingEntry, row: Row, compare: Compare): void {
  const { charge, vendorCost } = correctedCall(run.model, entry.hold, {
    ...{ ending: entry, late: undefined },
  });
  try {
    compare("calls.charge", cell(row, "charge"), charge);
    compare("calls.vendor_cost", cell(row, "vendor_cost"), vendorCost);
    compare("calls.exposure_billed", cell(row, "exposure_billed"), null);
  } catch (error) {
    if (!(error instanceof DiscrepancyFound)) throw error;
    run.unexplained.set(entry.hold, error.discrepancy);
  }
}

function compareCorrection(
  entry: EntryOf<"correction">,
  { row, sequence }: { readonly row: Row; readonly sequence: bigint },
  compare: Compare,
): void {
  const { id, corrects, of, account, hold, before, after, reason, actor, createdMs } = entry;
  const columns = {
    ...{ id, corrects, corrected: of, account, hold: hold ?? null },
    ...{ before_amount: before, after_amount: after, reason, actor },
    ...{ sequence, created_ms: createdMs },
  };
  compareColumns("corrections", row, columns, compare);
}
