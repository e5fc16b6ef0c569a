import type { DatabaseSync } from "node:sqlite";
import { LedgerRefused } from "../ledger-refused.ts";
import { integerIn } from "../sql/rows.ts";
import { ONE_ROW_A_CALL } from "./one-row-a-call.ts";
import { OUTCOMES } from "./outcomes.ts";
import { RUN_OF_A_CALL, RUN_TABLES } from "./run-tables.ts";
import { STATEMENTS } from "./statements-table.ts";

/**
 * Numbered, forward only: a migration that has ever run on somebody's file is never edited. The number
 * of those that ran stands in the file as `user_version`.
 *
 * Root id leads every key, so that a distributed store can keep each root in one place. Counters and
 * books stay within 9*10^18, which leaves a signed 64-bit column room for the sum of any two amounts.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE ledger (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    world TEXT NOT NULL CHECK (world IN ('sandbox', 'live')),
    created_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE price_versions (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    id TEXT NOT NULL UNIQUE,
    json TEXT NOT NULL
  ) STRICT;

  CREATE TABLE roots (
    root TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    cash INTEGER NOT NULL CHECK (cash BETWEEN -9000000000000000000 AND 0),
    available INTEGER NOT NULL CHECK (available BETWEEN -9000000000000000000 AND 9000000000000000000),
    held INTEGER NOT NULL CHECK (held BETWEEN 0 AND 9000000000000000000),
    revenue INTEGER NOT NULL CHECK (revenue BETWEEN 0 AND 9000000000000000000),
    house INTEGER NOT NULL CHECK (house BETWEEN -9000000000000000000 AND 0),
    vendor_payable INTEGER NOT NULL CHECK (vendor_payable BETWEEN 0 AND 9000000000000000000),
    CHECK (cash + available + held + revenue = 0),
    CHECK (house + vendor_payable = 0)
  ) STRICT;

  CREATE TABLE entries (
    root TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (root, sequence)
  ) STRICT;
  CREATE TRIGGER entries_are_not_edited BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal only appends'); END;
  CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal only appends'); END;

  CREATE TABLE nodes (
    root TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    parent TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('account', 'key')),
    name TEXT NOT NULL,
    prepaid INTEGER NOT NULL CHECK (prepaid IN (0, 1)),
    limit_day INTEGER CHECK (limit_day BETWEEN 0 AND 9000000000000000000),
    limit_month INTEGER CHECK (limit_month BETWEEN 0 AND 9000000000000000000),
    limit_total INTEGER CHECK (limit_total BETWEEN 0 AND 9000000000000000000),
    created_ms INTEGER NOT NULL,
    sha256 TEXT UNIQUE CHECK (length(sha256) = 64),
    revoked_ms INTEGER,
    PRIMARY KEY (root, id),
    CHECK ((parent IS NULL) = (root = id)),
    CHECK ((kind = 'key') = (sha256 IS NOT NULL)),
    CHECK (prepaid = 0 OR parent IS NULL)
  ) STRICT;

  CREATE TABLE counters (
    root TEXT NOT NULL,
    node TEXT NOT NULL,
    window TEXT NOT NULL,
    settled INTEGER NOT NULL CHECK (settled BETWEEN 0 AND 9000000000000000000),
    held INTEGER NOT NULL CHECK (held BETWEEN 0 AND 9000000000000000000),
    PRIMARY KEY (root, node, window)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE holds (
    root TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    path TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    month TEXT NOT NULL CHECK (length(month) = 7),
    amount INTEGER NOT NULL CHECK (amount >= 0 AND amount < 1000000000000000000),
    vendor TEXT NOT NULL,
    connection TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    task TEXT,
    ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    PRIMARY KEY (root, id)
  ) STRICT;
  CREATE INDEX holds_open ON holds (root, id) WHERE ended = 0;

  CREATE TABLE endings (
    root TEXT NOT NULL,
    hold TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('settle', 'void')),
    outcome TEXT NOT NULL,
    charge INTEGER NOT NULL CHECK (charge >= 0),
    released INTEGER NOT NULL CHECK (released >= 0),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, hold),
    CHECK (kind = 'settle' OR charge = 0),
    FOREIGN KEY (root, hold) REFERENCES holds (root, id)
  ) STRICT;
  `,
  ONE_ROW_A_CALL,
  RUN_OF_A_CALL,
  OUTCOMES,
  RUN_TABLES,
  STATEMENTS,
];

/** The version of a file that has them all. */
export const NEWEST_VERSION = migrations.length;

/** Brings a file to the newest version, each migration in a transaction of its own. */
export function migrate(database: DatabaseSync): void {
  const version = Number(
    integerIn(database.prepare("PRAGMA user_version").get() ?? {}, "user_version"),
  );
  if (version > migrations.length) {
    throw new LedgerRefused(
      `the ledger is of version ${version}, this program knows versions up to ${migrations.length}: start a newer one`,
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${migration} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}
