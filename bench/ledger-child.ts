import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Runs one line of the bench in a child that is watched: by strace, or by the CPU profiler. */

const run = promisify(execFile);
const BENCH = fileURLToPath(new URL("ledger.ts", import.meta.url));

/** Counts the syncs of lone calls: each hold and each settlement must cause at least one. */
export async function countSyncs(): Promise<string> {
  const trace = ["-f", "-c", "-e", "trace=fsync,fdatasync"];
  try {
    const { stdout, stderr } = await run("strace", [
      ...trace,
      process.execPath,
      BENCH,
      ...["--only", "sqlite", "1", "1"],
    ]);
    const { pairs } = JSON.parse(stdout);
    // Columns of a line: share, seconds, microseconds a call, calls, perhaps errors, name.
    const rows = stderr.split("\n").map((row) => row.trim().split(/ +/));
    const syncs = rows
      .filter((row) => row.at(-1) === "fsync" || row.at(-1) === "fdatasync")
      .reduce((sum, row) => sum + Number(row[3]), 0);
    return `syncs, by strace: ${syncs} in a run of ${pairs + 500} lone pairs, two commits each`;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return `syncs not counted: ${reason}`;
  }
}

type Profile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

/** What is watched in a store: the thread that does its work, known by what only that one does. */
const watched = {
  sqlite: { thread: "the file's thread", mark: "commit and its sync" },
  postgres: { thread: "the gateway's thread", mark: "the driver" },
} as const;

/** Where the time of a store's thread goes at 64 at once, by self time; native work counts to its caller. */
export async function shareOfTime(store: keyof typeof watched, seconds: number): Promise<string> {
  const { thread, mark } = watched[store];
  const folder = mkdtempSync(path.join(tmpdir(), "spotmeter-profile-"));
  const profiler = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
  await run(process.execPath, [...profiler, BENCH, "--only", store, "64", String(seconds)]);
  const profiles = readdirSync(folder).map((name): Profile => {
    return JSON.parse(readFileSync(path.join(folder, name), "utf8"));
  });
  rmSync(folder, { recursive: true, force: true });
  const ofStore = profiles.map(sharesIn).filter((shares) => shares.has(mark));
  // The thread that made the tree of accounts did the same, but hardly anything.
  const times = ofStore.map((shares) => [...shares.values()].reduce((sum, time) => sum + time, 0));
  const shares = ofStore[times.indexOf(Math.max(...times))] ?? new Map();
  const total = Math.max(...times);
  const lines = [...shares]
    .sort(([, left], [, right]) => right - left)
    .map(([name, time]) => `  ${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`);
  return [`${store}: where the time of ${thread} goes, 64 at once:`, ...lines].join("\n");
}

function sharesIn(profile: Profile): Map<string, number> {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const shares = new Map<string, number>();
  for (const [index, sample] of profile.samples.entries()) {
    const name = names.get(sample) ?? "other";
    shares.set(name, (shares.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
  return shares;
}

/** Of a function by its name, else of a file by the end of its path; the first that fits. */
const functionNames = new Map([
  ["(idle)", "waiting"],
  ["(garbage collector)", "garbage collection"],
  ["postMessage", "messages between threads"],
  ["inTransaction", "commit and its sync"],
  ["once", "statements that write"],
  ["hash", "hashes of the chain"],
]);

const fileNames: readonly (readonly [RegExp, string])[] = [
  [/worker_threads$/, "messages between threads"],
  [/\/node_modules\/pg/, "the driver"],
  [/^node:(net|events|internal\/(stream|streams))/, "sockets"],
  [/\/ledger\/sqlite\/load\.ts$/, "statements that read"],
  [/\/ledger\/chain\.ts$/, "hashes of the chain"],
  [/\/ledger\/(canonical-text|entry-texts|journal|draft)\.ts$/, "entries and their texts"],
  [/\/ledger\/engine\/|\/ledger\/limits\.ts$/, "limits, counters, decisions"],
  [/\/ledger\/(sql|sqlite|postgres)\//, "rows to and fro"],
  [/\/(src|bench)\//, "the rest of ours, the bench included"],
];

function nameOf({ functionName, url }: Profile["nodes"][number]["callFrame"]): string {
  const ofFile = fileNames.find(([pattern]) => pattern.test(url));
  return functionNames.get(functionName) ?? ofFile?.[1] ?? "other";
}
