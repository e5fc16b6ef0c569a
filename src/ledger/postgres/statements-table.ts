/** Compares by its bytes, as in the first tables. */
const WORD = 'text COLLATE "C"';

/** Issued statements, column by column as in the SQLite file. */
export const STATEMENTS = `
  CREATE TABLE statements (
    root ${WORD} NOT NULL,
    id ${WORD} NOT NULL,
    number ${WORD} NOT NULL,
    ordinal bigint NOT NULL CHECK (ordinal > 0),
    account ${WORD} NOT NULL,
    month ${WORD} NOT NULL CHECK (length(month) = 7),
    opening_sequence bigint NOT NULL CHECK (opening_sequence >= 0),
    closing_sequence bigint NOT NULL CHECK (closing_sequence >= opening_sequence),
    total bigint NOT NULL,
    sha256 ${WORD} NOT NULL CHECK (length(sha256) = 64),
    json ${WORD} NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > closing_sequence),
    created_ms bigint NOT NULL,
    PRIMARY KEY (root, id),
    UNIQUE (root, month, ordinal),
    UNIQUE (root, account, month)
  );
  CREATE FUNCTION a_statement_stands() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a statement stands as it was issued'; END $$;
  CREATE TRIGGER statements_are_not_edited BEFORE UPDATE OR DELETE ON statements
    FOR EACH ROW EXECUTE FUNCTION a_statement_stands();
  CREATE TRIGGER statements_are_not_emptied BEFORE TRUNCATE ON statements
    FOR EACH STATEMENT EXECUTE FUNCTION a_statement_stands();
`;
