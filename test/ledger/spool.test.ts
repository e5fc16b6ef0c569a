import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { endDurably } from "../../src/ledger/end-durably.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { type Ending, type Ledger, LedgerUnavailable } from "../../src/ledger/port.ts";
import { recover, recoveredVoid } from "../../src/ledger/recovery.ts";
import { openSpool, replaySpool, type Spool, spoolFolder } from "../../src/ledger/spool.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { flatPrice, holdOf, newParty, type Party, settleFlat, settleOf, usd } from "./fixtures.ts";
import { newHome } from "./new-home.ts";

let home: string;
let folder: string;
let ledger: Ledger;
let party: Party;
let spool: Spool;

beforeEach(async () => {
  home = newHome();
  folder = spoolFolder(home);
  ledger = await openLedger({ home, world: "sandbox" });
  party = await newParty(ledger, { fund: "10" });
  spool = openSpool(folder);
});
afterEach(async () => {
  await spool.close();
  await ledger.close();
});

/** A committed hold, and the ending that is due. */
async function dueEnding(): Promise<Ending> {
  const hold = holdOf(party);
  await ledger.hold(hold);
  return settleFlat(hold);
}

async function settledUsd(): Promise<string | undefined> {
  const credits = await ledger.credits(party.accountId);
  return credits === undefined ? undefined : formatUsd(credits.settled);
}

const away = { end: () => Promise.reject(new LedgerUnavailable("away")) };
const resumeTask = () => Promise.resolve("unknown" as const);

