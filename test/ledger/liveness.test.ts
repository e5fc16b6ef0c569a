import { describe, expect, it } from "vitest";
import { openBeat, openSweep, stopBeating } from "../../src/ledger/liveness.ts";
import { type Ending, LedgerUnavailable, type OpenHold } from "../../src/ledger/port.ts";
import { usd } from "./fixtures.ts";

/** A ledger that several processes share: their counters, and the holds that they have open. */
function sharedLedger() {
  const counters = new Map<string, bigint>();
  const open = new Map<string, OpenHold>();
  const ended: Ending[] = [];
  const state = { away: false };
  const answer = <Value>(value: Value): Promise<Value> =>
    state.away ? Promise.reject(new LedgerUnavailable("away")) : Promise.resolve(value);
  const ledger = {
    beats: {
      raise: async (process: string) => {
        await answer(null);
        counters.set(process, (counters.get(process) ?? 0n) + 1n);
      },
      all: () => answer(new Map(counters)),
      forget: async (process: string) => {
        await answer(null);
        counters.delete(process);
      },
    },
    openHolds: (of?: { readonly process?: string }) =>
      answer([...open.values()].filter((hold) => hold.process === of?.process)),
    end: async (ending: Ending) => {
      await answer(null);
      ended.push(ending);
      open.delete(ending.holdId);
      return { kind: "posted", chain: { sequence: 1, hash: "" } } as const;
    },
  };
  const hold = (process: string, holdId: string): void => {
    const known = { accountId: "acct_1", vendor: "nobody", connection: "default" };
    const rest = { amount: usd("0.05"), vendorAmount: usd("0.05"), createdMs: 0, taskId: null };
    open.set(holdId, { holdId, process, ...known, ...rest });
  };
  return { ledger, counters, open, ended, state, hold };
}

function watcher(of: ReturnType<typeof sharedLedger>, process: string) {
  const clock = { ms: 0 };
  const buried: string[] = [];
  const beat = openBeat({
    ledger: of.ledger,
    process,
    monotonicMs: () => clock.ms,
    recoverHolds: async (holds) => {
      for (const { holdId } of holds) {
        buried.push(holdId);
        of.open.delete(holdId);
      }
    },
  });
  return { beat, clock, buried };
}

describe("beats", () => {
  it("a counter that stood still for 60 s belongs to the dead: its holds are ended, once", async () => {
    const shared = sharedLedger();
    await shared.ledger.beats.raise("dead");
    shared.hold("dead", "rcpt_1");
    const { beat, clock, buried } = watcher(shared, "alive");
    await beat();
    clock.ms = 59_999;
    await beat();
    expect(buried).toEqual([]);
    clock.ms = 60_000;
    await beat();
    await beat();
    expect(buried).toEqual(["rcpt_1"]);
    expect([...shared.counters.keys()]).toEqual(["alive"]);
  });

  it("a counter that moves belongs to the living, however slowly", async () => {
    const shared = sharedLedger();
    await shared.ledger.beats.raise("slow");
    shared.hold("slow", "rcpt_1");
    const { beat, clock, buried } = watcher(shared, "alive");
    for (clock.ms = 0; clock.ms < 300_000; clock.ms += 50_000) {
      await beat();
      await shared.ledger.beats.raise("slow");
    }
    expect(buried).toEqual([]);
  });

  it("nobody buries himself, and a ledger that is away buries nobody", async () => {
    const shared = sharedLedger();
    await shared.ledger.beats.raise("other");
    shared.hold("alive", "rcpt_1");
    const { beat, clock, buried } = watcher(shared, "alive");
    await beat();
    shared.state.away = true;
    clock.ms = 120_000;
    await beat();
    expect(buried).toEqual([]);
    shared.state.away = false;
    await shared.ledger.beats.raise("other");
    await beat();
    expect(buried).toEqual([]);
  });

  it("who leaves with nothing open is forgotten at once, who leaves holds behind is not", async () => {
    const shared = sharedLedger();
    await shared.ledger.beats.raise("tidy");
    await shared.ledger.beats.raise("untidy");
    shared.hold("untidy", "rcpt_1");
    await stopBeating(shared.ledger, "tidy");
    await stopBeating(shared.ledger, "untidy");
    expect([...shared.counters.keys()]).toEqual(["untidy"]);
  });
});

describe("the sweep", () => {
  it("voids our own holds that stay open past the deadline, at their maximum exposed", async () => {
    const shared = sharedLedger();
    shared.hold("me", "rcpt_old");
    shared.hold("another", "rcpt_other");
    const clock = { ms: 0 };
    const of = { ledger: shared.ledger, process: "me", deadlineMs: 720_000 };
    const sweep = openSweep({ ...of, monotonicMs: () => clock.ms });
    expect(await sweep()).toEqual([]);
    clock.ms = 500_000;
    shared.hold("me", "rcpt_new");
    expect(await sweep()).toEqual([]);
    clock.ms = 720_000;
    expect(await sweep()).toEqual(["rcpt_old"]);
    expect(shared.ended).toMatchObject([
      { kind: "void", holdId: "rcpt_old", outcome: "recovered", exposure: { amount: usd("0.05") } },
    ]);
    clock.ms = 1_220_000;
    expect(await sweep()).toEqual(["rcpt_new"]);
    expect([...shared.open.keys()]).toEqual(["rcpt_other"]);
  });

  it("waits for a ledger that is away", async () => {
    const shared = sharedLedger();
    shared.hold("me", "rcpt_1");
    const clock = { ms: 0 };
    const of = { ledger: shared.ledger, process: "me", deadlineMs: 1_000 };
    const sweep = openSweep({ ...of, monotonicMs: () => clock.ms });
    await sweep();
    shared.state.away = true;
    clock.ms = 5_000;
    expect(await sweep()).toEqual([]);
    shared.state.away = false;
    expect(await sweep()).toEqual(["rcpt_1"]);
  });
});
