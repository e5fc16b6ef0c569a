import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { openLedger } from "../src/ledger/open.ts";
import type { Ledger } from "../src/ledger/port.ts";
import { startPostgres } from "../test/postgres/server.ts";
import { openPlainLedger } from "./ledger-plain.ts";
import { openPlainPostgres } from "./ledger-plain-postgres.ts";
import { pairsOf, plantTree } from "./ledger-tree.ts";

/** One run of the ledger's bench: a store, so many calls at once, so many seconds. */

/** What the bench asks of a store. */
export type Store = Pick<Ledger, "hold" | "end" | "credits" | "close">;

/** Where a run keeps its ledger. */
type Place = { readonly home: string; readonly databaseUrl: string | undefined };

/** A ledger as shipped, or what it would be without groups; in either kind of store. */
type Kind = {
  readonly name: string;
  readonly needsPostgres: boolean;
  readonly open: (at: Place) => Promise<Store>;
};

const openShipped = ({ home, databaseUrl }: Place): Promise<Store> =>
  openLedger({ home, world: "sandbox", databaseUrl });

/** Each beside its plain version. */
export const kinds = {
  sqlite: { name: "SQLite, grouped", needsPostgres: false, open: openShipped },
  "sqlite-plain": {
    name: "SQLite, one commit a call",
    needsPostgres: false,
    open: ({ home }) => openPlainLedger(home),
  },
  postgres: { name: "PostgreSQL, grouped", needsPostgres: true, open: openShipped },
  "postgres-plain": {
    name: "PostgreSQL, one commit a call",
    needsPostgres: true,
    open: ({ databaseUrl = "" }) => openPlainPostgres(databaseUrl),
  },
} as const satisfies { readonly [name: string]: Kind };

export type KindName = keyof typeof kinds;

export function isKind(name: string): name is KindName {
  return Object.hasOwn(kinds, name);
}

export type Figures = {
  readonly pairs: number;
  readonly pairsPerSecond: number;
  /** Of the hold. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of every thread of this process; a database server's own isn't among it. */
  readonly cpuMicrosPerPair: number;
};

/** Compiled and cached before anything is timed. */
const WARM_PAIRS = 2_000;

/** Runs one kind on a ledger of its own, which goes away. @throws Error when its sums are wrong in the end. */
export async function measure(
  kind: KindName,
  of: { readonly concurrent: number; readonly seconds: number },
): Promise<Figures> {
  const { needsPostgres, open } = kinds[kind];
  const postgres = needsPostgres ? await startPostgres() : undefined;
  const home = mkdtempSync(path.join(tmpdir(), "spotmeter-bench-"));
  try {
    const place = { home, databaseUrl: await postgres?.createDatabase() };
    const first = await openLedger({ ...place, world: "sandbox" });
    const party = await plantTree(first);
    await first.close();
    const store = await open(place);
    const figures = await drive(store, pairsOf(party), of);
    await assertSums(store, party.accountId, { ...figures, ...pairsOf(party)() });
    await store.close();
    return figures;
  } finally {
    rmSync(home, { recursive: true, force: true });
    await postgres?.stop();
  }
}

async function drive(
  store: Store,
  next: ReturnType<typeof pairsOf>,
  { concurrent, seconds }: { readonly concurrent: number; readonly seconds: number },
): Promise<Figures & { readonly warmPairs: number }> {
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
    await Promise.all(Array.from({ length: concurrent }, lane));
  }
  let warm = concurrent === 1 ? WARM_PAIRS / 4 : WARM_PAIRS;
  await lanes(() => warm-- > 0);
  const warmPairs = holdsMs.splice(0).length;
  const cpu = process.cpuUsage();
  const beginMs = performance.now();
  await lanes(() => performance.now() < beginMs + seconds * 1_000);
  const took = (performance.now() - beginMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const pairs = holdsMs.length;
  holdsMs.sort((left, right) => left - right);
  return {
    pairs,
    warmPairs,
    pairsPerSecond: pairs / took,
    p50Ms: holdsMs[Math.floor(pairs * 0.5)] ?? 0,
    p99Ms: holdsMs[Math.floor(pairs * 0.99)] ?? 0,
    cpuMicrosPerPair: (user + system) / pairs,
  };
}

/** Every pair settles 0.0004 USD below its ceiling: 80 tokens of text at 5 USD a million. */
const RELEASED = 400_000_000n;

async function assertSums(
  store: Store,
  accountId: string,
  of: { readonly pairs: number; readonly warmPairs: number; readonly hold: { amount: bigint } },
): Promise<void> {
  const credits = await store.credits(accountId);
  const settled = (of.hold.amount - RELEASED) * BigInt(of.pairs + of.warmPairs);
  if (credits?.held !== 0n || credits.settled !== settled) throw new Error("the sums are wrong");
}
