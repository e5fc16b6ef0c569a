/** What a counter, a book or a limit may hold: room is left for the sum of any two amounts (MONEY §5). */
const MAX = "9000000000000000000";

/** Compares by its bytes: ids sort by age in every locale, and no update of a locale spoils an index. */
const WORD = 'text COLLATE "C"';

/** Looked over by the server after every fiftieth row, not every tenth: a new root is soon known for its size. */
const EAGER = "autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05";

/**
 * The first migration: the tables of the SQLite file, column by column, so that both stores read and write
 * the same rows. Every whole number is a bigint, flags included.
 *
 * Root id leads every key, so that a distributed PostgreSQL can keep each root in one place. Rows that
 * change all day leave room on their pages, so that their next version is written beside them and touches
 * no index.
 */
export const FIRST_TABLES = `
  CREATE FUNCTION assert_rows(what text, counted bigint, meant bigint) RETURNS void
    LANGUAGE plpgsql AS $$ BEGIN
      IF counted <> meant THEN RAISE EXCEPTION '%: % rows, not %', what, counted, meant; END IF;
    END $$;

  CREATE TABLE ledger (
    only_row bigint PRIMARY KEY CHECK (only_row = 1),
    world ${WORD} NOT NULL CHECK (world IN ('sandbox', 'live')),
    created_ms bigint NOT NULL
  );

  CREATE TABLE price_versions (
    sha256 ${WORD} PRIMARY KEY CHECK (length(sha256) = 64),
    id ${WORD} NOT NULL UNIQUE,
    json ${WORD} NOT NULL
  );

  CREATE TABLE roots (
    root ${WORD} PRIMARY KEY,
    sequence bigint NOT NULL CHECK (sequence >= 0),
    hash ${WORD} NOT NULL CHECK (length(hash) = 64),
    version bigint NOT NULL CHECK (version > 0),
    adoptable_until_ms bigint NOT NULL,
    cash bigint NOT NULL CHECK (cash BETWEEN -${MAX} AND 0),
    available bigint NOT NULL CHECK (available BETWEEN -${MAX} AND ${MAX}),
    held bigint NOT NULL CHECK (held BETWEEN 0 AND ${MAX}),
    revenue bigint NOT NULL CHECK (revenue BETWEEN 0 AND ${MAX}),
    house bigint NOT NULL CHECK (house BETWEEN -${MAX} AND 0),
    vendor_payable bigint NOT NULL CHECK (vendor_payable BETWEEN 0 AND ${MAX}),
    -- As numeric: on the way, the sum of books in range may leave the range of a bigint.
    CHECK (cash::numeric + available + held + revenue = 0),
    CHECK (house + vendor_payable = 0)
  ) WITH (fillfactor = 30);

  CREATE TABLE entries (
    root ${WORD} NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    id ${WORD} NOT NULL,
    kind ${WORD} NOT NULL,
    created_ms bigint NOT NULL,
    text ${WORD} NOT NULL,
    hash ${WORD} NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (root, sequence),
    UNIQUE (root, id)
  ) WITH (${EAGER});
  CREATE FUNCTION the_journal_only_appends() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the journal only appends'; END $$;
  CREATE TRIGGER entries_are_not_edited BEFORE UPDATE OR DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION the_journal_only_appends();
  CREATE TRIGGER entries_are_not_emptied BEFORE TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION the_journal_only_appends();

  CREATE TABLE nodes (
    root ${WORD} NOT NULL,
    id ${WORD} NOT NULL,
    parent ${WORD},
    kind ${WORD} NOT NULL CHECK (kind IN ('account', 'key')),
    name ${WORD} NOT NULL,
    prepaid bigint NOT NULL CHECK (prepaid IN (0, 1)),
    limit_day bigint CHECK (limit_day BETWEEN 0 AND ${MAX}),
    limit_month bigint CHECK (limit_month BETWEEN 0 AND ${MAX}),
    limit_total bigint CHECK (limit_total BETWEEN 0 AND ${MAX}),
    settings ${WORD} NOT NULL,
    created_ms bigint NOT NULL,
    sha256 ${WORD} CHECK (length(sha256) = 64),
    revoked_ms bigint,
    PRIMARY KEY (root, id),
    CHECK ((parent IS NULL) = (root = id)),
    CHECK ((kind = 'key') = (sha256 IS NOT NULL)),
    CHECK (prepaid = 0 OR parent IS NULL)
  );
  CREATE INDEX nodes_by_id ON nodes (id);

  CREATE TABLE counters (
    root ${WORD} NOT NULL,
    node ${WORD} NOT NULL,
    period ${WORD} NOT NULL,
    settled bigint NOT NULL CHECK (settled BETWEEN 0 AND ${MAX}),
    held bigint NOT NULL CHECK (held BETWEEN 0 AND ${MAX}),
    PRIMARY KEY (root, node, period)
  ) WITH (fillfactor = 50);

  CREATE TABLE calls (
    root ${WORD} NOT NULL,
    id ${WORD} NOT NULL,
    account ${WORD} NOT NULL,
    key ${WORD} NOT NULL,
    path ${WORD} NOT NULL,
    day ${WORD} NOT NULL CHECK (length(day) = 10),
    month ${WORD} NOT NULL CHECK (length(month) = 7),
    amount bigint NOT NULL CHECK (amount >= 0 AND amount < 1000000000000000000),
    vendor_amount bigint NOT NULL CHECK (vendor_amount >= 0 AND vendor_amount <= amount),
    vendor ${WORD} NOT NULL,
    connection ${WORD} NOT NULL,
    model ${WORD} NOT NULL,
    process ${WORD},
    quality_asked ${WORD},
    size ${WORD},
    end_user ${WORD},
    tags ${WORD} NOT NULL,
    sequence bigint NOT NULL,
    created_ms bigint NOT NULL,
    task ${WORD},
    ended_ms bigint,
    end_sequence bigint,
    outcome ${WORD},
    charge bigint CHECK (charge >= 0 AND charge <= amount),
    vendor_cost bigint CHECK (vendor_cost >= 0),
    overrun bigint CHECK (overrun >= 0),
    exposure bigint CHECK (exposure >= 0),
    exposure_reason ${WORD},
    exposure_billed bigint CHECK (exposure_billed >= 0),
    quality_billed ${WORD},
    images bigint,
    PRIMARY KEY (root, id),
    CHECK ((ended_ms IS NULL) = (end_sequence IS NULL)),
    CHECK ((ended_ms IS NULL) = (outcome IS NULL)),
    CHECK ((ended_ms IS NULL) = (charge IS NULL)),
    CHECK (outcome IS NULL OR outcome = 'made' OR charge = 0)
  ) WITH (${EAGER});
  CREATE INDEX calls_open ON calls (root, id) WHERE ended_ms IS NULL;
  CREATE INDEX calls_exposed ON calls (root, id) WHERE exposure > 0;
  CREATE INDEX calls_overrun ON calls (root, id) WHERE overrun > 0;

  CREATE TABLE intents (
    root ${WORD} NOT NULL,
    scope ${WORD} NOT NULL CHECK (length(scope) = 64),
    body ${WORD} NOT NULL CHECK (length(body) = 64),
    hold ${WORD} NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (root, scope)
  );

  CREATE TABLE adoptables (
    root ${WORD} NOT NULL,
    key ${WORD} NOT NULL,
    body ${WORD} NOT NULL CHECK (length(body) = 64),
    hold ${WORD} NOT NULL,
    since_ms bigint NOT NULL,
    claimed bigint NOT NULL CHECK (claimed IN (0, 1)),
    PRIMARY KEY (root, key, body, hold)
  );

  CREATE TABLE rates (
    root ${WORD} NOT NULL,
    node ${WORD} NOT NULL,
    minute bigint NOT NULL,
    requests bigint NOT NULL,
    images bigint NOT NULL,
    PRIMARY KEY (root, node)
  ) WITH (fillfactor = 50);

  CREATE TABLE alerts (
    root ${WORD} NOT NULL,
    node ${WORD} NOT NULL,
    period ${WORD} NOT NULL,
    threshold bigint NOT NULL CHECK (threshold IN (50, 80, 100)),
    limit_name ${WORD} NOT NULL,
    used bigint NOT NULL,
    limit_amount bigint NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (root, node, period, threshold)
  );

  CREATE TABLE corrections (
    root ${WORD} NOT NULL,
    id ${WORD} NOT NULL,
    corrects ${WORD} NOT NULL,
    corrected ${WORD} NOT NULL CHECK (corrected IN ('charge', 'cost', 'exposure', 'fund')),
    account ${WORD} NOT NULL,
    hold ${WORD},
    before_amount bigint NOT NULL,
    after_amount bigint NOT NULL CHECK (after_amount >= 0),
    reason ${WORD} NOT NULL,
    actor ${WORD} NOT NULL,
    sequence bigint NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (root, id)
  );
  CREATE INDEX corrections_of ON corrections (root, corrects, sequence);

  CREATE TABLE checkpoints (
    root ${WORD} NOT NULL,
    sequence bigint NOT NULL,
    hash ${WORD} NOT NULL CHECK (length(hash) = 64),
    cash bigint NOT NULL,
    available bigint NOT NULL,
    held bigint NOT NULL,
    revenue bigint NOT NULL,
    house bigint NOT NULL,
    vendor_payable bigint NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (root, sequence)
  );

  CREATE TABLE checkpoint_counters (
    root ${WORD} NOT NULL,
    node ${WORD} NOT NULL,
    period ${WORD} NOT NULL,
    settled bigint NOT NULL,
    held bigint NOT NULL,
    PRIMARY KEY (root, node, period)
  );

  CREATE TABLE beats (
    process ${WORD} PRIMARY KEY,
    beat bigint NOT NULL CHECK (beat > 0)
  ) WITH (fillfactor = 50);
`;
