import { countSyncs, shareOfTime } from "./ledger-child.ts";
import { type Figures, isKind, type KindName, kinds, measure } from "./ledger-run.ts";

/**
 * Pairs of hold and settlement a second on one hot key, at the end of a path three accounts deep with
 * every limit set, in both stores. Prints figures, asserts nothing of them: `node bench/ledger.ts [SECONDS]`.
 *
 * PostgreSQL is `TEST_DATABASE_URL`, else a server of this machine that is started for the run.
 * One line alone, as JSON: `node bench/ledger.ts --only sqlite|sqlite-plain|postgres|postgres-plain AT_ONCE SECONDS`.
 */

/** Each ledger as shipped, and its plain version. */
const compared = [
  ["sqlite", "sqlite-plain"],
  ["postgres", "postgres-plain"],
] as const;

function line(kind: KindName, concurrent: number, figures: Figures): string {
  const { pairsPerSecond, p50Ms, p99Ms, cpuMicrosPerPair } = figures;
  return [
    kinds[kind].name.padEnd(29),
    String(concurrent).padStart(7),
    pairsPerSecond.toFixed(0).padStart(8),
    p50Ms.toFixed(2).padStart(12),
    p99Ms.toFixed(2).padStart(12),
    cpuMicrosPerPair.toFixed(0).padStart(12),
  ].join(" ");
}

async function compare(seconds: number): Promise<void> {
  console.log(`Node ${process.version}, ${seconds} s a line, every commit synced`);
  console.log(
    "store                         at once  pairs/s  hold p50 ms  hold p99 ms  CPU us/pair",
  );
  for (const [shipped, plain] of compared) {
    for (const concurrent of [1, 16, 64]) {
      const grouped = await measure(shipped, { concurrent, seconds });
      console.log(line(shipped, concurrent, grouped));
      const alone = await measure(plain, { concurrent, seconds });
      console.log(line(plain, concurrent, alone));
      const times = grouped.pairsPerSecond / alone.pairsPerSecond;
      console.log(`  grouped is ${times.toFixed(1)} times the plain one`);
    }
  }
  console.log(await countSyncs());
  for (const [shipped] of compared) console.log(await shareOfTime(shipped, seconds));
}

const [first, kind = "", concurrent, seconds] = process.argv.slice(2);
if (first === "--only") {
  if (!isKind(kind)) throw new Error(`no store ${kind}: ${Object.keys(kinds).join(", ")}`);
  const of = { concurrent: Number(concurrent), seconds: Number(seconds) };
  console.log(JSON.stringify(await measure(kind, of)));
} else {
  await compare(Number(first ?? 4));
}
