import type { ClientBase } from "pg";
import { LedgerRefused } from "../ledger-refused.ts";
import type { StoredPrice } from "../port.ts";
import { type Row, textIn } from "../sql/rows.ts";
import { migrate } from "./migrations.ts";

/** What a database must be before anything is asked of it. */
export type DatabaseStart = {
  readonly world: "sandbox" | "live";
  /** When the ledger was made, if it is made now. */
  readonly createdMs: number;
  /** Every price version of the catalog in use: one that was used may not have changed. */
  readonly catalogPrices: readonly Pick<StoredPrice, "id" | "sha256">[];
};

/**
 * Makes a database ready: its tables as new as this program, its world, its prices.
 *
 * @param client of no further use.
 * @throws LedgerRefused when the database can't be used as this ledger.
 */
export async function openDatabase(client: ClientBase, start: DatabaseStart): Promise<void> {
  await assertUtf8(client);
  await migrate(client);
  await stamp(client, start);
  await assertPricesUnchanged(client, start.catalogPrices);
}

async function assertUtf8(client: ClientBase): Promise<void> {
  const { rows } = await client.query<Row>("SHOW server_encoding");
  const encoding = textIn(rows[0] ?? {}, "server_encoding");
  if (encoding === "UTF8") return;
  throw new LedgerRefused(
    `the database's encoding is ${encoding}: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
  );
}

/** A ledger is sandbox or live from birth and opens in no other world. */
async function stamp(client: ClientBase, { world, createdMs }: DatabaseStart): Promise<void> {
  await client.query("INSERT INTO ledger VALUES (1, $1, $2) ON CONFLICT (only_row) DO NOTHING", [
    world,
    createdMs,
  ]);
  const { rows } = await client.query<Row>("SELECT world FROM ledger");
  const born = textIn(rows[0] ?? {}, "world");
  if (born !== world) {
    throw new LedgerRefused(`it is a ${born} ledger and will not open as ${world}`);
  }
}

/** A price version that was used is never changed: a corrected price is a new version (MONEY §4). */
async function assertPricesUnchanged(
  client: ClientBase,
  catalogPrices: DatabaseStart["catalogPrices"],
): Promise<void> {
  const { rows } = await client.query<Row>("SELECT id, sha256 FROM price_versions");
  const used = new Map(rows.map((row) => [textIn(row, "id"), textIn(row, "sha256")]));
  const changed = catalogPrices.filter(({ id, sha256 }) => (used.get(id) ?? sha256) !== sha256);
  if (changed.length === 0) return;
  const names = changed.map((price) => price.id).join(", ");
  throw new LedgerRefused(
    `the catalog changes price versions already used: ${names}. Give a corrected price a new version id`,
  );
}
