import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pico, readJournal, readList, readManifest, usd } from "./run-catalog-audit.ts";
import {
  countingVendor,
  environmentOf,
  finished,
  PeakMemory,
  type Running,
  start,
  startServer,
} from "./run-catalog-world.ts";

/**
 * The demonstration of `spotmeter run`: a catalog in the sandbox through moderation, unknown outcomes, 429s and three
 * `kill -9`, then the same file with another brand prompt in a part of its rows, then a cap that is too small. What came
 * of it is worked out anew from the journal and the files, and the process fails where anything differs:
 * `node bench/run-catalog.ts [ROWS] [SEED]`.
 */

const ROWS = Number(process.argv[2] ?? 10_000);
const SEED = Number(process.argv[3] ?? Date.now() % 100_000);
const FLAGS = ["--model=gpt-image-2", "--quality=low", "--size=1024x1024"];
const CONCURRENCY = "--concurrency=32";
const BRANDS = {
  before:
    "Calm, matte and true to colour, on a seamless white background, soft even light from the left.",
  after:
    "Calm, matte and true to colour, on a seamless warm grey background, soft even light from the right.",
};
/** Every so many rows are of the brand whose prompt changes. */
const BRAND_EVERY = 8;

const home = mkdtempSync(join(tmpdir(), "spotmeter-run-"));
const out = join(home, "pictures");
const file = join(home, "catalog.csv");
const memory = { gateway: new PeakMemory(), cli: new PeakMemory() };
const failures: string[] = [];
const emulator = await startServer(["emulate", "--port=0"], environmentOf(home));
const vendor = await countingVendor(emulator.url);
let port = "0";
let gateway = await startGateway();

/** A small generator of its own, so that a seed tells which rows fail and when processes die. */
let random = SEED;
function tossed(below: number): number {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  return random % below;
}

function check(what: string, holds: boolean, told = ""): void {
  console.log(`${holds ? "ok  " : "FAIL"}  ${what}${told === "" ? "" : `: ${told}`}`);
  if (!holds) failures.push(what);
}

/** 2 % moderated, 1 % unknown, 1 % told 429 once. */
function writeCatalog(rows: number, brand: string): void {
  const lines = Array.from({ length: rows }, (_, place) => {
    const fault = faults[place] ?? "";
    const busy = fault === "busy" ? " (busy once)" : "";
    const emulate = fault === "busy" ? "" : fault;
    const own = place % BRAND_EVERY === 0 ? brand : BRANDS.before;
    return `item-${place},Ceramic mug no. ${place}${busy},"${own}",${emulate}`;
  });
  writeFileSync(file, `id,name,brand,x-emulate\n${lines.join("\n")}\n`);
}

const faults = Array.from({ length: ROWS }, () => {
  const toss = tossed(100);
  return toss < 2 ? "moderation" : toss === 2 ? "cut" : toss === 3 ? "busy" : "";
});

async function startGateway(): Promise<Running & { readonly url: string }> {
  const started = await startServer(["serve", `--port=${port}`], env());
  port = new URL(started.url).port;
  return started;
}

function env(): Record<string, string> {
  return environmentOf(home, { OPENAI_BASE_URL: `${vendor.url}/v1` });
}

const PROMPT = "--prompt=Studio photo of {name}. {brand} [{id}]{name}";

