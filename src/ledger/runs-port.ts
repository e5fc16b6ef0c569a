import type { JsonValue } from "../json.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import type { Page } from "./reports-port.ts";

/**
 * What the ledger keeps of runs: thousands of rows of one file, each of which becomes one call, under one cap.
 *
 * The law of the cap: settled + held + exposed stays within `maxCost` in every committed state. A claim adds
 * a row's ceiling to `held` in one transaction with the check; the hold of a row is made only while the row is
 * claimed under that intent, and for no more than was claimed; its ending turns the ceiling into what was
 * settled and exposed in the ending's own transaction. So no crash, no second process and no engine that was
 * taken for dead can pass the cap. (Only a vendor that counts more than was asked for can: what it may bill
 * beyond the ceiling is told as exposure, and counts.)
 *
 * A run belongs to an account and is found by both: the same id below another root is another run. Methods
 * that change something resolve when it is durable.
 */
export type LedgerRuns = {
  createRun(run: NewRun): Promise<NewRunResult>;
  /** Undefined for an id that isn't there, or is another account's. */
  run(run: RunRef): Promise<Run | undefined>;
  /** Newest first. @throws InvalidPage for a `before` that no page of this list gave out. */
  listRuns(of: RunsQuery): Promise<Page<Run>>;
  /**
   * Of all accounts, what a start must care for: runs in state `running`, to be taken, and those that a crash
   * kept `closeRun` from finishing, to be closed again.
   */
  openRuns(): Promise<readonly Run[]>;
  /**
   * Opens a run that isn't running for rows to be loaded again: state `loading`. Rows keep their ends until
   * `putRows` brings them with another content; those that it doesn't bring end at `dropMissing`.
   */
  reviseRun(of: {
    readonly run: RunRef;
    readonly change?: RunChange;
  }): Promise<{ readonly kind: "revised"; readonly run: Run } | Busy | Unsettled | RunRefusal>;
  /**
   * Adds rows to a run in state `loading`, at most `PUT_ROWS_MAX` at once: all of them or none. A row that is
   * there already with the same content keeps its state and its end, but for `blocked` and `skipped`, which
   * wait again; one with another content waits, whatever became of the old one, whose money stays counted.
   */
  putRows(of: {
    readonly run: RunRef;
    readonly rows: readonly NewRow[];
  }): Promise<PutRows | DuplicateRows | RunRefusal>;
  /** Writes what rows of a run in state `loading` are expected to come to, and which of them no gate lets pass. */
  priceRows(of: {
    readonly run: RunRef;
    readonly rows: readonly PricedRow[];
  }): Promise<{ readonly kind: "priced" } | RunRefusal>;
  /** Ends the rows that the newest loading didn't bring: `skipped`, code `removed`. In state `loading` only. */
  dropMissing(
    run: RunRef,
  ): Promise<{ readonly kind: "dropped"; readonly rows: number } | RunRefusal>;
  /** Changes a run that is in one of the states `from`; with an epoch, only as long as it is the newest. */
  setRun(of: {
    readonly run: RunRef;
    readonly from: readonly RunState[];
    readonly epoch?: number;
    /** `ended` and `cancelled` are `closeRun`'s, `running` is `takeRun`'s, `loading` is `reviseRun`'s. */
    readonly state?: "ready" | "paused" | "stopped" | "sampled";
    readonly change?: RunChange;
  }): Promise<{ readonly kind: "set"; readonly run: Run } | RunRefusal>;
  /**
   * Makes a run this process's, and `running`: from `ready`, `paused`, `stopped`, `sampled`, or from `running`
   * when who ran it is dead. Raises the epoch, by which whoever had it before is fenced off. At most one of
   * several processes gets it.
   *
   * In SQLite whoever isn't this process is dead, because the file has one owner. In PostgreSQL a process
   * lives as long as its beat stands (`Beats`): recovery takes it away 60 s after it stopped.
   */
  takeRun(of: {
    readonly run: RunRef;
    /** The gateway process, as in `Admission.process`. */
    readonly process: string;
    readonly change?: RunChange;
  }): Promise<
    { readonly kind: "taken"; readonly epoch: number; readonly run: Run } | Busy | RunRefusal
  >;
  /** Gives a run up, whatever its state: the next may take it. Nothing for an epoch that isn't the newest. */
  leaveRun(of: { readonly run: RunRef; readonly epoch: number }): Promise<void>;
  /**
   * Ends a run for good, until it is revised. `ended`: refused as long as rows wait or run. `cancelled`: rows
   * that wait are `skipped`, code `cancelled`, and so are those that come back unspent. Erases the orders of
   * all rows. Again is harmless, and finishes what a crash cut off.
   */
  closeRun(of: {
    readonly run: RunRef;
    readonly to: "ended" | "cancelled";
    readonly epoch?: number;
  }): Promise<{ readonly kind: "closed"; readonly run: Run } | Unsettled | RunRefusal>;
  /**
   * Claims rows that wait, in the order given, and reserves their ceilings under the cap: all in one
   * transaction. Stops at the first that doesn't fit.
   */
  claimRows(of: {
    readonly run: RunRef;
    readonly epoch: number;
    readonly rows: readonly RowClaim[];
  }): Promise<
    | { readonly kind: "decided"; readonly rows: readonly ClaimedRow[]; readonly run: Run }
    | RunRefusal
  >;
  /**
   * Says what became of rows that were claimed, or of rows that wait (skipped, or done with another's picture),
   * in whatever state the run is. Releases what is left of a ceiling. The same end again is the same.
   */
  endRows(of: {
    readonly run: RunRef;
    readonly epoch: number;
    readonly rows: readonly RowEnd[];
  }): Promise<
    { readonly kind: "decided"; readonly rows: readonly EndedRow[]; readonly run: Run } | RunRefusal
  >;
  /** Puts rows that ended, and not `done`, back to wait, under another intent. Answers how many. */
  retryRows(of: {
    readonly run: RunRef;
    readonly epoch: number;
    readonly rows: readonly { readonly row: string; readonly intent: string }[];
  }): Promise<{ readonly kind: "retried"; readonly rows: number } | RunRefusal>;
  /** Rows of a run, in the order that was asked for. None for a run that isn't there. */
  rows(of: RowsQuery): Promise<readonly RunRow[]>;
  /** How many rows stand where, and what they were priced at: by state and code. Looks at every row. */
  breakdown(run: RunRef): Promise<readonly RowSums[]>;
  /**
   * Adds up all calls that any row of the run ever made, as corrections and closed exposures have left them,
   * and makes the run's figures that. They are kept so by every transaction: a difference is a bug, and told.
   */
  recountRun(
    run: RunRef,
  ): Promise<
    | { readonly kind: "counted"; readonly before: RunFigures; readonly after: RunFigures }
    | RunRefusal
  >;
};

