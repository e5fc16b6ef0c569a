/** Issued statements: the bytes that were handed out, which nobody changes. */
export const STATEMENTS = `
  CREATE TABLE statements (
    root TEXT NOT NULL,
    id TEXT NOT NULL,
    number TEXT NOT NULL,
    ordinal INTEGER NOT NULL CHECK (ordinal > 0),
    account TEXT NOT NULL,
    month TEXT NOT NULL CHECK (length(month) = 7),
    opening_sequence INTEGER NOT NULL CHECK (opening_sequence >= 0),
    closing_sequence INTEGER NOT NULL CHECK (closing_sequence >= opening_sequence),
    total INTEGER NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    json TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > closing_sequence),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, id),
    UNIQUE (root, month, ordinal),
    UNIQUE (root, account, month)
  ) STRICT;
  CREATE TRIGGER statements_are_not_edited BEFORE UPDATE ON statements
    BEGIN SELECT RAISE(ABORT, 'a statement stands as it was issued'); END;
  CREATE TRIGGER statements_are_not_deleted BEFORE DELETE ON statements
    BEGIN SELECT RAISE(ABORT, 'a statement stands as it was issued'); END;
`;
