/** The third migration: which run a call was made for, and which row of it. None of those before had one. */
export const RUN_OF_A_CALL = `
  ALTER TABLE calls ADD COLUMN run TEXT;
  ALTER TABLE calls ADD COLUMN run_row TEXT CHECK ((run_row IS NULL) = (run IS NULL));
  CREATE INDEX calls_of_run ON calls (root, run) WHERE run IS NOT NULL;
`;

/**
 * Another migration: runs, their rows and what is asked for in them. Figures of a run are those of its calls,
 * kept by their own transactions. An order stands by itself: it is long, and rows change five times in their lives.
 */
export const RUN_TABLES = `
  CREATE TABLE runs (
    root TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT,
    state TEXT NOT NULL CHECK (state IN
      ('loading', 'ready', 'running', 'paused', 'stopped', 'sampled', 'ended', 'cancelled')),
    settings TEXT NOT NULL,
    stopped TEXT NOT NULL,
    pricing TEXT NOT NULL,
    max_cost INTEGER CHECK (max_cost >= 0),
    settled INTEGER NOT NULL CHECK (settled BETWEEN 0 AND 9000000000000000000),
    held INTEGER NOT NULL CHECK (held BETWEEN 0 AND 9000000000000000000),
    exposed INTEGER NOT NULL CHECK (exposed BETWEEN 0 AND 9000000000000000000),
    images INTEGER NOT NULL CHECK (images >= 0),
    rows_waiting INTEGER NOT NULL CHECK (rows_waiting >= 0),
    rows_running INTEGER NOT NULL CHECK (rows_running >= 0),
    rows_done INTEGER NOT NULL CHECK (rows_done >= 0),
    rows_blocked INTEGER NOT NULL CHECK (rows_blocked >= 0),
    rows_moderated INTEGER NOT NULL CHECK (rows_moderated >= 0),
    rows_refused INTEGER NOT NULL CHECK (rows_refused >= 0),
    rows_failed INTEGER NOT NULL CHECK (rows_failed >= 0),
    rows_unknown INTEGER NOT NULL CHECK (rows_unknown >= 0),
    rows_skipped INTEGER NOT NULL CHECK (rows_skipped >= 0),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    process TEXT,
    tidy INTEGER NOT NULL CHECK (tidy IN (0, 1)),
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (root, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX runs_of_account ON runs (root, account, created_ms, id);
  CREATE INDEX runs_open ON runs (root, id) WHERE state = 'running' OR tidy = 0;

  CREATE TABLE run_rows (
    root TEXT NOT NULL,
    run TEXT NOT NULL,
    id TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    line INTEGER,
    content TEXT NOT NULL CHECK (length(content) = 64),
    intent TEXT NOT NULL CHECK (length(intent) = 64),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'blocked', 'moderated',
      'refused', 'failed', 'unknown', 'skipped')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    ceiling INTEGER NOT NULL CHECK (ceiling >= 0),
    quoted_images INTEGER,
    quoted_expected INTEGER,
    quoted_ceiling INTEGER,
    receipt TEXT,
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    code TEXT,
    detail TEXT NOT NULL,
    seq INTEGER,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    PRIMARY KEY (root, run, id),
    CHECK (ceiling = 0 OR state = 'running'),
    CHECK ((seq IS NULL) = (state IN ('waiting', 'running'))),
    CHECK (state <> 'done' OR receipt IS NOT NULL)
  ) STRICT;
  CREATE INDEX run_rows_placed ON run_rows (root, run, position);
  CREATE INDEX run_rows_in_state ON run_rows (root, run, state, position);
  CREATE INDEX run_rows_loaded ON run_rows (root, run, revision);
  CREATE UNIQUE INDEX run_rows_ended ON run_rows (root, run, seq) WHERE seq IS NOT NULL;

  CREATE TABLE run_orders (
    root TEXT NOT NULL,
    run TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (root, run, id)
  ) STRICT;
`;
