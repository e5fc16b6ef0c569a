import { afterEach } from "vitest";
import type { Ledger } from "../../src/ledger/port.ts";
import { openPostgresLedger, type PostgresOptions } from "../../src/ledger/postgres/store.ts";
import type { TestPostgres } from "../postgres/server.ts";
import { usePostgres } from "../postgres/use-postgres.ts";
import { NOON } from "./bench.ts";
import { keyHash, nextId, type Party } from "./fixtures.ts";
import { connect } from "./postgres-audit.ts";

/** A database, and a ledger on it. */
type Opened = { readonly url: string; readonly ledger: Ledger };

/** What the tests of a file open, closed after each of them. */
export type Ledgers = {
  readonly postgres: () => TestPostgres;
  /** One more ledger on a database, as one more process would; at noon, when nothing else is said. */
  readonly open: (url: string, options?: Partial<PostgresOptions>) => Promise<Ledger>;
  /** On the database of all tests that change no table. */
  readonly shared: () => Promise<Opened>;
  /** On a database of the test's own. */
  readonly fresh: () => Promise<Opened>;
  /** A connection past the ledger. */
  readonly outside: (url: string) => ReturnType<typeof connect>;
};

/** Call it at the top of a file. */
export function useLedgers(): Ledgers {
  const postgres = usePostgres();
  const closers: (() => Promise<void>)[] = [];
  let sharedUrl: string | undefined;

  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });

  async function open(url: string, options: Partial<PostgresOptions> = {}): Promise<Ledger> {
    const start = { url, world: "sandbox", createdMs: NOON, catalogPrices: [] } as const;
    const ledger = await openPostgresLedger({ ...start, nowMs: () => NOON, ...options });
    closers.push(() => ledger.close());
    return ledger;
  }

  return {
    postgres,
    open,
    shared: async () => {
      sharedUrl ??= await postgres().createDatabase();
      return { url: sharedUrl, ledger: await open(sharedUrl) };
    },
    fresh: async () => {
      const url = await postgres().createDatabase();
      return { url, ledger: await open(url) };
    },
    outside: async (url) => {
      const client = await connect(url);
      closers.push(() => client.end());
      return client;
    },
  };
}

/** One more key of the same account. */
export async function secondKey(ledger: Ledger, party: Party): Promise<Party> {
  const id = nextId("key");
  await ledger.createKey({ ...party, id, name: "k", sha256: keyHash(), actor: "test" });
  return { ...party, keyId: id };
}

/** What became of each: the kind of its result, or the name of its error. */
export function kinds(
  results: readonly PromiseSettledResult<{ readonly kind: string }>[],
): string[] {
  return results.map((result) =>
    result.status === "fulfilled" ? result.value.kind : result.reason.name,
  );
}
