/**
 * The second migration: hold and ending of a call in one row with all that reports ask for, settings at
 * nodes, and what is no money (intents, adoptable calls, rates, alerts, corrections, checkpoints). Entries
 * stay as they were written; rows are rebuilt from them.
 */
export const ONE_ROW_A_CALL = `
  ALTER TABLE roots ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE roots ADD COLUMN adoptable_until_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE nodes ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE counters RENAME COLUMN window TO period;

  CREATE TABLE calls (
    root TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    month TEXT NOT NULL CHECK (length(month) = 7),
    amount INTEGER NOT NULL CHECK (amount >= 0 AND amount < 1000000000000000000),
    vendor_amount INTEGER NOT NULL CHECK (vendor_amount >= 0 AND vendor_amount <= amount),
    vendor TEXT NOT NULL,
    connection TEXT NOT NULL,
    model TEXT NOT NULL,
    process TEXT,
    quality_asked TEXT,
    size TEXT,
    end_user TEXT,
    tags TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    task TEXT,
    ended_ms INTEGER,
    end_sequence INTEGER,
    outcome TEXT,
    charge INTEGER CHECK (charge >= 0 AND charge <= amount),
    vendor_cost INTEGER CHECK (vendor_cost >= 0),
    overrun INTEGER CHECK (overrun >= 0),
    exposure INTEGER CHECK (exposure >= 0),
    exposure_reason TEXT,
    exposure_billed INTEGER CHECK (exposure_billed >= 0),
    quality_billed TEXT,
    images INTEGER,
    PRIMARY KEY (root, id),
    CHECK ((ended_ms IS NULL) = (end_sequence IS NULL)),
    CHECK ((ended_ms IS NULL) = (outcome IS NULL)),
    CHECK ((ended_ms IS NULL) = (charge IS NULL)),
    CHECK (outcome IS NULL OR outcome = 'made' OR charge = 0)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO calls
    SELECT holds.root, holds.id, holds.account, json_extract(begun.text, '$.request.keyId'),
      replace(replace(replace(path, '["', ''), '"]', ''), '","', ' '),
      day, month, amount, amount, vendor, connection,
      json_extract(begun.text, '$.request.model'), NULL, NULL,
      coalesce(json_extract(begun.text, '$.request.facts.size.pixels'),
        json_extract(begun.text, '$.request.facts.size.label'),
        json_extract(begun.text, '$.request.facts.size.asked')),
      json_extract(begun.text, '$.request.user'), json_extract(begun.text, '$.request.tags'),
      begun.sequence, holds.created_ms, task,
      endings.created_ms, ended.sequence, outcome, charge,
      CASE WHEN outcome IS NOT NULL THEN
        coalesce(CAST(json_extract(ended.text, '$.ending.vendorCost.total') AS INTEGER), 0) +
        coalesce(CAST(json_extract(late.text, '$.amount') AS INTEGER), 0) END,
      CASE WHEN outcome IS NOT NULL THEN
        coalesce(CAST(json_extract(ended.text, '$.ending.overrun') AS INTEGER), 0) END,
      CASE WHEN outcome IS NOT NULL THEN
        coalesce(CAST(json_extract(ended.text, '$.ending.exposure.amount') AS INTEGER), 0) END,
      json_extract(ended.text, '$.ending.exposure.reason'), NULL, NULL,
      CAST(json_extract(ended.text, '$.ending.imagesMade') AS INTEGER)
    FROM holds
      JOIN entries AS begun ON begun.id = holds.id
      LEFT JOIN endings ON endings.root = holds.root AND endings.hold = holds.id
      LEFT JOIN entries AS ended ON ended.id = holds.id || '.end'
      LEFT JOIN entries AS late ON late.id = holds.id || '.late';
  DROP TABLE endings;
  DROP TABLE holds;
  CREATE INDEX calls_open ON calls (root, id) WHERE ended_ms IS NULL;
  CREATE INDEX calls_exposed ON calls (root, id) WHERE exposure > 0;
  CREATE INDEX calls_overrun ON calls (root, id) WHERE overrun > 0;

  -- What the house never counted so far: vendor cost by day and month, and by the hour what nobody pays.
  CREATE TEMP TABLE spent AS
    SELECT calls.root, connection, day, month,
      CASE WHEN ended_ms IS NULL THEN vendor_amount ELSE 0 END AS held,
      CASE WHEN ended_ms IS NULL THEN 0 ELSE vendor_cost + exposure END AS settled,
      strftime('%Y-%m-%dT%H', ended_ms / 1000, 'unixepoch') AS hour,
      CASE WHEN outcome = 'made' THEN overrun
        ELSE vendor_cost - coalesce(CAST(json_extract(late.text, '$.amount') AS INTEGER), 0) END
        + exposure AS loss,
      strftime('%Y-%m-%dT%H', late.created_ms / 1000, 'unixepoch') AS late_hour,
      CAST(json_extract(late.text, '$.amount') AS INTEGER) AS late_loss
    FROM calls LEFT JOIN entries AS late ON late.id = calls.id || '.late';
  CREATE TEMP TABLE spent_at AS
    SELECT root, connection, day AS period, settled, held FROM spent
    UNION ALL SELECT root, connection, month, settled, held FROM spent
    UNION ALL SELECT root, connection, hour, loss, 0 FROM spent WHERE loss > 0
    UNION ALL SELECT root, connection, late_hour, late_loss, 0 FROM spent WHERE late_loss > 0;
  INSERT INTO counters
    SELECT root, 'house', period, sum(settled), sum(held) FROM spent_at GROUP BY root, period
    UNION ALL
    SELECT root, 'house:' || connection, period, sum(settled), sum(held) FROM spent_at
      GROUP BY root, connection, period;
  DROP TABLE spent;
  DROP TABLE spent_at;

  CREATE TABLE intents (
    root TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (length(scope) = 64),
    body TEXT NOT NULL CHECK (length(body) = 64),
    hold TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, scope)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE adoptables (
    root TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL CHECK (length(body) = 64),
    hold TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    claimed INTEGER NOT NULL CHECK (claimed IN (0, 1)),
    PRIMARY KEY (root, key, body, hold)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rates (
    root TEXT NOT NULL,
    node TEXT NOT NULL,
    minute INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    images INTEGER NOT NULL,
    PRIMARY KEY (root, node)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE alerts (
    root TEXT NOT NULL,
    node TEXT NOT NULL,
    period TEXT NOT NULL,
    threshold INTEGER NOT NULL CHECK (threshold IN (50, 80, 100)),
    limit_name TEXT NOT NULL,
    used INTEGER NOT NULL,
    limit_amount INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, node, period, threshold)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE corrections (
    root TEXT NOT NULL,
    id TEXT NOT NULL,
    corrects TEXT NOT NULL,
    corrected TEXT NOT NULL CHECK (corrected IN ('charge', 'cost', 'exposure', 'fund')),
    account TEXT NOT NULL,
    hold TEXT,
    before_amount INTEGER NOT NULL,
    after_amount INTEGER NOT NULL CHECK (after_amount >= 0),
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX corrections_of ON corrections (root, corrects, sequence);

  CREATE TABLE checkpoints (
    root TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    cash INTEGER NOT NULL,
    available INTEGER NOT NULL,
    held INTEGER NOT NULL,
    revenue INTEGER NOT NULL,
    house INTEGER NOT NULL,
    vendor_payable INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, sequence)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoint_counters (
    root TEXT NOT NULL,
    node TEXT NOT NULL,
    period TEXT NOT NULL,
    settled INTEGER NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (root, node, period)
  ) STRICT, WITHOUT ROWID;
`;
