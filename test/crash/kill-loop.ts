import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { expect } from "vitest";
import type { Ledger } from "../../src/ledger/port.ts";
import { recover } from "../../src/ledger/recovery.ts";
import { spoolFolder } from "../../src/ledger/spool.ts";
import { newParty, usd } from "../ledger/fixtures.ts";
import { keyOf } from "../ledger/grow.ts";
import { newHome } from "../ledger/new-home.ts";
import { idsIn, sumsOf } from "../simulation/books.ts";
import type { SimulatedStore } from "../simulation/world.ts";
import { expectedLimit, note, nothingTold, type Told, type Work } from "./told.ts";

/** A store under fire: how its processes come to it, and what must be over before they are taken for dead. */
export type KilledStore = SimulatedStore & {
  readonly databaseUrl: (home: string) => Promise<string | undefined>;
  /** Resolves when nothing that a killed process asked for can still happen. */
  readonly untilGone: (home: string, process: string) => Promise<void>;
  /** A process is killed after this many acknowledgements at most. */
  readonly acknowledgedMax: number;
};

/** Later rounds begin on what earlier ones left; a fresh home now and then keeps a soak linear. */
const ROUNDS_A_HOME = 20;
/** Calls under way at a time, over all processes. */
const LANES = 24;

/** A home, an account that never runs dry, a key for each process, and the journal as it was last read. */
type Ground = {
  readonly home: string;
  readonly accountId: string;
  readonly keyIds: readonly string[];
  journal: readonly string[];
};

/** What the rounds came to, so that a run tells what it has tried. */
type Tally = { entries: number; acknowledged: number; recovered: number };

/**
 * Kills processes with `kill -9` at random moments, round after round on what the last one left: what was
 * acknowledged is there as it was acknowledged, nothing is there twice, and the sums agree.
 * `CRASH_SEED=…` throws the same moments again; the system decides what each of them hits.
 */
export async function killRoundAfterRound(store: KilledStore, rounds: number): Promise<void> {
  const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000_000);
  console.log(`${store.name}: CRASH_SEED=${seed}`);
  const moment = fc.integer({ min: 1, max: store.acknowledgedMax });
  const moments = fc.sample(
    fc.array(moment, { minLength: store.clients, maxLength: store.clients }),
    { seed, numRuns: rounds },
  );
  const tally = { entries: 0, acknowledged: 0, recovered: 0 };
  let ground = await prepare(store);
  for (const [round, lines] of moments.entries()) {
    if (round > 0 && round % ROUNDS_A_HOME === 0) ground = await prepare(store);
    try {
      await killOnce(store, ground, { round, lines, tally });
    } catch (cause) {
      throw new Error(`CRASH_SEED=${seed}: round ${round} on ${store.name}`, { cause });
    }
  }
  const { entries, acknowledged, recovered } = tally;
  console.log(`${entries} entries, ${acknowledged} acknowledged, ${recovered} recovered`);
  // A run in which nothing was lost in the middle has tried nothing.
  expect(recovered).toBeGreaterThan(0);
}

async function prepare(store: KilledStore): Promise<Ground> {
  const home = newHome();
  const ledger = await store.open({ home, world: "sandbox", nowMs: Date.now });
  const { accountId } = await newParty(ledger, { fund: "999999" });
  const house = { exposureHour: usd("900000") };
  await ledger.changeNode({ nodeId: accountId, settings: { house }, actor: "test" });
  const keyIds: string[] = [];
  for (let key = 0; key < store.clients; key += 1) {
    keyIds.push((await keyOf(ledger, accountId)).keyId);
  }
  await ledger.close();
  return { home, accountId, keyIds, journal: [] };
}

