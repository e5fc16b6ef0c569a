import type {
  CorrectionRequest,
  CorrectionResult,
  FundRequest,
  FundResult,
  Move,
  MoveResult,
  NewAccount,
  NewKey,
  NodeChange,
} from "../accounts-port.ts";
import type { EndingDraft, HoldDraft } from "../draft.ts";
import type { NotedOutcomes, NotedResult } from "../outcomes-port.ts";
import type { AdoptableCall, HoldResult, PostedEnding, TaskMemo } from "../port.ts";
import type { StatementDraft } from "../statements-port.ts";
import * as accounts from "./accounts.ts";
import { noteAdoptable } from "./admission.ts";
import type { Context } from "./context.ts";
import { correct } from "./correct.ts";
import { end, noteTask } from "./end.ts";
import { hold } from "./hold.ts";
import { noteOutcomes } from "./outcomes.ts";
import * as rows from "./run-rows.ts";
import * as runs from "./runs.ts";
import { type Issued, issueStatement } from "./statement.ts";

/** What a store can be asked to decide and write: argument and result of each command. */
export type Commands = {
  hold: { readonly argument: HoldDraft; readonly result: HoldResult };
  end: {
    readonly argument: InRoot & { readonly ending: EndingDraft };
    readonly result: PostedEnding;
  };
  noteTask: { readonly argument: InRoot & { readonly task: TaskMemo }; readonly result: null };
  noteAdoptable: {
    readonly argument: InRoot & AdoptableCall;
    readonly result: null;
  };
  createAccount: {
    readonly argument: NewAccount & { readonly id: string };
    readonly result: accounts.Created;
  };
  fund: {
    readonly argument: FundRequest;
    readonly result: { readonly kind: "funded" } | Extract<FundResult, { kind: "refused" }>;
  };
  createKey: { readonly argument: NewKey; readonly result: boolean };
  revokeKey: {
    readonly argument: { readonly keyId: string; readonly actor: string };
    readonly result: boolean;
  };
  changeNode: {
    readonly argument: NodeChange & { readonly entryId: string };
    readonly result: boolean;
  };
  moveAccount: {
    readonly argument: Move & { readonly entryId: string };
    readonly result: MoveResult;
  };
  correct: {
    readonly argument: InRoot & { readonly request: CorrectionRequest };
    readonly result: CorrectionResult;
  };
  noteOutcomes: {
    readonly argument: InRoot & { readonly noted: NotedOutcomes };
    readonly result: NotedResult;
  };
  issueStatement: { readonly argument: StatementDraft; readonly result: Issued };
  noteRestore: {
    readonly argument: InRoot & { entryId: string; actor: string; note: string };
    readonly result: null;
  };
} & RunCommands;

/** What can be asked of runs: as the functions that decide it are. */
type RunCommands = {
  readonly [Name in keyof typeof runDecisions]: {
    readonly argument: Parameters<(typeof runDecisions)[Name]>[0];
    readonly result: ReturnType<(typeof runDecisions)[Name]>;
  };
};

/** The root of what is asked for: found by the store, which keeps every root in one place. */
type InRoot = { readonly root: string };

export type CommandName = keyof Commands;

export type Command<Name extends CommandName = CommandName> = {
  readonly [Key in Name]: { readonly name: Key; readonly argument: Commands[Key]["argument"] };
}[Name];

export type RunCommand = Command<keyof typeof runDecisions>;

export function isOfRuns(command: Command): command is RunCommand {
  return command.name in runDecisions;
}

type Decisions = {
  readonly [Name in CommandName]: (
    argument: Commands[Name]["argument"],
    context: Context,
  ) => Commands[Name]["result"];
};

const runDecisions = {
  createRun: runs.createRun,
  reviseRun: runs.reviseRun,
  setRun: runs.setRun,
  takeRun: runs.takeRun,
  leaveRun: runs.leaveRun,
  closeRun: runs.closeRun,
  tidyRun: runs.tidyRun,
  recountRun: runs.recountRun,
  putRows: rows.putRows,
  priceRows: rows.priceRows,
  dropRows: rows.dropRows,
  claimRows: rows.claimRows,
  endRows: rows.endRows,
  retryRows: rows.retryRows,
};

const decisions: Decisions = {
  ...runDecisions,
  hold,
  end,
  noteTask,
  noteAdoptable,
  createAccount: accounts.createAccount,
  fund: accounts.fund,
  createKey: accounts.createKey,
  revokeKey: accounts.revokeKey,
  changeNode: accounts.changeNode,
  moveAccount: accounts.moveAccount,
  correct,
  noteOutcomes,
  issueStatement,
  noteRestore: accounts.noteRestore,
};

/** Decides a command on a working set. @throws Error for a bug, after which the set must be thrown away. */
export function decide<Name extends CommandName>(
  command: Command<Name>,
  context: Context,
): Commands[Name]["result"] {
  return decisions[command.name](command.argument, context);
}

/** What became of one member of a batch. Said only after the commit. */
export type Reply =
  | { readonly kind: "done"; readonly result: Commands[CommandName]["result"] }
  /** A bug: a broken invariant or a violated constraint. */
  | { readonly kind: "failed"; readonly message: string }
  /** The store can't take it now. */
  | { readonly kind: "unavailable"; readonly message: string };
