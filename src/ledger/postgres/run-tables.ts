/** Compares by its bytes, as in `first-tables.ts`. */
const WORD = 'text COLLATE "C"';

/** The second migration: which run a call was made for, and which row of it. None of those before had one. */
export const RUN_OF_A_CALL = `
  ALTER TABLE calls ADD COLUMN run ${WORD}, ADD COLUMN run_row ${WORD},
    ADD CHECK ((run_row IS NULL) = (run IS NULL));
  CREATE INDEX calls_of_run ON calls (root, run) WHERE run IS NOT NULL;
`;
