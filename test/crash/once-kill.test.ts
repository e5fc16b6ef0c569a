import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { verify } from "../../src/audit/verify.ts";
import { type PicoUsd, parseUsd, sumUsd } from "../../src/money/pico-usd.ts";
import { type ChildGateway, startChild } from "../gateway/child-gateway.ts";
import { benchOf, codeOf, ORDER, receiptOf } from "../gateway/once-bench.ts";
import { expectRefusal, type RawAnswer, send } from "../gateway/raw-client.ts";
import { baseUrls } from "../gateway/replay-vendor.ts";
import { MUG, until } from "../gateway/sandbox.ts";

/** kill -9 of the gateway, and clients that repeat their orders under the same Idempotency-Key: once, and never twice. */

const ROUNDS = process.env["SOAK"] === "1" ? 60 : 5;
const CLIENTS = 12;
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const TASK = { model: "wan2.2-t2i-flash", prompt: MUG };
const ORDERS = [
  ORDER,
  { model: "gemini-2.5-flash-image", prompt: MUG },
  { model: "qwen-image-2.0", prompt: MUG, size: "1024x1024" },
  TASK,
  { model: "seedream-4-0", prompt: MUG },
] as const;
const SWITCHES = ["", "", "slow=60", "slow=200", "no-usage", "moderation"] as const;
const KEY = { "idempotency-key": "order-1" };

let home: string;
let emulator: RunningEmulator;
let gateway: ChildGateway;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
});
afterEach(async () => {
  await gateway.kill("SIGKILL");
  await emulator.close();
  rmSync(home, { recursive: true, force: true });
});

async function start() {
  gateway = await startChild({ home, environment: baseUrls(emulator.url) });
  return benchOf({
    first: gateway,
    second: gateway,
    emulatorUrl: emulator.url,
    results: join(home, "results"),
    close: async () => undefined,
  });
}

