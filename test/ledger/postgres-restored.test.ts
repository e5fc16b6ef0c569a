import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { headsFolder, readHeadFile } from "../../src/audit/head-files.ts";
import { verify } from "../../src/audit/verify.ts";
import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";
import { headsKeeper } from "../../src/start/daily-heads.ts";
import { markRestored } from "../../src/start/restore.ts";
import { figures } from "./bench.ts";
import { holdOf, newParty } from "./fixtures.ts";
import { newHome } from "./new-home.ts";
import { rowsIn } from "./postgres-audit.ts";
import { useLedgers } from "./postgres-ledgers.ts";

const { open, fresh, postgres } = useLedgers();

/** Nobody raises a counter meanwhile. */
const quietly = () => Promise.resolve();

/** A database as it was put back: two accounts, a hold of one cut off, and the beat of its process. */
async function putBack() {
  const { url, ledger } = await fresh();
  const [party] = [await newParty(ledger, { fund: "1" }), await newParty(ledger)];
  const hold = holdOf(party);
  await ledger.hold(hold);
  await ledger.beats?.raise("proc_gone");
  return { url, ledger, party, hold };
}

describe("a ledger in PostgreSQL that was put back by other means", () => {
  it("says so in every chain and voids its open holds", async () => {
    const { url, ledger, party, hold } = await putBack();
    const of = { home: newHome(), databaseUrl: url, world: "sandbox", note: "a dump" } as const;
    expect(await markRestored({ ...of, wait: quietly })).toEqual({
      ...{ world: "sandbox", roots: 2, spooled: 0, voided: 1, problems: [] },
    });
    const entries = await rowsIn(url, "SELECT text FROM entries WHERE kind = 'restore'");
    expect(entries.map(({ text }) => JSON.parse(text ?? ""))).toEqual(
      Array(2).fill(expect.objectContaining({ actor: "command line", note: "a dump" })),
    );
    expect(await figures(ledger, party)).toEqual({ settled: "0", held: "0", available: "1" });
    const call = await ledger.call(hold.id);
    expect(call?.ending).toMatchObject({ kind: "void", outcome: "recovered" });
    // Two accounts and keys, funding, hold, void, its exposure, two restores.
    expect(await verify({ databaseUrl: url })).toMatchObject({
      ...{ ok: true, entries: 10, holds_open: 0 },
    });
  });

  it("not while a gateway runs on it, of whatever home: its calls would be voided", async () => {
    const { url, ledger, party } = await putBack();
    const of = { home: newHome(), databaseUrl: url, world: "sandbox", note: "a dump" } as const;
    const waits: number[] = [];
    const wait = async (ms: number): Promise<void> => {
      waits.push(ms);
      await ledger.beats?.raise("proc_alive");
    };
    await ledger.beats?.raise("proc_alive");
    await expect(markRestored({ ...of, wait })).rejects.toMatchObject({
      code: "gateway_running",
      message: "gateways run on this database (proc_alive): stop them first",
    });
    // Two beats, of 5 s each.
    expect(waits).toEqual([10_000]);
    expect(await figures(ledger, party)).toMatchObject({ held: "0.05" });
    expect(await rowsIn(url, "SELECT id FROM entries WHERE kind = 'restore'")).toEqual([]);
  });

  it("nor while one owns the home", async () => {
    const { url } = await putBack();
    const home = newHome();
    const lock = await takeOwnerLock({ home });
    const of = { home, databaseUrl: url, world: "sandbox", note: "a dump" } as const;
    await expect(markRestored(of)).rejects.toMatchObject({ code: "gateway_running" });
    lock.release();
  });

  it("must be there, and be of that world: nothing is made of an empty database", async () => {
    const empty = await postgres().createDatabase();
    const of = { home: newHome(), note: "a dump" } as const;
    await expect(markRestored({ ...of, databaseUrl: empty, world: "live" })).rejects.toMatchObject({
      name: "LedgerRefused",
    });
    const tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
    expect(await rowsIn(empty, tables)).toEqual([]);
    const { url } = await putBack();
    await expect(markRestored({ ...of, databaseUrl: url, world: "live" })).rejects.toThrow(
      "it is a sandbox ledger and will not open as live",
    );
  });
});

describe("daily heads of a ledger in PostgreSQL", () => {
  it("each gateway writes those of all chains into its own home, and each file is an anchor", async () => {
    const { url, ledger } = await fresh();
    const other = await open(url);
    const [party] = [await newParty(ledger), await newParty(other)];
    const homes = [newHome(), newHome()];
    const log = {
      error: (_: unknown, message: string) => {
        throw new Error(message);
      },
    };
    for (const [index, home] of homes.entries()) {
      const kept = index === 0 ? ledger : other;
      await headsKeeper({ ledger: kept, home, world: "sandbox", log })();
      // What comes after a head of the day doesn't move it.
      await kept.hold(holdOf(party));
    }
    for (const [index, home] of homes.entries()) {
      const [day = "none"] = readdirSync(headsFolder(home));
      const heads = await readHeadFile(path.join(headsFolder(home), day), "sandbox");
      // Account and key; the second gateway saw the hold of the first.
      const sequences = new Map(heads.map(({ root, sequence }) => [root, sequence]));
      expect(sequences.size).toBe(2);
      expect(sequences.get(party.accountId)).toBe(2 + index);
      expect(await verify({ databaseUrl: url, heads })).toMatchObject({
        ...{ ok: true, heads_checked: 2 },
      });
      const forged = heads.map((head) => ({ ...head, hash: "0".repeat(64) }));
      expect(await verify({ databaseUrl: url, heads: forged })).toMatchObject({
        ...{ ok: false, first_discrepancy: { what: "head" } },
      });
    }
  });
});
