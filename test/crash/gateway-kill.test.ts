import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { verify } from "../../src/audit/verify.ts";
import { type ChildGateway, startChild } from "../gateway/child-gateway.ts";
import { baseUrls } from "../gateway/replay-vendor.ts";
import { askerOf, MUG, until } from "../gateway/sandbox.ts";

/** kill -9 of the gateway with calls in flight: who paid what is known all the same, once it is back. */

const ROUNDS = process.env["SOAK"] === "1" ? 100 : 6;
const CLIENTS = 16;
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

const ORDERS = [
  { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" },
  { model: "gemini-3-pro-image", prompt: MUG },
  { model: "qwen-image-2.0", prompt: MUG, size: "1024x1024" },
  { model: "wan2.2-t2i-flash", prompt: MUG },
  { model: "seedream-4-0", prompt: MUG },
] as const;
// No cut: every poll of such a task is cut again, and a start waits 15 minutes for it (MONEY §6).
const SWITCHES = [undefined, undefined, "slow=60", "slow=300", "no-usage", "moderation"] as const;

let home: string;
let emulator: RunningEmulator;
let gateway: ChildGateway;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
});
afterEach(async () => {
  await gateway.kill("SIGKILL");
  await emulator.close();
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<ReturnType<typeof askerOf>> {
  gateway = await startChild({ home, environment: baseUrls(emulator.url) });
  return askerOf(gateway, emulator.url);
}

function audit() {
  return verify({ file: join(home, "sandbox.sqlite") });
}

/** What clients know for certain: receipts of which a head came, and those whose answer came whole. */
type Seen = { readonly heads: Set<string>; readonly whole: Map<string, string> };

describe("after kill -9 and a restart", () => {
  it(`no hold is open, and every whole 200 is settled once (seed ${SEED}, ${ROUNDS} rounds)`, async () => {
    console.log(`SEED=${SEED}`);
    const random = generator(SEED);
    emulator = await startEmulator({ latencyMs: 40, pictures: "small" });
    const seen: Seen = { heads: new Set(), whole: new Map() };
    let ask = await start();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const fresh: Seen = { heads: new Set(), whole: new Map() };
      const clients = Array.from({ length: CLIENTS }, () => keepAsking(ask, fresh, random));
      await new Promise((resolve) => setTimeout(resolve, 30 + random() * 700));
      await gateway.kill("SIGKILL");
      await Promise.all(clients);
      ask = await start();
      await expectSettled(ask, fresh);
      for (const id of fresh.heads) seen.heads.add(id);
      for (const [id, total] of fresh.whole) seen.whole.set(id, total);
    }
    // And none of them changed in a later crash.
    await expectSettled(ask, seen);
    const { settled } = (await ask.get("/v1/credits")).body;
    expect(picoUsd(settled)).toBeGreaterThanOrEqual(sum(seen.whole.values()));
    const verified = await audit();
    console.log(`${seen.whole.size} whole answers, ${seen.heads.size} heads; verify`, verified);
    expect(verified).toMatchObject({ ok: true, holds_open: 0, first_discrepancy: null });
    expect(verified.receipts).toBeGreaterThanOrEqual(seen.heads.size);
    expect(seen.whole.size).toBeGreaterThan(0);
  });

  it("a call whose vendor hung is voided and exposed at its ceiling", async () => {
    emulator = await startEmulator({ latencyMs: 0, pictures: "small" });
    let ask = await start();
    const lost = ask.generate(ORDERS[0], "hang").catch(() => "lost");
    const id = await openHold(ask, () => true);
    await until(async () => (await ask.calls()).length === 1);
    await gateway.kill("SIGKILL");
    expect(await lost).toBe("lost");
    ask = await start();
    expect((await ask.admin("GET", "/holds")).body.data).toEqual([]);
    expect((await ask.admin("GET", `/receipts/${id}`)).body).toMatchObject({
      status: "voided",
      total: "0",
      ceiling: "0.006305",
      released: "0.006305",
      exposure: { amount: "0.006305", reason: "recovered" },
    });
    expect(await ask.calls()).toHaveLength(1);
    expect(await audit()).toMatchObject({ ok: true, receipts: 1, holds_open: 0 });
  });

  it.each([
    { emulate: undefined, code: "outcome_unknown", cost: { total: "0.025" } },
    { emulate: "failed", code: "vendor_failed", cost: null },
  ])(
    "a task in flight is asked for, and never charged ($code)",
    async ({ emulate, code, cost }) => {
      emulator = await startEmulator({ latencyMs: 1_200, pictures: "small" });
      let ask = await start();
      const lost = ask.generate(ORDERS[3], emulate).catch(() => "lost");
      const id = await openHold(ask, (hold) => hold.task_id !== null);
      await gateway.kill("SIGKILL");
      expect(await lost).toBe("lost");
      ask = await start();
      expect((await ask.admin("GET", "/holds")).body.data).toEqual([]);
      const { body: receipt } = await ask.admin("GET", `/receipts/${id}`);
      expect(receipt).toMatchObject({ status: "voided", total: "0", code, exposure: null });
      expect(receipt.flags).toEqual(["recovered_task"]);
      if (cost === null) expect(receipt.vendor_cost).toBeNull();
      else expect(receipt.vendor_cost).toMatchObject(cost);
      expect(await ask.calls()).toHaveLength(1);
      const verified = await audit();
      expect(verified.first_discrepancy).toBeNull();
      expect(verified).toMatchObject({ ok: true, receipts: 1, holds_open: 0 });
    },
  );
});

/** Orders one after the other until the gateway is gone. */
async function keepAsking(
  ask: ReturnType<typeof askerOf>,
  seen: Seen,
  random: () => number,
): Promise<void> {
  for (;;) {
    const order = pick(ORDERS, random);
    try {
      const answer = await ask.generate(order, pick(SWITCHES, random));
      const id = answer.headers.get("x-receipt-id");
      if (id !== null) seen.heads.add(id);
      if (answer.status === 200 && id !== null) {
        seen.whole.set(id, answer.body.usage.cost_details.total);
      }
    } catch {
      return; // killed
    }
  }
}

async function expectSettled(ask: ReturnType<typeof askerOf>, seen: Seen): Promise<void> {
  expect((await ask.admin("GET", "/holds")).body.data).toEqual([]);
  expect((await ask.get("/v1/credits")).body.held).toBe("0");
  for (const id of seen.heads) {
    const { body } = await ask.get(`/v1/receipts/${id}`);
    const total = seen.whole.get(id);
    if (total === undefined) expect(body).toMatchObject({ id, status: "voided", total: "0" });
    else expect(body).toMatchObject({ id, status: "settled", total });
  }
}

type Hold = { readonly id: string; readonly task_id: string | null };

/** The id of the open hold, once there is one that fits. */
async function openHold(
  ask: ReturnType<typeof askerOf>,
  fits: (hold: Hold) => boolean,
): Promise<string> {
  let found: Hold | undefined;
  await until(async () => {
    const { data } = (await ask.admin("GET", "/holds")).body as { data: Hold[] };
    found = data.find(fits);
    return found !== undefined;
  });
  return found?.id ?? "";
}

/** A decimal string in units of 10^-12 USD. */
function picoUsd(text: string): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(12, "0"));
}

function sum(totals: Iterable<string>): bigint {
  return [...totals].reduce((total, each) => total + picoUsd(each), 0n);
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** Mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