function cli(...args: string[]) {
  const child = start(args, env());
  return { child, done: finished(child) };
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the command prints as JSON
async function json(...args: string[]): Promise<any> {
  const { stdout, stderr } = await cli(...args, "--json").done;
  if (stdout === "") throw new Error(`${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}

/** How many rows have an end now. */
async function ended(run: string): Promise<number> {
  const { counts } = await api(`/v1/runs/${run}`);
  const { waiting: _, running: __, ...ends } = counts as Record<string, number>;
  return Object.values(ends).reduce((sum, rows) => sum + rows, 0);
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function api(path: string): Promise<any> {
  const { apiKey } = JSON.parse(readFileSync(join(home, "sandbox.json"), "utf8"));
  const answer = await fetch(`${gateway.url}${path}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  return await answer.json();
}

/** Runs the catalog while processes die: the gateway, then the command line, then both at once. */
async function runThroughKills(run: string, cap: string) {
  const victims = [["gateway"], ["cli"], ["gateway", "cli"]] as const;
  const moments = [10, 40, 70].map((from) => Math.floor((ROWS * (from + tossed(20))) / 100));
  let following = cli(
    "run",
    file,
    `--out=${out}`,
    PROMPT,
    ...FLAGS,
    `--run=${run}`,
    `--max-cost=${cap}`,
    CONCURRENCY,
    "--yes",
    "--json",
  );
  const startMs = performance.now();
  for (const [place, moment] of moments.entries()) {
    const reached = await waitFor(run, moment, following.child.pid);
    const names = victims[place] ?? [];
    for (const name of names) {
      const { child } = name === "gateway" ? gateway : following;
      child.kill("SIGKILL");
    }
    console.log(`      kill -9 of ${names.join(" and ")} at ${reached} rows`);
    if (names.some((name) => name === "gateway")) {
      // The system needs a moment to free the port and the lock of a process that was killed.
      await sleep(200);
      gateway = await startGateway();
    }
    if (names.some((name) => name === "cli")) {
      await following.done;
      following = cli("run", "resume", out, "--json");
    }
  }
  await waitFor(run, ROWS, following.child.pid);
  const { stdout, stderr, code } = await following.done;
  const minutes = (performance.now() - startMs) / 60_000;
  if (stdout === "") throw new Error(`the last follower said: ${code} ${stderr}`);
  return { told: JSON.parse(stdout), minutes };
}

async function waitFor(run: string, rows: number, pid: number | undefined): Promise<number> {
  for (;;) {
    memory.gateway.look(gateway.pid);
    memory.cli.look(pid);
    const have = await ended(run).catch(() => 0);
    if (have >= rows) return have;
    await sleep(100);
  }
}

/** What the journal and the files say of a run, against what it told of itself. */
// biome-ignore lint/suspicious/noExplicitAny: the run as it was printed
function audit(told: any, cap: string): void {
  const journal = readJournal(join(home, "sandbox.sqlite"), told.id);
  const manifest = readManifest(out);
  const moderated = readList(join(out, "moderated.csv"));
  const failed = readList(join(out, "failures.csv"));
  const listed = [...manifest.ids, ...moderated.map(({ id }) => id), ...failed.map(({ id }) => id)];
  const states = new Map<string, number>();
  for (const { state } of failed) states.set(state, (states.get(state) ?? 0) + 1);
  const others = [...states].map(([state, count]) => `${count} ${state}`).join(", ");
  check(
    "one end state each",
    new Set(listed).size === ROWS && listed.length === ROWS,
    `${manifest.ids.length} done, ${moderated.length} moderated, ${others}`,
  );
  const calls = [...journal.rows.values()];
  check(
    "no row is charged twice",
    calls.every(({ charges }) => charges.length <= 1),
  );
  check(
    "no hold is open",
    calls.every(({ open }) => open === 0),
  );
  const twice = [...vendor.made.values()].filter((count) => count > 1).length;
  check("the vendor made no row twice", twice === 0, `${vendor.made.size} rows made by the vendor`);
  const charged = new Set(
    [...journal.rows].flatMap(([row, { charges }]) => (charges.length > 0 ? [row] : [])),
  );
  check(
    "manifest complete: every row that is charged has its picture, and no other",
    charged.size === manifest.ids.length && manifest.ids.every((id) => charged.has(id)),
  );
  check(
    "every file is what the manifest says",
    manifest.bad === 0 && manifest.files === manifest.ids.length,
  );
  check(
    "charges of the manifest = charges of the journal = the run's own",
    manifest.charged === journal.settled && pico(told.settled) === journal.settled,
    `${usd(journal.settled)} USD`,
  );
  check("exposures too", pico(told.exposure) === journal.exposed, `${usd(journal.exposed)} USD`);
  check(
    "cap never passed, after any entry",
    journal.peak <= pico(cap),
    `${usd(journal.peak)} of ${cap} USD`,
  );
}

async function demonstrate(): Promise<void> {
  console.log(`${ROWS} rows, seed ${SEED}; Node ${process.version}\n`);
  writeCatalog(ROWS, BRANDS.before);
  const plan = await json("plan", file, PROMPT, ...FLAGS);
  console.log(`      plan: expected ${plan.expected} USD, at most ${plan.ceiling} USD`);
  const cap = plan.ceiling as string;
  const { told, minutes } = await runThroughKills("run_catalog", cap);
  console.log(
    `      the run: ${JSON.stringify(told.counts)}, settled ${told.settled}, exposure ${told.exposure}`,
  );
  console.log(
    `      ${Math.round(ROWS / minutes)} rows a minute over ${minutes.toFixed(1)} minutes, kills and restarts included`,
  );
  console.log(
    `      peak memory: gateway ${mib(memory.gateway)} MiB, command line ${mib(memory.cli)} MiB`,
  );
  check("the run ended", told.state === "ended");
  audit(told, cap);
  const perRow = pico(plan.expected) / BigInt(ROWS);
  const done = BigInt(told.counts.done);
  check(
    "plan against run: what is done costs what was expected of it",
    pico(told.settled) <= pico(plan.expected) && pico(told.settled) >= perRow * done - pico("0.01"),
    `expected ${plan.expected}, settled ${told.settled} for ${done} of ${ROWS} rows`,
  );
  await changedPrompt(told);
  await smallCap();
  const verified = await json("verify");
  check("spotmeter verify", verified.ok === true, `${verified.entries} entries`);
}

/** Another brand prompt in every eighth row: those run again, and no others. */
// biome-ignore lint/suspicious/noExplicitAny: the run as it was printed
async function changedPrompt(before: any): Promise<void> {
  console.log("\n      another brand prompt in a part of the rows");
  const changed = Array.from({ length: ROWS }, (_, place) => place).filter(
    (place) => place % BRAND_EVERY === 0,
  );
  writeCatalog(ROWS, BRANDS.after);
  vendor.made.clear();
  const again = await json(
    "run",
    file,
    `--out=${out}`,
    PROMPT,
    ...FLAGS,
    "--max-cost=1000",
    CONCURRENCY,
    "--yes",
  );
  check(
    "it says what changed",
    again.changes.changed === changed.length && again.changes.unchanged === ROWS - changed.length,
    JSON.stringify(again.changes),
  );
  const ids = new Set(changed.map((place) => `item-${place}`));
  check(
    "only changed rows reached the vendor",
    [...vendor.made.keys()].every((id) => ids.has(id)),
    `${vendor.made.size} made of ${changed.length} changed`,
  );
  const journal = readJournal(join(home, "sandbox.sqlite"), again.id);
  const most = [...journal.rows].every(
    ([row, { charges }]) => charges.length <= (ids.has(row) ? 2 : 1),
  );
  check("a changed row is charged once more, no other again", most);
  const manifest = readManifest(out);
  check(
    "the manifest has every row that is done",
    manifest.ids.length === again.counts.done && manifest.bad === 0,
  );
  check(
    "money of what came before stays counted",
    pico(again.settled) === journal.settled && pico(again.settled) > pico(before.settled),
    `${before.settled} before, ${again.settled} now`,
  );
}

/** Rows that fit under a cap which the next one would pass by a picodollar. */
const FITTING = 100;

async function smallCap(): Promise<void> {
  console.log("\n      a cap that is too small");
  const small = join(home, "small.csv");
  const lines = Array.from({ length: 200 }, (_, place) => `item-${place},oak chair`);
  writeFileSync(small, `id,name\n${lines.join("\n")}\n`);
  const flags = ["--prompt=An oak chair [{id}]{name}", ...FLAGS];
  const plan = await json("plan", small, ...flags);
  const rows = plan.data as readonly { readonly expected: string; readonly ceiling: string }[];
  const next = pico(rows[FITTING]?.ceiling ?? "0");
  // One call at a time: what is settled is what was expected, and the next row needs its ceiling.
  const settled = rows.slice(0, FITTING).reduce((sum, { expected }) => sum + pico(expected), 0n);
  const cap = usd(settled + next - 1n);
  const asked = [`--out=${join(home, "small")}`, "--concurrency=1", `--max-cost=${cap}`, "--yes"];
  const { state, counts, stopped, ...told } = await json("run", small, ...flags, ...asked);
  const left = pico(cap) - pico(told.settled) - pico(told.held) - pico(told.exposure);
  check(
    "--max-cost stops before the row that would not fit, by one picodollar",
    state === "stopped" && counts.done === FITTING && left === next - 1n,
    `cap ${cap}, settled ${told.settled}, ${usd(left)} left, the next needs ${usd(next)}`,
  );
  console.log(`      ${stopped.message}`);
}

function mib({ kib }: PeakMemory): string {
  return (kib / 1_024).toFixed(0);
}

try {
  await demonstrate();
} finally {
  for (const { child } of [gateway, emulator]) {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  vendor.close();
  if (failures.length === 0) rmSync(home, { recursive: true, force: true });
}
console.log(
  failures.length === 0 ? "\nall of it holds" : `\n${failures.length} differ; kept: ${home}`,
);
process.exit(failures.length === 0 ? 0 : 1);
