/** Compares by its bytes, as in the first tables. */
const WORD = 'text COLLATE "C"';

/**
 * Whether pictures were kept: what counts of each, a projection of the `outcome` entries. The table of the
 * SQLite file, column by column.
 */
export const OUTCOMES = `
  CREATE TABLE outcomes (
    root ${WORD} NOT NULL,
    hold ${WORD} NOT NULL,
    image bigint NOT NULL CHECK (image >= 0 AND image < images),
    kept bigint NOT NULL CHECK (kept IN (0, 1)),
    reason ${WORD} CHECK (length(reason) BETWEEN 1 AND 64),
    images bigint NOT NULL,
    actor ${WORD} NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 1),
    sequence bigint NOT NULL CHECK (sequence > 0),
    created_ms bigint NOT NULL,
    PRIMARY KEY (root, hold, image)
  );
`;
