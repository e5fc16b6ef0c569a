import { afterAll, beforeAll } from "vitest";
import { startPostgres, type TestPostgres } from "./server.ts";

/**
 * Gives the tests of a file one server: started before the first, stopped after the last, named in the log.
 *
 * Call it at the top of the file or of a `describe`; what it returns gives the server inside tests and hooks.
 * A server a file, not a run: files then share nothing, and suites that need none don't wait for one.
 */
export function usePostgres(options: Parameters<typeof startPostgres>[0] = {}): () => TestPostgres {
  let postgres: TestPostgres | undefined;
  beforeAll(async () => {
    postgres = await startPostgres(options);
    console.log(postgres.description);
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  return () => {
    if (postgres === undefined) throw new Error("PostgreSQL is there inside tests and hooks only");
    return postgres;
  };
}