/** Names a run. */
export type RunRef = {
  readonly accountId: string;
  /** `run_…` */
  readonly id: string;
};

export const RUN_STATES = [
  "loading",
  "ready",
  "running",
  "paused",
  "stopped",
  "sampled",
  "ended",
  "cancelled",
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** `waiting` and `running`, then the ends. */
export const ROW_STATES = [
  "waiting",
  "running",
  "done",
  "blocked",
  "moderated",
  "refused",
  "failed",
  "unknown",
  "skipped",
] as const;
export type RowState = (typeof ROW_STATES)[number];

/** Rows that one `putRows` may bring. */
export const PUT_ROWS_MAX = 2_000;
/** The order of one row, as JSON text: bytes. */
export const ORDER_BYTES_MAX = 65_536;
/** The settings, the stopped reason or the pricing of a run, or the detail of a row, as JSON text: bytes. */
export const RUN_JSON_BYTES_MAX = 65_536;

export type NewRun = RunRef & {
  /** Of the account: its holds are made with it. */
  readonly keyId: string;
  /** For people. */
  readonly name: string | null;
  readonly settings: JsonValue;
  /** Null: no cap but the account's limits. */
  readonly maxCost: PicoUsd | null;
};

export type NewRunResult =
  | { readonly kind: "created"; readonly run: Run }
  /** The account has a run of this id. */
  | { readonly kind: "exists"; readonly run: Run }
  /** Another account below the same root has one. */
  | { readonly kind: "taken" }
  | { readonly kind: "unknown_account" };

/** Absent leaves it. A cap below what is used already lets nothing more be claimed. */
export type RunChange = {
  readonly keyId?: string;
  readonly name?: string | null;
  readonly settings?: JsonValue;
  readonly maxCost?: PicoUsd | null;
  /** Why it stands, for whoever looks: null for nothing. */
  readonly stopped?: JsonValue;
  /** What pricing found, for whoever looks: null for nothing. */
  readonly pricing?: JsonValue;
};

/** What the calls of a run come to. */
export type RunFigures = {
  /** Charges, as corrections left them. */
  readonly settled: PicoUsd;
  /** What vendors may bill though nobody is charged: open exposures at their maximum, closed ones as billed. */
  readonly exposed: PicoUsd;
  /** Made by calls that settled. */
  readonly images: number;
};

export type Run = RunRef &
  RunFigures & {
    readonly keyId: string;
    readonly name: string | null;
    readonly state: RunState;
    readonly stopped: JsonValue;
    readonly settings: JsonValue;
    readonly pricing: JsonValue;
    readonly maxCost: PicoUsd | null;
    /** Ceilings of rows that were claimed and haven't ended. */
    readonly held: PicoUsd;
    /** Every row, the removed ones too, by its state. */
    readonly counts: { readonly [state in RowState]: number };
    /** The `seq` of the row that ended last; 0 before any. */
    readonly seq: number;
    /** Loadings so far: 1 for the first. */
    readonly revision: number;
    /** Rises when it is taken, and when it is revised. */
    readonly epoch: number;
    /** Who has it; null for nobody. A dead one's stands here until somebody takes it. */
    readonly process: string | null;
    readonly createdMs: number;
    readonly changedMs: number;
  };

export type RunsQuery = {
  /** Of this account alone; absent: of all. */
  readonly accountId?: string;
  readonly before?: string;
  /** 1 to 1,000. */
  readonly most: number;
};

export type NewRow = {
  /** Unique within its run; at most 200 characters. */
  readonly row: string;
  /** Its place in the file, from 0. */
  readonly position: number;
  /** The line of the file that it stands in, for people; null where there is none. */
  readonly line: number | null;
  /** SHA-256 (hex) of all that is sent. */
  readonly content: string;
  /** SHA-256 (hex) over run, row and content: the scope of its hold's `Intent`. */
  readonly intent: string;
  /** What is asked for: JSON text of at most `ORDER_BYTES_MAX`. Stands in no entry; erased with `closeRun`. */
  readonly order: string;
};

export type PutRows = {
  readonly kind: "put";
  readonly added: number;
  /** There before, and with another content now. */
  readonly changed: number;
  readonly unchanged: number;
};

/** The first hundred that this loading has brought before, with another content or place. None were taken. */
export type DuplicateRows = { readonly kind: "duplicate"; readonly rows: readonly string[] };

export type RowQuote = {
  readonly images: number;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** A row that waits, priced or blocked; its quote null where it couldn't be priced. */
export type PricedRow = {
  readonly row: string;
  readonly quote: RowQuote | null;
  readonly blocked?: { readonly code: string; readonly detail: JsonValue };
};

export type RowClaim = {
  readonly row: string;
  /** The row's newest: its hold's too. */
  readonly intent: string;
  /** At least its hold's amount. */
  readonly ceiling: PicoUsd;
};

/** What became of one claim, in the place of the claim. */
export type ClaimedRow =
  | { readonly kind: "claimed"; readonly row: string }
  /** It would pass the cap. */
  | {
      readonly kind: "cap";
      readonly row: string;
      readonly required: PicoUsd;
      readonly available: PicoUsd;
    }
  /** One before it would pass the cap. */
  | { readonly kind: "not_tried"; readonly row: string }
  /** It isn't there, doesn't wait or has another intent. */
  | { readonly kind: "not_waiting"; readonly row: string };

export type RowEnd = {
  readonly row: string;
  /** `waiting`: nothing was spent, and it is tried again. */
  readonly state: Exclude<RowState, "running">;
  /** The call that it came to, or whose picture it shares; null for none. */
  readonly receiptId: string | null;
  /** The picture is another row's: it costs this one nothing. */
  readonly shared?: true;
  /** The refusal; null for `done`. */
  readonly code: string | null;
  /** What a manifest says of it, for people and programs; never a prompt. */
  readonly detail: JsonValue;
};

/** What became of one end, in the place of the end. */
export type EndedRow =
  | { readonly kind: "ended"; readonly row: string; readonly seq: number }
  | { readonly kind: "waiting"; readonly row: string }
  /** Its hold has no ending yet: what it costs isn't known. */
  | { readonly kind: "open"; readonly row: string; readonly holdId: string }
  /** It has ended in another way before, or isn't there. */
  | { readonly kind: "ended_before"; readonly row: string };

export type RowsQuery = {
  readonly run: RunRef;
  /**
   * `seq`: those that ended since, in the order in which they ended; 0 for all. `position`: those behind it, in
   * the order of the file; -1 for all; of one state where one is named. `row`: the one of this id alone.
   */
  readonly after:
    | { readonly seq: number }
    | { readonly row: string }
    | { readonly position: number; readonly state?: RowState };
  /** 1 to 1,000. */
  readonly limit: number;
  /** Their orders too: up to 64 KiB each. */
  readonly withOrders?: true;
};

export type RunRow = {
  readonly row: string;
  readonly position: number;
  readonly line: number | null;
  readonly content: string;
  readonly intent: string;
  readonly state: RowState;
  /** Claims so far. */
  readonly attempts: number;
  /** What is held for it; zero unless it runs. */
  readonly ceiling: PicoUsd;
  /** As it was priced; null before. */
  readonly quote: RowQuote | null;
  /** Of a row that runs: the newest hold under its intent, null when none was made. Of others: as it ended. */
  readonly receiptId: string | null;
  readonly shared: boolean;
  /** What its receipt comes to, after corrections; zero for a shared one. */
  readonly charge: PicoUsd;
  readonly exposure: PicoUsd;
  readonly code: string | null;
  readonly detail: JsonValue;
  /** Rises with every row that ends; null while it waits or runs. */
  readonly seq: number | null;
  /** JSON text. Only when it was asked for; null when it was erased. */
  readonly order?: string | null;
};

/** Rows of one state and code; sums of what they were priced at. */
export type RowSums = {
  readonly state: RowState;
  readonly code: string | null;
  readonly rows: number;
  readonly images: number;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** A living process has it. */
export type Busy = { readonly kind: "busy"; readonly process: string };

/** Rows run, or wait where none may: what they come to must be known first. */
export type Unsettled = { readonly kind: "unsettled"; readonly rows: number };

export type RunRefusal =
  | { readonly kind: "unknown_run" }
  /** It isn't in a state in which that is done. */
  | { readonly kind: "wrong_state"; readonly state: RunState }
  /** Somebody took it since. */
  | { readonly kind: "stale"; readonly epoch: number };
