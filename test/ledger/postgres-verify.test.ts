import { describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { LedgerUnavailable } from "../../src/ledger/port.ts";
import { withSnapshot } from "../../src/ledger/postgres/snapshot.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import type { Query } from "../../src/ledger/sql/rows.ts";
import { NOON } from "./bench.ts";
import { holdOf, newParty, settleFlat } from "./fixtures.ts";
import { rowsIn } from "./postgres-audit.ts";
import { auditedPostgres } from "./postgres-audited.ts";
import { useLedgers } from "./postgres-ledgers.ts";
import { tellStory } from "./story.ts";
import { tamperContract } from "./tamper-contract.ts";

const { open, fresh, shared, postgres } = useLedgers();

tamperContract("PostgreSQL", auditedPostgres(postgres));

/** The same, with a password, a parameter and nobody behind it. */
const NOWHERE = "postgresql://somebody:secret-word@127.0.0.1:1/none?password=secret-word";

describe("verify on PostgreSQL", () => {
  it("finds an untouched ledger sound, and counts what it counts on SQLite", async () => {
    const url = await postgres().createDatabase();
    await tellStory(undefined, ({ nowMs, ...rest }) =>
      openPostgresLedger({ ...rest, url, createdMs: NOON, catalogPrices: [], nowMs }),
    );
    const seen: number[] = [];
    const onProgress = (entries: number) => seen.push(entries);
    expect(await verify({ databaseUrl: url, onProgress })).toEqual({
      ok: true,
      entries: 66,
      receipts: 10,
      holds_open: 1,
      first_discrepancy: null,
    });
    expect(seen.at(-1)).toBe(66);
  });

  it("reads beside running gateways, which go on, as of one instant", async () => {
    const { url, ledger } = await fresh();
    const party = await newParty(ledger, { fund: "1" });
    await ledger.hold(holdOf(party));
    await withSnapshot(url, async ({ query, world }) => {
      expect(world).toBe("sandbox");
      const other = await open(url);
      expect(await other.hold(holdOf(party))).toMatchObject({ kind: "held" });
      expect(await verify({ query })).toMatchObject({ ok: true, entries: 4, holds_open: 1 });
    });
    expect(await verify({ databaseUrl: url })).toMatchObject({ entries: 5, holds_open: 2 });
  });

  it("never has more than a page of rows in its hands, however many there are", async () => {
    const { url, ledger } = await fresh();
    const party = await newParty(ledger);
    await Promise.all(Array.from({ length: 700 }, () => ledger.hold(holdOf(party))));
    let most = 0;
    await withSnapshot(url, async (snapshot) => {
      const query: Query = async (readings) => {
        const answers = await snapshot.query(readings);
        for (const rows of answers) most = Math.max(most, rows.length);
        return answers;
      };
      // Account, key, holds.
      expect(await verify({ query })).toMatchObject({ ok: true, entries: 702, holds_open: 700 });
    });
    expect(most).toBe(500);
  });

  it("two processes write a chain's checkpoints in turn, each place once", async () => {
    const { url, ledger } = await fresh();
    const party = await newParty(ledger);
    const processes = await Promise.all([1, 2].map(() => open(url, { checkpointEvery: 5n })));
    for (let round = 0; round < 6; round += 1) {
      for (const process of processes) {
        const hold = holdOf(party);
        await process.hold(hold);
        await process.end(settleFlat(hold));
      }
    }
    // Account and key, then twelve calls of three entries; settle and cost of one are written at once.
    const places = await rowsIn(url, "SELECT sequence FROM checkpoints ORDER BY sequence");
    expect(places.map((row) => row["sequence"]).join(" ")).toBe("5 11 15 20 26 30 35");
    const part = await verify({ databaseUrl: url, incremental: true });
    expect(part).toMatchObject({ ok: true, entries: 3, from_checkpoint: [{ sequence: 35 }] });
    expect(await verify({ databaseUrl: url })).toMatchObject({ ok: true, entries: 38 });
  });

  it("a transaction that fails leaves no checkpoint", async () => {
    const { url } = await fresh();
    const ledger = await open(url, { checkpointEvery: 4n });
    const party = await newParty(ledger);
    const hold = holdOf(party);
    await ledger.hold(hold);
    await rowsIn(url, "ALTER TABLE checkpoint_counters ADD CHECK (node <> 'house')");
    await expect(ledger.end(settleFlat(hold))).rejects.toThrow("checkpoint_counters");
    expect(await rowsIn(url, "SELECT sequence FROM checkpoints")).toEqual([]);
    expect(await verify({ databaseUrl: url })).toMatchObject({ ok: true, entries: 3 });
  });
});

describe("a database that can't be verified", () => {
  it("is told as such: no ledger, somebody else's tables, another version", async () => {
    const empty = await postgres().createDatabase();
    const name = new URL(empty).host + new URL(empty).pathname;
    await expect(verify({ databaseUrl: empty })).rejects.toMatchObject({
      name: "LedgerRefused",
      message: `${name} can't be read as a ledger: relation "ledger" does not exist`,
    });
    await rowsIn(empty, "CREATE TABLE ledger (world text)");
    await expect(verify({ databaseUrl: empty })).rejects.toMatchObject({
      name: "LedgerRefused",
      message: `${name} can't be read as a ledger: it doesn't say whether it is sandbox or live`,
    });
    expect(await rowsIn(empty, "SELECT * FROM ledger")).toEqual([]);
    const { url } = await fresh();
    await rowsIn(url, "INSERT INTO migrations (version) VALUES (99)");
    await expect(verify({ databaseUrl: url })).rejects.toMatchObject({
      name: "LedgerRefused",
      message: expect.stringMatching(
        /^the ledger is of version 99, this program reads version \d+:/,
      ),
    });
  });

  it("that is away is away, and no password is said", async () => {
    const failed = verify({ databaseUrl: NOWHERE });
    await expect(failed).rejects.toBeInstanceOf(LedgerUnavailable);
    await expect(failed).rejects.toThrow(/^127\.0\.0\.1:1\/none can't be read/);
    await expect(failed).rejects.not.toThrow("secret-word");
  });

  it("that goes away in the middle is away", async () => {
    const { url } = await shared();
    const cut = withSnapshot(url, async ({ query }) => {
      await rowsIn(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'spotmeter reads' AND datname = current_database()`,
      );
      return verify({ query });
    });
    await expect(cut).rejects.toBeInstanceOf(LedgerUnavailable);
  });

  it("is only read, whatever is asked of the snapshot", async () => {
    const { url } = await shared();
    const written = withSnapshot(url, ({ query }) =>
      query([{ sql: "UPDATE ledger SET world = 'live'", parameters: [] }]),
    );
    await expect(written).rejects.toThrow("read-only transaction");
  });
});
