import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";
import type { Ledger } from "../../src/ledger/port.ts";
import { recover } from "../../src/ledger/recovery.ts";
import { spoolFolder } from "../../src/ledger/spool.ts";
import { newParty, type Party, usd } from "../ledger/fixtures.ts";
import { newHome } from "../ledger/new-home.ts";

const ROUNDS = process.env["SOAK"] === "1" ? 200 : 8;
/** Later rounds begin on what earlier ones left; a fresh home now and then keeps a soak linear. */
const ROUNDS_A_HOME = 20;
/** A round is killed after this many acknowledgements at most. */
const ACKNOWLEDGED_MAX = 1_200;

/** What the child was told is durable. */
type Told = {
  readonly held: Set<string>;
  readonly ended: Map<string, { kind: string; sequence: number; hash: string }>;
  readonly spooled: Map<string, string>;
};

/** Lets a child work until it has said so many lines, kills it, and returns every line that came out. */
async function workAndKill(of: {
  readonly home: string;
  readonly party: Party;
  readonly round: string;
  readonly lines: number;
}): Promise<Told> {
  const script = path.join(import.meta.dirname, "ledger-child.ts");
  const { home, party, round } = of;
  const child = spawn(process.execPath, [script, home, party.accountId, party.keyId, round], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const told: Told = { held: new Set(), ended: new Map(), spooled: new Map() };
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    seen += 1;
    note(told, line);
    if (seen === of.lines) child.kill("SIGKILL");
  }
  const [, signal] = await gone;
  if (signal !== "SIGKILL") throw new Error(`the child ended by itself after ${seen} lines`);
  return told;
}

function note(told: Told, line: string): void {
  const [what, id = "", kind = "", sequence = "", hash = ""] = line.split(" ");
  if (what === "held") told.held.add(id);
  else if (what === "spooled") told.spooled.set(id, kind);
  // The last line may have been cut by the kill: without a whole hash it told nobody anything.
  else if (what === "ended" && hash.length === 64) {
    told.ended.set(id, { kind, sequence: Number(sequence), hash });
  } else if (what !== "ended") throw new Error(`unexpected line: ${line}`);
}

/** Everything that was acknowledged is there, as it was acknowledged. */
async function expectKept(ledger: Ledger, told: Told): Promise<void> {
  const calls = await Promise.all([...told.held].map((id) => ledger.call(id)));
  const missing = [...told.held].filter((_, index) => calls[index] === undefined);
  expect(missing).toEqual([]);
  const found = new Map(calls.map((call) => [call?.hold.id, call?.ending]));
  for (const [id, { kind, sequence, hash }] of told.ended) {
    const ending = found.get(id);
    expect({ id, kind: ending?.kind, chain: ending?.chain }).toEqual({
      id,
      kind,
      chain: { sequence, hash },
    });
  }
  for (const [id, kind] of told.spooled) {
    const ending = found.get(id);
    expect({ id, kind: ending?.kind }).toEqual({ id, kind });
    expect(ending).not.toMatchObject({ outcome: "recovered" });
  }
}

/** A home with one account that never runs dry. */
async function start(): Promise<{ readonly home: string; readonly party: Party }> {
  const home = newHome();
  const ledger = await openLedger({ home, world: "sandbox" });
  const party = await newParty(ledger, { fund: "999999" });
  const house = { exposureHour: usd("900000") };
  await ledger.changeNode({ nodeId: party.accountId, settings: { house }, actor: "test" });
  await ledger.close();
  return { home, party };
}

it(`kill -9 at any moment: nothing acknowledged is lost, nothing is there twice (${ROUNDS} rounds)`, async () => {
  const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000_000);
  console.log(`CRASH_SEED=${seed}`);
  const moments = fc.sample(fc.integer({ min: 1, max: ACKNOWLEDGED_MAX }), {
    seed,
    numRuns: ROUNDS,
  });
  let started = await start();
  let holds = 0;
  for (const [index, lines] of moments.entries()) {
    if (index > 0 && index % ROUNDS_A_HOME === 0) {
      started = await start();
      holds = 0;
    }
    const { home, party } = started;
    const told = await workAndKill({ home, party, round: `r${index}`, lines });
    const lock = await takeOwnerLock({ home, waitMs: 0 });
    const ledger = await openLedger({ home, world: "sandbox" });
    const { problems } = await recover({
      ledger,
      spoolFolder: spoolFolder(home),
      resumeTask: () => Promise.resolve("unknown"),
    });
    expect(problems).toEqual([]);
    await expectKept(ledger, told);
    expect(await ledger.openHolds()).toEqual([]);
    await ledger.close();
    lock.release();
    const file = ledgerFile(home, "sandbox");
    // Checkpoints are written all the while: whatever moment was hit, they are of one piece with the rest.
    expect(await verify({ file, incremental: true })).toMatchObject({ ok: true });
    const result = await verify({ file });
    expect(result).toMatchObject({ ok: true, holds_open: 0, first_discrepancy: null });
    expect(result.receipts).toBeGreaterThanOrEqual(holds + told.held.size);
    holds = result.receipts;
  }
});
