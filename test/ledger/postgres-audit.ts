import { Client } from "pg";
import { expect } from "vitest";
import { chainHash } from "../../src/ledger/chain.ts";
import { books } from "../../src/ledger/journal.ts";

/** Looks into a ledger's database past the ledger, with statements of its own. */
export async function rowsIn(
  url: string,
  sql: string,
): Promise<readonly { readonly [column: string]: string | null }[]> {
  const client = await connect(url);
  try {
    const { rows } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** A connection of a test's own. Whole numbers come as text. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // The tests end connections; whoever waits on one is told by its statement.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

type Posting = { readonly book: string; readonly amount: string };

/**
 * Recomputes every root from its entries and calls: the chain without a gap, the books as the sum of the
 * postings, each counter as the sum of the calls that went through it.
 */
export async function expectExact(url: string): Promise<void> {
  const roots = await rowsIn(url, "SELECT * FROM roots ORDER BY root");
  for (const root of roots) {
    const id = root["root"] ?? "";
    const entries = await rowsIn(
      url,
      `SELECT * FROM entries WHERE root = '${id}' ORDER BY sequence`,
    );
    let [hash, sequence] = ["0".repeat(64), 0n];
    const sums = new Map<string, bigint>(books.map((book) => [book, 0n]));
    for (const entry of entries) {
      sequence += 1n;
      hash = chainHash(hash, sequence, entry["text"] ?? "");
      expect({ sequence: entry["sequence"], hash: entry["hash"] }).toEqual({
        sequence: sequence.toString(),
        hash,
      });
      const { postings }: { postings: Posting[] } = JSON.parse(entry["text"] ?? "");
      for (const { book, amount } of postings) {
        sums.set(book, (sums.get(book) ?? 0n) + BigInt(amount));
      }
    }
    const stored = Object.fromEntries(books.map((book) => [book, root[book]]));
    const recomputed = Object.fromEntries([...sums].map(([book, sum]) => [book, sum.toString()]));
    expect({ ...stored, sequence: root["sequence"], hash: root["hash"] }).toEqual({
      ...recomputed,
      sequence: sequence.toString(),
      hash,
    });
  }
  await expectCounters(url);
}

async function expectCounters(url: string): Promise<void> {
  const calls = await rowsIn(url, "SELECT * FROM calls");
  const sums = new Map<string, { settled: bigint; held: bigint }>();
  for (const call of calls) {
    for (const node of (call["path"] ?? "").split(" ")) {
      for (const window of [call["day"], call["month"], "total"]) {
        const key = `${node} ${window}`;
        const before = sums.get(key) ?? { settled: 0n, held: 0n };
        const ended = call["ended_ms"] !== null;
        sums.set(key, {
          settled: before.settled + BigInt(call["charge"] ?? "0"),
          held: before.held + (ended ? 0n : BigInt(call["amount"] ?? "0")),
        });
      }
    }
  }
  const counters = await rowsIn(url, "SELECT * FROM counters WHERE node NOT LIKE 'house%'");
  const stored = counters.map(({ node, period, settled, held }) => [
    `${node} ${period}`,
    { settled: BigInt(settled ?? "0"), held: BigInt(held ?? "0") },
  ]);
  expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(sums));
}

/** Resolves when a connection of the ledger waits for a lock: there is no event for it. */
export async function pidThatWaits(watcher: Client): Promise<number> {
  for (;;) {
    const { rows } = await watcher.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND application_name LIKE 'spotmeter%'
         AND datname = current_database()`,
    );
    if (rows[0] !== undefined) return rows[0].pid;
  }
}
