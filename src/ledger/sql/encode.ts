import type {
  AdoptableRow,
  AlertRow,
  CallRow,
  CorrectionRow,
  CounterRow,
  EntryRow,
  IntentRow,
  NodeRow,
  OutcomeRow,
  RateRow,
  RootRow,
  StatementRow,
} from "../engine/rows.ts";
import { books } from "../journal.ts";
import type { StoredPrice } from "../port.ts";
import type { Cell } from "./rows.ts";

/**
 * The tables' columns in order, and the cells of a row in the same order: what both stores write. A store
 * that names all columns of a statement takes them from here.
 */
export type TableShape<Item> = {
  readonly table: string;
  /** The first `keys` columns are the primary key. */
  readonly columns: readonly string[];
  readonly keys: number;
  readonly cells: (row: Item) => readonly Cell[];
};

export const rootShape: TableShape<RootRow> = {
  table: "roots",
  columns: ["root", "sequence", "hash", "version", "adoptable_until_ms", ...books],
  keys: 1,
  cells: (row) => [
    row.root,
    row.sequence,
    row.hash,
    row.version,
    row.adoptableUntilMs,
    ...books.map((book) => row.books[book]),
  ],
};

export const nodeShape: TableShape<NodeRow> = {
  table: "nodes",
  columns: [
    ...["root", "id", "parent", "kind", "name", "prepaid", "limit_day", "limit_month"],
    ...["limit_total", "settings", "created_ms", "sha256", "revoked_ms"],
  ],
  keys: 2,
  cells: (row) => [
    ...[row.root, row.id, row.parent, row.kind, row.name, row.prepaid ? 1 : 0],
    ...[row.limits.day, row.limits.month, row.limits.total],
    ...[row.settings, row.createdMs, row.sha256, row.revokedMs],
  ],
};

export const counterShape: TableShape<CounterRow> = {
  table: "counters",
  columns: ["root", "node", "period", "settled", "held"],
  keys: 3,
  cells: (row) => [row.root, row.node, row.window, row.settled, row.held],
};

export const callShape: TableShape<CallRow> = {
  table: "calls",
  columns: [
    ...["root", "id", "account", "key", "path", "day", "month", "amount", "vendor_amount"],
    ...["vendor", "connection", "model", "process", "quality_asked", "size", "end_user", "tags"],
    ...["run", "run_row", "sequence", "created_ms", "task", "ended_ms", "end_sequence"],
    ...["outcome", "charge", "vendor_cost", "overrun", "exposure", "exposure_reason"],
    ...["exposure_billed", "quality_billed", "images"],
  ],
  keys: 2,
  cells: (row) => [
    ...[row.root, row.id, row.account, row.key, row.path, row.day, row.month],
    ...[row.amount, row.vendorAmount, row.vendor, row.connection, row.model, row.process],
    ...[row.qualityAsked, row.size, row.user, row.tags, row.run, row.runRow],
    ...[row.sequence, row.createdMs],
    ...changingCells(row),
  ],
};

/** The columns of a call that change after its hold: the last ones of `callShape`, in the same order. */
export const callChanges = {
  columns: callShape.columns.slice(callShape.columns.indexOf("task")),
  cells: changingCells,
} as const;

function changingCells({ task, ended }: CallRow): readonly Cell[] {
  return [
    task,
    ...[ended?.endedMs ?? null, ended?.endSequence ?? null, ended?.outcome ?? null],
    ...[ended?.charge ?? null, ended?.vendorCost ?? null, ended?.overrun ?? null],
    ...[ended?.exposure ?? null, ended?.exposureReason ?? null, ended?.exposureBilled ?? null],
    ...[ended?.qualityBilled ?? null, ended?.images ?? null],
  ];
}

export const entryShape: TableShape<EntryRow> = {
  table: "entries",
  columns: ["root", "sequence", "id", "kind", "created_ms", "text", "hash"],
  keys: 2,
  cells: (row) => [
    ...[row.root, row.sequence, row.id, row.kind, row.createdMs, row.text, row.hash],
  ],
};

export const intentShape: TableShape<IntentRow> = {
  table: "intents",
  columns: ["root", "scope", "body", "hold", "created_ms"],
  keys: 2,
  cells: (row) => [row.root, row.scope, row.body, row.hold, row.createdMs],
};

export const adoptableShape: TableShape<AdoptableRow> = {
  table: "adoptables",
  columns: ["root", "key", "body", "hold", "since_ms", "claimed"],
  keys: 4,
  cells: (row) => [row.root, row.key, row.body, row.hold, row.sinceMs, row.claimed ? 1 : 0],
};

export const rateShape: TableShape<RateRow> = {
  table: "rates",
  columns: ["root", "node", "minute", "requests", "images"],
  keys: 2,
  cells: (row) => [row.root, row.node, row.minute, row.requests, row.images],
};

export const alertShape: TableShape<AlertRow> = {
  table: "alerts",
  columns: [
    ...["root", "node", "period", "threshold", "limit_name", "used", "limit_amount"],
    "created_ms",
  ],
  keys: 4,
  cells: (row) => [
    ...[row.root, row.nodeId, row.window, row.threshold, row.limit, row.used, row.of],
    row.createdMs,
  ],
};

export const correctionShape: TableShape<CorrectionRow> = {
  table: "corrections",
  columns: [
    ...["root", "id", "corrects", "corrected", "account", "hold", "before_amount"],
    ...["after_amount", "reason", "actor", "sequence", "created_ms"],
  ],
  keys: 2,
  cells: (row) => [
    ...[row.root, row.id, row.corrects, row.of, row.account, row.hold, row.before, row.after],
    ...[row.reason, row.actor, row.sequence, row.createdMs],
  ],
};

export const outcomeShape: TableShape<OutcomeRow> = {
  table: "outcomes",
  columns: [
    ...["root", "hold", "image", "kept", "reason", "images", "actor", "revision"],
    ...["sequence", "created_ms"],
  ],
  keys: 3,
  cells: (row) => [
    ...[row.root, row.hold, row.image, row.kept ? 1 : 0, row.reason, row.images],
    ...[row.actor, row.revision, row.sequence, row.createdMs],
  ],
};

export const priceShape: TableShape<StoredPrice> = {
  table: "price_versions",
  columns: ["sha256", "id", "json"],
  keys: 1,
  cells: (row) => [row.sha256, row.id, row.json],
};

export const statementShape: TableShape<StatementRow> = {
  table: "statements",
  columns: [
    ...["root", "id", "number", "ordinal", "account", "month", "opening_sequence"],
    ...["closing_sequence", "total", "sha256", "json", "sequence", "created_ms"],
  ],
  keys: 2,
  cells: (row) => [
    ...[row.root, row.id, row.number, row.ordinal, row.account, row.month, row.opening],
    ...[row.closing, row.total, row.sha256, row.json, row.sequence, row.createdMs],
  ],
};
