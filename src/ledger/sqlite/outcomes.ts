/** Whether pictures were kept: what counts of each, a projection of the `outcome` entries. */
export const OUTCOMES = `
  CREATE TABLE outcomes (
    root TEXT NOT NULL,
    hold TEXT NOT NULL,
    image INTEGER NOT NULL CHECK (image >= 0 AND image < images),
    kept INTEGER NOT NULL CHECK (kept IN (0, 1)),
    reason TEXT CHECK (length(reason) BETWEEN 1 AND 64),
    images INTEGER NOT NULL,
    actor TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, hold, image)
  ) STRICT, WITHOUT ROWID;
`;
