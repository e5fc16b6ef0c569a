import { copyFileSync, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile } from "../../src/ledger/open.ts";
import { type Ledger, LedgerUnavailable } from "../../src/ledger/port.ts";
import { CHECKPOINT_EVERY } from "../../src/ledger/sql/checkpoints.ts";
import { textIn } from "../../src/ledger/sql/rows.ts";
import type { Sync } from "../../src/ledger/sqlite/log-syncs.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/store.ts";
import { holdOf, newParty, type Party, settleFlat } from "./fixtures.ts";
import { newHome } from "./new-home.ts";

/** Long enough for whatever would come without a sync to have come. */
const A_WHILE_MS = 100;

type Opened = { readonly ledger: Ledger; readonly file: string; readonly party: Party };

/** A ledger with a funded account, whose syncs are in the hands of the test. */
async function openWith(
  wrapSync: (sync: Sync, file: string) => Sync,
  onFatal: (error: Error) => void = (error) => expect.unreachable(error.message),
): Promise<Opened> {
  const file = ledgerFile(newHome(), "sandbox");
  const ledger = await openSqliteLedger({
    ...{ file, world: "sandbox", createdMs: 0, catalogPrices: [], nowMs: Date.now, onFatal },
    checkpointEvery: CHECKPOINT_EVERY,
    wrapSync: (sync) => wrapSync(sync, file),
  });
  return { ledger, file, party: await newParty(ledger, { fund: "1000" }) };
}

/** Syncs that wait to be let go, one by one. */
function heldBack() {
  const waiting: (() => void)[] = [];
  const turn = { isOn: false };
  const wrap = (sync: Sync): Sync => {
    return async () => {
      if (turn.isOn) await new Promise<void>((resolve) => waiting.push(resolve));
      await sync();
    };
  };
  const letGo = async (): Promise<void> => {
    await vi.waitUntil(() => waiting.length > 0);
    waiting.shift()?.();
  };
  return { wrap, letGo, turn, waiting };
}

/** Whether a promise was kept or broken after a while. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return await Promise.race([settled, setTimeout(A_WHILE_MS, false)]);
}

function idsOfCalls(file: string): readonly string[] {
  const database = new DatabaseSync(file);
  const rows = database.prepare("SELECT id FROM calls ORDER BY id").all();
  database.close();
  return rows.map((row) => textIn(row, "id"));
}

describe("a commit is acknowledged by a sync", () => {
  it("a hold that is committed and not synced is told to nobody", async () => {
    const syncs = heldBack();
    const { ledger, file, party } = await openWith(syncs.wrap);
    syncs.turn.isOn = true;
    const hold = holdOf(party);
    const held = ledger.hold(hold);
    await vi.waitUntil(() => idsOfCalls(file).includes(hold.id));
    const read = ledger.call(hold.id);
    const listed = ledger.openHolds();
    expect(await Promise.all([held, read, listed].map(isOver))).toEqual([false, false, false]);
    syncs.turn.isOn = false;
    await syncs.letGo();
    expect(await held).toMatchObject({ kind: "held" });
    expect(await read).toMatchObject({ hold: { id: hold.id } });
    expect(await listed).toHaveLength(1);
    await ledger.close();
  });

  it("a sync that began before the commit doesn't count for it", async () => {
    const syncs = heldBack();
    const { ledger, file, party } = await openWith(syncs.wrap);
    syncs.turn.isOn = true;
    const holds = [holdOf(party), holdOf(party), holdOf(party)] as const;
    const first = ledger.hold(holds[0]);
    await vi.waitUntil(() => syncs.waiting.length === 1);
    const second = ledger.hold(holds[1]);
    await vi.waitUntil(() => idsOfCalls(file).length === 2);
    const third = ledger.hold(holds[2]);
    await vi.waitUntil(() => idsOfCalls(file).length === 3);
    await syncs.letGo();
    expect(await first).toMatchObject({ kind: "held" });
    expect(await Promise.all([second, third].map(isOver))).toEqual([false, false]);
    // One for both, which were committed one after the other.
    syncs.turn.isOn = false;
    await syncs.letGo();
    expect(await Promise.all([second, third])).toMatchObject([{ kind: "held" }, { kind: "held" }]);
    await ledger.close();
  });

  it("a sync that fails loses the ledger: nothing after it is acknowledged", async () => {
    const disk = { isBroken: false, asked: 0 };
    const fatal: string[] = [];
    const { ledger, party } = await openWith(
      (sync) => async () => {
        if (!disk.isBroken) return sync();
        disk.asked += 1;
        // As the system does: it says so once.
        if (disk.asked === 1) throw new Error("EIO: i/o error, fdatasync");
        await sync();
      },
      (error) => fatal.push(error.message),
    );
    disk.isBroken = true;
    const holds = Array.from({ length: 40 }, () => ledger.hold(holdOf(party)));
    const results = await Promise.allSettled(holds);
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: expect.any(LedgerUnavailable) });
    }
    await expect(ledger.hold(holdOf(party))).rejects.toThrow(LedgerUnavailable);
    await expect(ledger.listAccounts()).rejects.toThrow(LedgerUnavailable);
    await ledger.close();
    expect(fatal).toEqual(["the ledger could not sync: EIO: i/o error, fdatasync"]);
  });

  it("whatever was acknowledged when the power failed is on the disk", async () => {
    // What the last finished sync has brought to the disk, at least.
    const disk = { copies: 0, newest: "" };
    const { ledger, file, party } = await openWith((sync, of) => async () => {
      disk.copies += 1;
      const copy = `${of}.${disk.copies}`;
      copyFileSync(of, copy);
      if (existsSync(`${of}-wal`)) copyFileSync(`${of}-wal`, `${copy}-wal`);
      await sync();
      disk.newest = copy;
    });
    const told = new Map<string, { readonly held: string[]; readonly ended: string[] }>();
    const tell = (what: "held" | "ended", id: string): void => {
      const of = told.get(disk.newest) ?? { held: [], ended: [] };
      told.set(disk.newest, of);
      of[what].push(id);
    };
    const lane = async (): Promise<void> => {
      for (let calls = 0; calls < 3; calls += 1) {
        const hold = holdOf(party);
        await ledger.hold(hold);
        tell("held", hold.id);
        await ledger.end(settleFlat(hold));
        tell("ended", hold.id);
      }
    };
    await Promise.all(Array.from({ length: 20 }, lane));
    await ledger.close();
    expect(told.size).toBeGreaterThan(2);
    expect(idsOfCalls(file)).toHaveLength(60);
    for (const [copy, { held, ended }] of told) {
      expect(idsOfCalls(copy)).toEqual(expect.arrayContaining(held));
      const database = new DatabaseSync(copy);
      const open = database.prepare("SELECT id FROM calls WHERE ended_ms IS NULL").all();
      database.close();
      const openIds = open.map((row) => textIn(row, "id"));
      expect(ended.filter((id) => openIds.includes(id))).toEqual([]);
    }
    expect(await verify({ file: disk.newest })).toMatchObject({ ok: true });
  });
});