/** One round: every process is killed at its own moment; each is recovered while others may go on. */
async function killOnce(
  store: KilledStore,
  ground: Ground,
  of: { readonly round: number; readonly lines: readonly number[]; readonly tally: Tally },
): Promise<void> {
  const { home } = ground;
  const { tally } = of;
  const databaseUrl = await store.databaseUrl(home);
  const deaths = of.lines.map(async (lines, index) => {
    const work: Work = {
      // Every process has a home of its own where the database is what they share.
      ...(databaseUrl === undefined ? { home } : { home: newHome(), databaseUrl }),
      ...{ accountId: ground.accountId, keyId: ground.keyIds[index] ?? "" },
      ...{ name: `r${of.round}p${index}`, lanes: LANES / store.clients },
    };
    const told = await workAndKill(work, lines);
    await store.untilGone(home, work.name);
    tally.recovered += await recoverFrom(store, { home, work });
    tally.acknowledged += told.lines;
    return { work, told };
  });
  const dead = await Promise.all(deaths);
  const ledger = await store.open({ home, world: "sandbox", nowMs: Date.now });
  const journal = await store.journal(home);
  // The home has one root, so that what was there before is the beginning of what is there now.
  expect(journal.slice(0, ground.journal.length)).toEqual(ground.journal);
  tally.entries += journal.length - ground.journal.length;
  ground.journal = journal;
  for (const { work, told } of dead) {
    await expectKept(ledger, told, work);
    const ids = idsIn(journal);
    expect([...told.funded].filter((id) => !ids.has(id))).toEqual([]);
  }
  expect(await ledger.openHolds()).toEqual([]);
  await expectSums(journal, ledger, ground);
  await ledger.close();
  await store.verify(home);
}

/** Lets a child work until it has said so many lines, kills it, and returns all that came out. */
async function workAndKill(work: Work, lines: number): Promise<Told> {
  const script = path.join(import.meta.dirname, "ledger-child.ts");
  const child = spawn(process.execPath, [script, JSON.stringify(work)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const told = await listen(child, lines);
  const [, signal] = await gone;
  if (signal !== "SIGKILL") throw new Error(`${work.name} ended by itself`);
  return told;
}

async function listen(child: ChildProcess, lines: number): Promise<Told> {
  if (child.stdout === null) throw new Error("a child without an output");
  const told = nothingTold();
  let seen = 0;
  let last: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may have been cut by the kill, and then told nobody anything.
    if (last !== undefined) note(told, last);
    last = line;
    seen += 1;
    if (seen === lines) child.kill("SIGKILL");
  }
  return told;
}

/** What the next process does first, or another one when it finds this one dead. Returns what it voided. */
async function recoverFrom(
  store: KilledStore,
  of: { readonly home: string; readonly work: Work },
): Promise<number> {
  const { home, work } = of;
  const ledger = await store.open({ home, world: "sandbox", nowMs: Date.now });
  const { problems, voided } = await recover({
    ledger,
    spoolFolder: spoolFolder(work.home),
    before: store.clients === 1 ? undefined : work.name,
    resumeTask: () => Promise.resolve("unknown"),
  });
  expect(problems).toEqual([]);
  await ledger.close();
  return voided;
}

/** Everything that was acknowledged is there, as it was acknowledged. */
async function expectKept(ledger: Ledger, told: Told, work: Work): Promise<void> {
  const calls = await Promise.all([...told.held].map((id) => ledger.call(id)));
  expect([...told.held].filter((_, index) => calls[index] === undefined)).toEqual([]);
  const found = new Map(calls.map((call) => [call?.hold.id, call]));
  for (const [id, { kind, sequence, hash }] of told.ended) {
    const ending = found.get(id)?.ending;
    expect({ id, kind: ending?.kind, chain: ending?.chain }).toEqual({
      ...{ id, kind, chain: { sequence, hash } },
    });
  }
  for (const [id, kind] of told.spooled) {
    const ending = found.get(id)?.ending;
    expect({ id, kind: ending?.kind }).toEqual({ id, kind });
    expect(ending).not.toMatchObject({ outcome: "recovered" });
  }
  for (const [entryId, corrects] of told.corrected) {
    const { corrections = [] } = found.get(corrects.replace(".end", "")) ?? {};
    expect(corrections).toMatchObject([{ entryId, corrects, after: usd("0.01") }]);
  }
  if (told.limited < 0) return;
  const { limits = {} } = (await ledger.findKey(work.keyId)) ?? {};
  // A change after the last acknowledged one may have come to pass.
  expect(limits.total).toBeGreaterThanOrEqual(expectedLimit(told.limited));
}

/** No money made, none lost, no entry twice: the journal adds up to what the account is shown. */
async function expectSums(
  journal: readonly string[],
  ledger: Ledger,
  { accountId }: Ground,
): Promise<void> {
  const sums = sumsOf(journal).get(accountId);
  const credits = await ledger.credits(accountId);
  expect({
    settled: sums?.["revenue"],
    held: sums?.["held"],
    available: sums?.["available"],
  }).toEqual({ settled: credits?.settled, held: 0n, available: credits?.available });
}