/** Orders at whatever gateway runs now, with the sandbox's own key unless another one is given. */
function order(
  headers: Readonly<Record<string, string>>,
  body: object = ORDER,
  key: string = gateway.apiKey,
): Promise<RawAnswer> {
  return send(gateway.url, {
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

async function expectSound(receipts: number): Promise<void> {
  const verified = await verify({ file: join(home, "sandbox.sqlite") });
  expect(verified.first_discrepancy).toBeNull();
  expect(verified).toMatchObject({ ok: true, receipts, holds_open: 0 });
}

describe("after kill -9 and a restart, the same Idempotency-Key", () => {
  it("finds the pictures that were made before, byte by byte", async () => {
    emulator = await startEmulator({ latencyMs: 0, pictures: "full" });
    await start();
    const first = await order(KEY);
    await gateway.kill("SIGKILL");
    const bench = await start();
    const again = await order(KEY);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.text === first.text).toBe(true);
    expect(first.text.length).toBeGreaterThan(500_000);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect(await bench.callCount()).toBe(1);
    expect((await bench.get("/v1/credits")).body.settled).toBe("0.005985");
    await expectSound(1);
  });

  it.each(["hang", "slow=20000"])(
    "of a call in flight (%s) finds that its outcome is unknown, and calls nobody",
    async (emulate) => {
      emulator = await startEmulator({ latencyMs: 0, pictures: "full" });
      let bench = await start();
      const lost = order({ ...KEY, "x-emulate": emulate }).catch(() => "lost");
      await until(async () => (await bench.callCount()) === 1);
      const [hold] = await bench.openHolds();
      await gateway.kill("SIGKILL");
      expect(await lost).toBe("lost");
      bench = await start();
      for (const again of [await order(KEY), await order(KEY)]) {
        expect(expectRefusal(again, "outcome_unknown")["receipt_id"]).toBe(hold?.id);
        expect(again.headers["idempotent-replayed"]).toBe("true");
      }
      expect(await bench.callCount()).toBe(1);
      expect((await bench.get("/v1/credits")).body.settled).toBe("0");
      await expectSound(1);
    },
  );

  it("of a task in flight finds its picture, charged once, by whoever asks", async () => {
    emulator = await startEmulator({ latencyMs: 1_200, pictures: "small" });
    let bench = await start();
    const lost = order(KEY, TASK).catch(() => "lost");
    await until(async () => (await bench.openHolds())[0]?.task_id != null);
    const [hold] = await bench.openHolds();
    await gateway.kill("SIGKILL");
    expect(await lost).toBe("lost");
    bench = await start();
    const again = await order(KEY, TASK);
    expect(again.status).toBe(200);
    const { data, usage } = JSON.parse(again.text);
    expect(Buffer.from(data[0].b64_json, "base64").toString("latin1", 1, 4)).toBe("PNG");
    expect(usage.cost_details).toMatchObject({
      total: "0.025",
      basis: "flat",
      receipt_id: hold?.id,
    });
    expect(again.headers["x-cost-usd"]).toBe("0.025");
    expect((await order(KEY, TASK)).text).toBe(again.text);
    expect((await bench.get(`/v1/receipts/${hold?.id}`)).body).toMatchObject({
      status: "settled",
      total: "0.025",
      flags: ["recovered_task"],
      images: [{ width: 1024, height: 1024, format: "png" }],
    });
    expect(await bench.callCount()).toBe(1);
    expect((await bench.get("/v1/credits")).body.settled).toBe("0.025");
    await expectSound(1);
  });

  it(`is charged once however often it is repeated (seed ${SEED}, ${ROUNDS} kills)`, async () => {
    console.log(`SEED=${SEED}`);
    const random = generator(SEED);
    emulator = await startEmulator({ latencyMs: 40, pictures: "small" });
    let bench = await start();
    const books: Books = { charged: new Map(), replays: 0, intents: 0, keys: [] };
    let isOver = false;
    // An account for each round: the house lets a root lose so much an hour only.
    books.keys.push((await bench.newShopper()).key);
    const clients = Array.from({ length: CLIENTS }, () => buy(books, random, () => isOver));
    for (let round = 0; round < ROUNDS; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100 + random() * 600));
      await gateway.kill("SIGKILL");
      bench = await start();
      books.keys.push((await bench.newShopper()).key);
    }
    isOver = true;
    await Promise.all(clients);
    const credits = await Promise.all(books.keys.map((key) => bench.get("/v1/credits", key)));
    expect(credits.map(({ body }) => body.held)).toEqual(books.keys.map(() => "0"));
    // Every charge was found by the key that it was made for: nothing was charged that nobody got.
    const settled = sumUsd(credits.map(({ body }) => parseUsd(body.settled)));
    expect(settled).toBe(sumUsd([...books.charged.values()]));
    console.log(
      `${books.intents} intents, ${books.charged.size} charged, ${books.replays} replays`,
    );
    expect(books.charged.size).toBeGreaterThan(0);
    expect(books.replays).toBeGreaterThan(0);
    const verified = await verify({ file: join(home, "sandbox.sqlite") });
    expect(verified).toMatchObject({ ok: true, holds_open: 0, first_discrepancy: null });
  });
});

type Books = {
  /** By receipt. */
  readonly charged: Map<string, PicoUsd>;
  /** API keys; orders are placed with the last. */
  readonly keys: string[];
  replays: number;
  intents: number;
};

/** Buys one picture after the other, each under a key of its own, and asks for each until it is answered. */
async function buy(books: Books, random: () => number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    books.intents += 1;
    const request = {
      headers: {
        "idempotency-key": `intent-${books.intents}`,
        "x-emulate": pick(SWITCHES, random),
      },
      body: pick(ORDERS, random),
      key: books.keys.at(-1) ?? "",
    };
    const answer = await askUntilAnswered(request);
    note(books, answer);
    if (answer.status !== 200 || random() < 0.5) continue;
    const again = await askUntilAnswered(request);
    expect(again.text).toBe(answer.text);
    note(books, again);
  }
}

function note(books: Books, answer: RawAnswer): void {
  if (answer.headers["idempotent-replayed"] === "true") books.replays += 1;
  if (answer.status !== 200) {
    expect(["moderation_blocked", "outcome_unknown"]).toContain(codeOf(answer));
    return;
  }
  const { total, receipt_id } = JSON.parse(answer.text).usage.cost_details;
  expect(receipt_id).toBe(receiptOf(answer));
  books.charged.set(receipt_id, parseUsd(total));
}

/** Repeats the very same request over crashes, starts and conflicts. */
async function askUntilAnswered(request: {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  readonly key: string;
}): Promise<RawAnswer> {
  for (;;) {
    try {
      const answer = await order(request.headers, request.body, request.key);
      if (answer.status !== 409 && answer.status !== 503) return answer;
    } catch {
      // killed, or not up again yet
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
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