describe("spool", () => {
  it("nothing is written before the first ending", () => {
    expect(() => readdirSync(folder)).toThrow("ENOENT");
  });

  it("keeps an ending until the ledger is back, then leaves nothing behind", async () => {
    await spool.append(await dueEnding());
    await spool.append(await dueEnding());
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await spool.drain(away)).toEqual({ posted: 0, late: 0, problems: [] });
    expect(spool.waiting()).toBe(true);
    expect(await spool.drain(ledger)).toEqual({ posted: 2, late: 0, problems: [] });
    expect(spool.waiting()).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
    expect(await settledUsd()).toBe("0.1");
  });

  it("a second process replays what the first left, losslessly", async () => {
    const hold = holdOf(party, { n: 3 });
    await ledger.hold(hold);
    const ending = settleOf(hold, {
      usage: { kind: "reported", items: [{ meter: "output_images", quantity: 3n }] },
      images: 3n,
      echoedPrice: { ...flatPrice, id: "made-up-echo@2026-01-01" },
    });
    await spool.append(ending);
    await spool.close();
    expect(await replaySpool(folder, ledger)).toEqual({ posted: 1, late: 0, problems: [] });
    const call = await ledger.call(hold.id);
    expect(call?.ending).toMatchObject(ending);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("replaying what was posted already posts it once", async () => {
    const ending = await dueEnding();
    await spool.append(ending);
    await ledger.end(ending);
    await spool.close();
    expect(await replaySpool(folder, ledger)).toEqual({ posted: 1, late: 0, problems: [] });
    expect(await settledUsd()).toBe("0.05");
  });

  it("a recovery's void wins over the spool", async () => {
    const ending = await dueEnding();
    await spool.append(ending);
    await ledger.end(recoveredVoid({ holdId: ending.holdId, amount: usd("0.05") }));
    expect(await spool.drain(ledger)).toEqual({ posted: 0, late: 1, problems: [] });
    expect(await settledUsd()).toBe("0");
  });

  it("a half line at the end is dropped: nobody was told that it is there", async () => {
    const ending = await dueEnding();
    await spool.append(ending);
    const [name = ""] = readdirSync(folder);
    appendFileSync(path.join(folder, name), '{"echoedPrice":null,"ending":{"att');
    await spool.close();
    expect(await replaySpool(folder, ledger)).toEqual({ posted: 1, late: 0, problems: [] });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("garbage is named with file and line, the rest is posted, the file is kept", async () => {
    const ending = await dueEnding();
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "1-a.jsonl"), "not json\n");
    await spool.append(ending);
    await spool.close();
    const { posted, problems } = await replaySpool(folder, ledger);
    expect(posted).toBe(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("1-a.jsonl: line 1: ");
    expect(readdirSync(folder)).toEqual(["1-a.jsonl.kept"]);
    expect(readFileSync(path.join(folder, "1-a.jsonl.kept"), "utf8")).toBe("not json\n");
  });

  it("an ending of no hold is named, and stays on disk", async () => {
    const ending = { ...(await dueEnding()), holdId: "rcpt_none" };
    await spool.append(ending);
    const { problems } = await spool.drain(ledger);
    expect(problems).toEqual(["spooled ending of rcpt_none: hold rcpt_none isn't there"]);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it("a withdrawn ending is never posted", async () => {
    const ending = await dueEnding();
    await spool.append(ending);
    await spool.withdraw(ending.holdId);
    await spool.close();
    expect(await replaySpool(folder, ledger)).toEqual({ posted: 0, late: 0, problems: [] });
    expect(await settledUsd()).toBe("0");
  });

  it("a ledger that leaves during a replay leaves the files", async () => {
    await spool.append(await dueEnding());
    await spool.close();
    await expect(replaySpool(folder, away)).rejects.toThrow(LedgerUnavailable);
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

describe("end durably", () => {
  /** A clock whose sleeps are over when the test says so, by their length. */
  function handClock() {
    const sleeping: { ms: number; wake: () => void }[] = [];
    return {
      sleep: (ms: number, signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          sleeping.push({ ms, wake: resolve });
          signal.addEventListener("abort", () => resolve());
        }),
      wake: (ms: number) => {
        for (const one of sleeping) if (one.ms === ms) one.wake();
      },
    };
  }
  const never = { end: () => new Promise<never>(() => undefined) };
  const brokenSpool = {
    append: () => Promise.reject(new Error("no space")),
    withdraw: () => Promise.resolve(),
  };
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  it("a ledger that answers gets the ending, and the spool never hears of it", async () => {
    const ending = await dueEnding();
    const result = await endDurably(ledger, brokenSpool, ending);
    expect(result.kind).toBe("posted");
    expect(await endDurably(ledger, brokenSpool, ending)).toEqual(result);
  });

  it("after recovery the ending is late", async () => {
    const ending = await dueEnding();
    await ledger.end(recoveredVoid({ holdId: ending.holdId, amount: usd("0.05") }));
    expect((await endDurably(ledger, spool, ending)).kind).toBe("late");
  });

  it("a ledger that is back within 2 s gets the ending", async () => {
    const clock = handClock();
    let asked = 0;
    const flaky: Pick<Ledger, "end"> = {
      end: (ending) => {
        asked += 1;
        return asked === 1 ? away.end() : ledger.end(ending);
      },
    };
    const result = endDurably(flaky, brokenSpool, await dueEnding(), { clock });
    await turn();
    clock.wake(100);
    expect((await result).kind).toBe("posted");
  });

  it.each([
    { law: "is away", ledger: away },
    { law: "hangs", ledger: never },
  ])("after 2 s of a ledger that $law the ending is spooled", async (store) => {
    const clock = handClock();
    const result = endDurably(store.ledger, spool, await dueEnding(), { clock });
    await turn();
    clock.wake(2_000);
    expect(await result).toEqual({ kind: "spooled" });
    await spool.drain(ledger);
    expect(await settledUsd()).toBe("0.05");
  });

  it("when neither takes it within 5 s it is lost, and an append that comes through later too", async () => {
    const clock = handClock();
    const due = await dueEnding();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let appended: Promise<void> = Promise.resolve();
    const slow = {
      append: (ending: Ending) => {
        appended = gate.then(() => spool.append(ending));
        return appended;
      },
      withdraw: async (holdId: string) => {
        await appended;
        await spool.withdraw(holdId);
      },
    };
    const result = endDurably(never, slow, due, { clock });
    await turn();
    clock.wake(2_000);
    await turn();
    clock.wake(3_000);
    expect(await result).toEqual({ kind: "lost" });
    release();
    await appended;
    await turn();
    await spool.close();
    expect((await replaySpool(folder, ledger)).posted).toBe(0);
  });

  it("a spool without space leaves the ledger the rest of the time", async () => {
    const clock = handClock();
    const result = endDurably(never, brokenSpool, await dueEnding(), { clock });
    await turn();
    clock.wake(2_000);
    await turn();
    clock.wake(3_000);
    expect(await result).toEqual({ kind: "lost" });
  });

  it("an ending that is a bug is thrown, not spooled", async () => {
    const ending = { ...(await dueEnding()), holdId: "rcpt_none" };
    await expect(endDurably(ledger, spool, ending)).rejects.toThrow("isn't there");
    expect(spool.waiting()).toBe(false);
  });
});

describe("recovery", () => {
  it("posts the spool, resumes tasks, voids the rest, and leaves no hold open", async () => {
    const [spooled, unknown] = [await dueEnding(), await dueEnding()];
    const task = holdOf(party);
    await ledger.hold(task);
    await ledger.noteTask({ holdId: task.id, taskId: "t1" });
    const lost = holdOf(party);
    await ledger.hold(lost);
    await ledger.noteTask({ holdId: lost.id, taskId: "t2" });
    await spool.append(spooled);
    await spool.close();
    const recovery = await recover({
      ledger,
      spoolFolder: folder,
      resumeTask: async (hold) => (hold.taskId === "t1" ? settleFlat(task) : "unknown"),
    });
    expect(recovery).toEqual({ spooled: 1, late: 0, resumed: 1, voided: 2, problems: [] });
    expect(await ledger.openHolds()).toEqual([]);
    expect(await settledUsd()).toBe("0.1");
    expect((await ledger.call(unknown.holdId))?.ending).toMatchObject({
      kind: "void",
      outcome: "recovered",
      code: "outcome_unknown",
      exposure: { amount: usd("0.05"), reason: "recovered" },
    });
    expect(await verify({ file: ledgerFile(home, "sandbox") })).toMatchObject({ ok: true });
  });

  it("a task that can't be resumed is voided and named, and stops nothing", async () => {
    const [first, second] = [holdOf(party), holdOf(party)];
    for (const hold of [first, second]) {
      await ledger.hold(hold);
      await ledger.noteTask({ holdId: hold.id, taskId: `task-${hold.id}` });
    }
    const tooDear = { ...settleFlat(second), charge: usd("9") };
    const recovery = await recover({
      ledger,
      spoolFolder: folder,
      resumeTask: (hold) =>
        hold.holdId === first.id
          ? Promise.reject(new Error("no such task"))
          : Promise.resolve(tooDear),
    });
    expect(recovery).toMatchObject({ resumed: 0, voided: 2 });
    expect(recovery.problems).toEqual([
      `task task-${first.id} of ${first.id}: no such task`,
      expect.stringContaining("exceeds the held"),
    ]);
    expect(await ledger.openHolds()).toEqual([]);
  });

  it("of a settled ledger recovery does nothing", async () => {
    await ledger.end(await dueEnding());
    const recovery = await recover({ ledger, spoolFolder: folder, resumeTask });
    expect(recovery).toEqual({ spooled: 0, late: 0, resumed: 0, voided: 0, problems: [] });
  });
});
