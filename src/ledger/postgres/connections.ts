import { Client, type ClientBase, Pool, type PoolClient, type QueryResult } from "pg";
import { LedgerRefused } from "../ledger-refused.ts";
import type { Row } from "../sql/rows.ts";
import { ledgerError } from "./errors.ts";

/** Connections to the server, and what is asked over one of them at once. */

/** To connect, or to wait for a connection that another has. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A row that another transaction holds, above all a root that another process writes, is waited for this long. */
const LOCK_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** A transaction whose process has stopped lets go of its root. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** A server that says nothing at all is given up: later than it would have given up itself. */
const ANSWER_TIMEOUT_MS = 20_000;

/** OIDs of smallint, integer and bigint. */
const INTEGERS = [21, 23, 20] as const;

export type PoolOptions = {
  readonly url: string;
  /** What an administrator sees in `pg_stat_activity`. */
  readonly name: string;
  readonly max: number;
  /** What is said to the server once a connection. */
  readonly settings?: string;
};

/** A statement. With a name it is prepared once a connection. */
export type Statement = {
  readonly name?: string;
  readonly text: string;
  readonly values?: (string | Buffer | null)[];
};

/** Opens a pool; nothing is connected before it is used. Whole numbers come back as bigint. */
export function openPool({ url, name, max, settings = "" }: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: name,
    max,
    // One is kept, so that the first hold after a quiet minute doesn't wait for a handshake.
    min: 1,
    // Statements go out one behind the other without waiting for each other's answers.
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    onConnect: (client) => prepare(client, settings),
  });
  // The pool has thrown away the idle connection that broke; whoever asks next gets another.
  pool.on("error", () => undefined);
  return pool;
}

/** Lends a connection of its own, without time limits: another process may be migrating, which takes its time. */
export function withPatientConnection<Result>(
  options: Pick<PoolOptions, "url" | "name">,
  work: (client: ClientBase) => Promise<Result>,
): Promise<Result> {
  return withOwnConnection(options, async (client) => {
    await assertDurable(client);
    return work(client);
  });
}

/** The same for who only reads, and loses nothing to a server that doesn't sync. */
export async function withOwnConnection<Result>(
  { url, name }: Pick<PoolOptions, "url" | "name">,
  work: (client: ClientBase) => Promise<Result>,
): Promise<Result> {
  const client = new Client({
    connectionString: url,
    application_name: name,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // As below.
  client.on("error", () => undefined);
  try {
    await client.connect();
    readIntegers(client);
    return await work(client);
  } finally {
    await client.end();
  }
}

async function prepare(client: ClientBase, settings: string): Promise<void> {
  readIntegers(client);
  await assertDurable(client);
  if (settings !== "") await client.query(settings);
}

function readIntegers(client: ClientBase): void {
  for (const oid of INTEGERS) client.setTypeParser(oid, BigInt);
}

/** Whoever switches it off later loses no hold: no connection is used that would not sync its commits. */
async function assertDurable(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ fsync: string; synchronous_commit: string }>(
    `SELECT current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS synchronous_commit`,
  );
  for (const [setting, value] of Object.entries(rows[0] ?? {})) {
    if (value !== "off") continue;
    throw new LedgerRefused(`${setting} is off, so that a commit may be lost: set ${setting} = on`);
  }
}

/** What came of the statements of a flight, in their order. */
export type Answers = readonly QueryResult<Row>[];

/**
 * Sends statements behind each other and waits for all answers: one way to the server and back.
 *
 * @throws the first error, once every statement has been answered; those after it have failed too when
 *   they are of one transaction.
 */
export async function inOneFlight(
  client: PoolClient,
  statements: readonly Statement[],
): Promise<Answers> {
  const { stream } = client.connection;
  // One packet instead of one a statement.
  stream.cork();
  const asked = statements.map((statement) => client.query<Row>(statement));
  stream.uncork();
  const answers = await Promise.allSettled(asked);
  return answers.map((answer) => {
    if (answer.status === "rejected") throw ledgerError(answer.reason);
    return answer.value;
  });
}

/**
 * Lends a connection. One on which anything failed is closed: it may be broken, or keep a plan that is.
 *
 * @throws LedgerUnavailable when there is none within a few seconds.
 */
export async function withConnection<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw ledgerError(error);
  });
  // A connection that breaks fails the statements under way; as an event of its own it would end the process.
  const ignore = (): void => undefined;
  client.on("error", ignore);
  let failed = true;
  try {
    const result = await work(client);
    failed = false;
    return result;
  } finally {
    client.off("error", ignore);
    client.release(failed);
  }
}
