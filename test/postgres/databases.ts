import { randomBytes } from "node:crypto";
import { Client } from "pg";

/** Fresh databases on a server, and their end. */
export class Databases {
  readonly #adminUrl: string;
  readonly #names = new Set<string>();

  constructor(adminUrl: string) {
    this.#adminUrl = adminUrl;
  }

  /** An empty database that nobody else knows; returns its URL. */
  async create(): Promise<string> {
    const name = `spotmeter_test_${randomBytes(6).toString("hex")}`;
    // template0: what the server's owner keeps in template1 would come along.
    await withClient(this.#adminUrl, (client) =>
      client.query(`CREATE DATABASE ${name} TEMPLATE template0`),
    );
    this.#names.add(name);
    const url = new URL(this.#adminUrl);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** Ends its connections and drops it. @throws for a database that was not created here: it may be anybody's. */
  async drop(databaseUrl: string): Promise<void> {
    const name = new URL(databaseUrl).pathname.slice(1);
    if (!this.#names.has(name)) throw new Error(`not a database of this test: ${name}`);
    await this.#drop(name);
  }

  /** Drops every one that is left. */
  async dropAll(): Promise<void> {
    for (const name of this.#names) await this.#drop(name);
  }

  async #drop(name: string): Promise<void> {
    await withClient(this.#adminUrl, (client) =>
      client.query(`DROP DATABASE ${name} WITH (FORCE)`),
    );
    this.#names.delete(name);
  }
}

/** Connects, does one thing and hangs up. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A cut connection fails the query that was in flight; as an event of its own it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

/** One value of the server's settings, as `SHOW` prints it. */
export async function showSetting(client: Client, name: string): Promise<string> {
  const { rows } = await client.query<{ value: string }>("SELECT current_setting($1) AS value", [
    name,
  ]);
  return rows[0]?.value ?? "";
}
