/** Compares by its bytes, as in `first-tables.ts`. */
const WORD = 'text COLLATE "C"';

/** The second migration: which run a call was made for, and which row of it. None of those before had one. */
export const RUN_OF_A_CALL = `
  ALTER TABLE calls ADD COLUMN run ${WORD}, ADD COLUMN run_row ${WORD},
    ADD CHECK ((run_row IS NULL) = (run IS NULL));
  CREATE INDEX calls_of_run ON calls (root, run) WHERE run IS NOT NULL;
`;

/** What an amount of a run may be, as in `first-tables.ts`. */
const MAX = "9000000000000000000";

/** As in `first-tables.ts`. */
const EAGER = "autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05";

/** Another migration: the tables of the SQLite file, column by column (`sqlite/run-tables.ts`). */
export const RUN_TABLES = `
  CREATE TABLE runs (
    root ${WORD} NOT NULL,
    id ${WORD} NOT NULL,
    account ${WORD} NOT NULL,
    key ${WORD} NOT NULL,
    name ${WORD},
    state ${WORD} NOT NULL CHECK (state IN
      ('loading', 'ready', 'running', 'paused', 'stopped', 'sampled', 'ended', 'cancelled')),
    settings ${WORD} NOT NULL,
    stopped ${WORD} NOT NULL,
    pricing ${WORD} NOT NULL,
    max_cost bigint CHECK (max_cost >= 0),
    settled bigint NOT NULL CHECK (settled BETWEEN 0 AND ${MAX}),
    held bigint NOT NULL CHECK (held BETWEEN 0 AND ${MAX}),
    exposed bigint NOT NULL CHECK (exposed BETWEEN 0 AND ${MAX}),
    images bigint NOT NULL CHECK (images >= 0),
    rows_waiting bigint NOT NULL CHECK (rows_waiting >= 0),
    rows_running bigint NOT NULL CHECK (rows_running >= 0),
    rows_done bigint NOT NULL CHECK (rows_done >= 0),
    rows_blocked bigint NOT NULL CHECK (rows_blocked >= 0),
    rows_moderated bigint NOT NULL CHECK (rows_moderated >= 0),
    rows_refused bigint NOT NULL CHECK (rows_refused >= 0),
    rows_failed bigint NOT NULL CHECK (rows_failed >= 0),
    rows_unknown bigint NOT NULL CHECK (rows_unknown >= 0),
    rows_skipped bigint NOT NULL CHECK (rows_skipped >= 0),
    seq bigint NOT NULL CHECK (seq >= 0),
    revision bigint NOT NULL CHECK (revision > 0),
    epoch bigint NOT NULL CHECK (epoch >= 0),
    process ${WORD},
    tidy bigint NOT NULL CHECK (tidy IN (0, 1)),
    created_ms bigint NOT NULL,
    changed_ms bigint NOT NULL,
    PRIMARY KEY (root, id)
  ) WITH (fillfactor = 50);
  CREATE INDEX runs_of_account ON runs (root, account, created_ms, id);
  CREATE INDEX runs_open ON runs (root, id) WHERE state = 'running' OR tidy = 0;

  CREATE TABLE run_rows (
    root ${WORD} NOT NULL,
    run ${WORD} NOT NULL,
    id ${WORD} NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    line bigint,
    content ${WORD} NOT NULL CHECK (length(content) = 64),
    intent ${WORD} NOT NULL CHECK (length(intent) = 64),
    state ${WORD} NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'blocked', 'moderated',
      'refused', 'failed', 'unknown', 'skipped')),
    attempts bigint NOT NULL CHECK (attempts >= 0),
    ceiling bigint NOT NULL CHECK (ceiling >= 0),
    quoted_images bigint,
    quoted_expected bigint,
    quoted_ceiling bigint,
    receipt ${WORD},
    shared bigint NOT NULL CHECK (shared IN (0, 1)),
    code ${WORD},
    detail ${WORD} NOT NULL,
    seq bigint,
    revision bigint NOT NULL CHECK (revision >= 0),
    PRIMARY KEY (root, run, id),
    CHECK (ceiling = 0 OR state = 'running'),
    CHECK ((seq IS NULL) = (state IN ('waiting', 'running'))),
    CHECK (state <> 'done' OR receipt IS NOT NULL)
  ) WITH (fillfactor = 70, ${EAGER});
  CREATE INDEX run_rows_placed ON run_rows (root, run, position);
  CREATE INDEX run_rows_in_state ON run_rows (root, run, state, position);
  CREATE INDEX run_rows_loaded ON run_rows (root, run, revision);
  CREATE UNIQUE INDEX run_rows_ended ON run_rows (root, run, seq) WHERE seq IS NOT NULL;

  CREATE TABLE run_orders (
    root ${WORD} NOT NULL,
    run ${WORD} NOT NULL,
    id ${WORD} NOT NULL,
    json ${WORD} NOT NULL,
    PRIMARY KEY (root, run, id)
  );
`;
