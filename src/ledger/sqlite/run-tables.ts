/** The third migration: which run a call was made for, and which row of it. None of those before had one. */
export const RUN_OF_A_CALL = `
  ALTER TABLE calls ADD COLUMN run TEXT;
  ALTER TABLE calls ADD COLUMN run_row TEXT CHECK ((run_row IS NULL) = (run IS NULL));
  CREATE INDEX calls_of_run ON calls (root, run) WHERE run IS NOT NULL;
`;
