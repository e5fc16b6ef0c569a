import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { openLedger } from "../src/ledger/open.ts";
import type { Ledger } from "../src/ledger/port.ts";
import { countSyncs, shareOfTime } from "./ledger-child.ts";
import { openPlainLedger } from "./ledger-plain.ts";
import { pairsOf, plantTree } from "./ledger-tree.ts";

/**
 * Pairs of hold and settlement a second on one hot key, at the end of a path three accounts deep with
 * every limit set. Prints figures, asserts nothing of them: `node bench/ledger.ts [SECONDS]`.
 */

/** What the bench asks of a store. */
export type Store = Pick<Ledger, "hold" | "end" | "credits" | "close">;

/** Compiled and cached before anything is timed. */
const WARM_PAIRS = 2_000;

type Figures = {
  readonly pairsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of every thread of this process. */
  readonly cpuMicrosPerPair: number;
};

const openers = {
  grouped: (home: string): Promise<Store> => openLedger({ home, world: "sandbox" }),
  "one commit a call": openPlainLedger,
} as const;

async function measure(
  open: (home: string) => Promise<Store>,
  of: { readonly concurrent: number; readonly seconds: number },
): Promise<Figures> {
  const home = mkdtempSync(path.join(tmpdir(), "spotmeter-bench-"));
  const first = await openLedger({ home, world: "sandbox" });
  const party = await plantTree(first);
  await first.close();
  const store = await open(home);
  const next = pairsOf(party);
  const holdsMs: number[] = [];
  async function pair(): Promise<void> {
    const { hold, end } = next();
    const askedMs = performance.now();
    const result = await store.hold(hold);
    holdsMs.push(performance.now() - askedMs);
    if (result.kind !== "held") throw new Error(`a hold was ${result.kind}`);
    await store.end(end);
  }
  async function lanes(more: () => boolean): Promise<void> {
    const lane = async (): Promise<void> => {
      while (more()) await pair();
    };
    await Promise.all(Array.from({ length: of.concurrent }, lane));
  }
  let warm = of.concurrent === 1 ? WARM_PAIRS / 4 : WARM_PAIRS;
  await lanes(() => warm-- > 0);
  const warmPairs = holdsMs.splice(0).length;
  const cpu = process.cpuUsage();
  const beginMs = performance.now();
  await lanes(() => performance.now() < beginMs + of.seconds * 1_000);
  const seconds = (performance.now() - beginMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const pairs = holdsMs.length;
  const credits = await store.credits(party.accountId);
  const expected = next().hold.amount * BigInt(pairs + warmPairs);
  // Each settles 0.0004 USD below its ceiling: 80 tokens of text at 5 USD a million.
  const settled = expected - 400_000_000n * BigInt(pairs + warmPairs);
  if (credits?.held !== 0n || credits.settled !== settled) throw new Error("the sums are wrong");
  await store.close();
  rmSync(home, { recursive: true, force: true });
  holdsMs.sort((left, right) => left - right);
  return {
    pairsPerSecond: pairs / seconds,
    p50Ms: holdsMs[Math.floor(pairs * 0.5)] ?? 0,
    p99Ms: holdsMs[Math.floor(pairs * 0.99)] ?? 0,
    cpuMicrosPerPair: (user + system) / pairs,
  };
}

function line(name: string, concurrent: number, figures: Figures): string {
  const { pairsPerSecond, p50Ms, p99Ms, cpuMicrosPerPair } = figures;
  return [
    name.padEnd(18),
    String(concurrent).padStart(4),
    pairsPerSecond.toFixed(0).padStart(9),
    p50Ms.toFixed(2).padStart(11),
    p99Ms.toFixed(2).padStart(11),
    cpuMicrosPerPair.toFixed(0).padStart(9),
  ].join(" ");
}

async function compare(seconds: number): Promise<void> {
  console.log(`Node ${process.version}, ${seconds} s a line, SQLite, synchronous=FULL`);
  console.log("store              at once  pairs/s  hold p50 ms hold p99 ms CPU us/pair");
  for (const concurrent of [1, 16, 64]) {
    const rates: number[] = [];
    for (const [name, open] of Object.entries(openers)) {
      const figures = await measure(open, { concurrent, seconds });
      rates.push(figures.pairsPerSecond);
      console.log(line(name, concurrent, figures));
    }
    const [grouped = 0, plain = 1] = rates;
    console.log(`  grouped is ${(grouped / plain).toFixed(1)} times the plain one`);
  }
  console.log(await countSyncs());
  console.log(await shareOfTime(seconds));
}

const [first, concurrent, seconds] = process.argv.slice(2);
if (first === "--only") {
  const of = { concurrent: Number(concurrent), seconds: Number(seconds) };
  const figures = await measure(openers.grouped, of);
  console.log(
    JSON.stringify({ ...figures, pairs: Math.round(figures.pairsPerSecond * of.seconds) }),
  );
} else {
  await compare(Number(first ?? 4));
}
