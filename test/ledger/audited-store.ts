import type { Verification, VerifyRequest } from "../../src/audit/verify-journal.ts";
import type { Row } from "../../src/ledger/sql/rows.ts";
import type { OpenStore } from "./bench.ts";

/** What somebody past the ledger can do to a copy of it: no trigger and no constraint is left. */
export type Hands = {
  /** Any number of statements. */
  readonly run: (sql: string) => Promise<void>;
  /** One statement. Returns how many rows it changed. */
  readonly change: (sql: string) => Promise<number>;
  /** Edits the text of an entry and computes every later hash anew, as who owns the whole store can. */
  readonly rewrite: (edit: {
    readonly id: string;
    readonly from: string;
    readonly to: string;
  }) => Promise<void>;
};

/** A store, its verification, and ways past both: what the contracts of the audit need of it. All sandbox. */
export type AuditedStore = {
  readonly open: OpenStore;
  /** The ledger of a home, read as the command reads it. */
  readonly verify: (home: string, request?: VerifyRequest) => Promise<Verification>;
  /** A copy of it that somebody has been at; the ledger itself stays as it is. */
  readonly verifyAfter: (
    home: string,
    tamper: (hands: Hands) => Promise<void>,
    request?: VerifyRequest,
  ) => Promise<Verification>;
  /** What a statement finds; whole numbers as bigint. */
  readonly rows: (home: string, sql: string) => Promise<readonly Row[]>;
  readonly columns: (
    home: string,
    table: string,
  ) => Promise<readonly { readonly name: string; readonly isText: boolean }[]>;
};
