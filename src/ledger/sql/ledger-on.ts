import { newId } from "../../ids.ts";
import type { NewAccountResult } from "../accounts-port.ts";
import { endingDraft, holdDraft } from "../draft.ts";
import type { CommandName, Commands } from "../engine/commands.ts";
import type { Beats, Ledger, StoredPrice } from "../port.ts";
import { statementId } from "../statement-entry.ts";
import type { LedgerStatements } from "../statements-port.ts";
import { readAccount, readAccounts, readKey, readKeys } from "./account-reads.ts";
import { readCall, readHasIntent, readOpenHolds, readPrice, readRootOf } from "./call-reads.ts";
import { readConnectionCalls } from "./connection-calls.ts";
import { readJournalMonth } from "./journal-months.ts";
import { readBalanceAt, readMovements } from "./movements.ts";
import { readJudgeable, readJudged } from "./outcome-reads.ts";
import { readPricedCalls } from "./priced-calls.ts";
import {
  readAlerts,
  readCorrections,
  readExposures,
  readHeads,
  readOverruns,
  readUsage,
} from "./report-reads.ts";
import { type Query, rowsOf, textIn } from "./rows.ts";
import { runsOn } from "./runs-on.ts";
import { readSettledCalls } from "./settled-calls.ts";
import { readStatement, readStatementById, readStatements } from "./statement-reads.ts";

/** What a store does: decides commands, each root's in the order in which they came, and reads rows. */
export type Store = {
  /** Resolves when the decision is durable. */
  readonly ask: <Name extends CommandName>(
    root: string,
    name: Name,
    argument: Commands[Name]["argument"],
  ) => Promise<Commands[Name]["result"]>;
  readonly query: Query;
  /** The store's clock, as near as can be had without asking it. */
  readonly nowMs: () => number;
  readonly beats?: Beats;
  readonly close: () => Promise<void>;
};

/** The ledger's port on a store. Everything that isn't a decision or a statement is the same for all. */
export function ledgerOn(store: Store): Ledger {
  const { query, nowMs } = store;
  const roots = openRoots(query);
  const prices = new Map<string, StoredPrice>();

  async function priceOf(sha256: string): Promise<StoredPrice> {
    const price = prices.get(sha256) ?? (await readPrice(query, sha256));
    prices.set(sha256, price);
    return price;
  }

  const calls = callsOn(store, roots, priceOf);
  const accounts = accountsOn(store, roots);
  return {
    ...calls,
    ...accounts,
    ...runsOn(store, roots.ofNode),
    ...statementsOn(store, roots),
    ...(store.beats === undefined ? {} : { beats: store.beats }),
    exposures: (of) => readExposures(query, of),
    overruns: (of) => readOverruns(query, of),
    corrections: (of) => readCorrections(query, of),
    alerts: (of) => readAlerts(query, of),
    usage: (of) => readUsage(query, of),
    pricedCalls: (of) => readPricedCalls(query, of),
    connectionCalls: (of) => readConnectionCalls(query, of),
    settledCalls: (of) => readSettledCalls(query, of, priceOf),
    noteOutcomes: async (noted) => {
      const { holdId } = noted;
      const root = roots.known(holdId) ?? (await readRootOf(query, "calls", holdId));
      if (root === undefined) return { kind: "refused", reason: "unknown_receipt" };
      const result = await store.ask(root, "noteOutcomes", { root, noted });
      roots.forget(holdId);
      return result;
    },
    judgeable: (holdIds) => readJudgeable(query, holdIds, roots.note),
    judged: (of) => readJudged(query, of),
    heads: () => readHeads(query),
    credits: async (accountId) => (await readAccount(query, accountId, nowMs()))?.credits,
    close: store.close,
  };
}

type Roots = ReturnType<typeof openRoots>;

function callsOn(
  { ask, query }: Store,
  roots: Roots,
  priceOf: (sha256: string) => Promise<StoredPrice>,
) {
  return {
    hold: async (request) => {
      const root = roots.known(request.accountId) ?? (await roots.ofNode(request.accountId));
      if (root === undefined) return { kind: "unknown_account" };
      roots.note(request.id, root);
      return ask(root, "hold", holdDraft(request));
    },
    end: async (ending) => {
      const root = roots.known(ending.holdId) ?? (await roots.ofCall(ending.holdId));
      const posted = await ask(root, "end", { root, ending: endingDraft(ending) });
      roots.forget(ending.holdId);
      return posted;
    },
    noteTask: async (task) => {
      const root = await roots.ofCall(task.holdId);
      await ask(root, "noteTask", { root, task });
    },
    noteAdoptable: async (call) => {
      const root = await roots.ofCall(call.holdId);
      await ask(root, "noteAdoptable", { root, ...call });
    },
    hasIntent: (holdId) => readHasIntent(query, holdId),
    call: (holdId) => readCall(query, holdId, priceOf),
    openHolds: (of) => readOpenHolds(query, of?.process),
  } satisfies Partial<Ledger>;
}

function accountsOn({ ask, query, nowMs }: Store, roots: Roots) {
  return {
    createAccount: async (request): Promise<NewAccountResult> => {
      const id = newId("acct");
      const parent = request.parentId ?? null;
      const root = parent === null ? id : await roots.ofNode(parent);
      if (root === undefined) return { kind: "refused", reason: "unknown_parent" };
      const result = await ask(root, "createAccount", { ...request, id });
      if (result.kind === "refused") return result;
      const account = await readAccount(query, id, nowMs());
      if (account === undefined) throw new Error(`account ${id} was made and isn't there`);
      return { kind: "created", account };
    },
    account: (accountId) => readAccount(query, accountId, nowMs()),
    listAccounts: (below) => readAccounts(query, below, nowMs()),
    createKey: async (request) => {
      const root = await roots.ofNode(request.accountId);
      const made = root !== undefined && (await ask(root, "createKey", request));
      return made ? readKey(query, request.id) : undefined;
    },
    findKey: (keyId) => readKey(query, keyId),
    listKeys: (accountId) => readKeys(query, accountId),
    revokeKey: async (request) => {
      const root = await roots.ofNode(request.keyId);
      const revoked = root !== undefined && (await ask(root, "revokeKey", request));
      return revoked ? readKey(query, request.keyId) : undefined;
    },
    changeNode: async (change) => {
      const root = await roots.ofNode(change.nodeId);
      if (root === undefined) return false;
      return ask(root, "changeNode", { ...change, entryId: newId("limit") });
    },
    moveAccount: async (move) => {
      const root = await roots.ofNode(move.accountId);
      if (root === undefined) return { kind: "refused", reason: "unknown_account" };
      return ask(root, "moveAccount", { ...move, entryId: newId("move") });
    },
    fund: async (request) => {
      const root = await roots.ofNode(request.accountId);
      if (root === undefined) return { kind: "refused", reason: "unknown_account" };
      const result = await ask(root, "fund", request);
      if (result.kind === "refused") return result;
      const account = await readAccount(query, request.accountId, nowMs());
      const available = account?.credits.available ?? null;
      return { kind: "funded", entryId: request.entryId, available };
    },
    correct: async (request) => {
      const root = await readRootOf(query, "entries", request.corrects);
      if (root === undefined) return { kind: "refused", reason: "unknown_entry", now: null };
      return ask(root, "correct", { root, request });
    },
    noteRestore: async (restore) => {
      const rows = await rowsOf(query, "SELECT root FROM roots ORDER BY root", []);
      for (const row of rows) {
        const root = textIn(row, "root");
        await ask(root, "noteRestore", { root, entryId: newId("restore"), ...restore });
      }
    },
  } satisfies Partial<Ledger>;
}

function statementsOn({ ask, query }: Store, roots: Roots): LedgerStatements {
  return {
    journalMonth: async ({ accountId, month }) => {
      const root = await roots.ofNode(accountId);
      return root === undefined ? undefined : readJournalMonth(query, { root, accountId, month });
    },
    movements: (of) => readMovements(query, of),
    balanceAt: (of) => readBalanceAt(query, of),
    issueStatement: async (draft) => {
      const { accountId, month } = draft;
      const root = await roots.ofNode(accountId);
      if (root === undefined) return { kind: "refused", reason: "unknown_account" };
      const result = await ask(root, "issueStatement", draft);
      if (result.kind !== "issued") return result;
      const statement = await readStatementById(query, root, statementId(accountId, month));
      return { ...result, statement };
    },
    statements: (of) => readStatements(query, of),
    statement: (of) => readStatement(query, of),
  };
}

/** Nodes never leave their root, so that what was found once is true for ever. */
const KNOWN_MAX = 100_000;

/** Finds the root of a node or a call; remembers, because almost every call is asked for twice. */
function openRoots(query: Query) {
  const known = new Map<string, string>();
  const note = (id: string, root: string): void => {
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(id, root);
  };
  async function find(what: "nodes" | "calls", id: string): Promise<string | undefined> {
    const root = known.get(id) ?? (await readRootOf(query, what, id));
    if (root !== undefined && what === "nodes") note(id, root);
    return root;
  }
  return {
    known: (id: string): string | undefined => known.get(id),
    note,
    forget: (id: string): void => void known.delete(id),
    ofNode: (id: string) => find("nodes", id),
    ofCall: async (id: string): Promise<string> => {
      const root = await find("calls", id);
      if (root === undefined) throw new Error(`hold ${id} isn't there`);
      return root;
    },
  };
}
