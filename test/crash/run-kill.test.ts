import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { verify } from "../../src/audit/verify.ts";
import { parseUsd, timesUsd } from "../../src/money/pico-usd.ts";
import { type ChildGateway, startChild } from "../gateway/child-gateway.ts";
import { baseUrls } from "../gateway/replay-vendor.ts";
import { FLAT, rows, runClient } from "../gateway/run-client.ts";
import { askerOf, until } from "../gateway/sandbox.ts";

/** kill -9 of the gateway in the middle of a run: it goes on at the next start, and no row is paid twice. */

const ROWS = 16;
const KILLS = 1;

let home: string;
let emulator: RunningEmulator;
let gateway: ChildGateway;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  emulator = await startEmulator({ latencyMs: 0, pictures: "small" });
});
afterEach(async () => {
  await gateway.kill("SIGKILL");
  await emulator.close();
  rmSync(home, { recursive: true, force: true });
});

async function start() {
  gateway = await startChild({ home, environment: baseUrls(emulator.url) });
  return { asker: askerOf(gateway, emulator.url), ...runClient(gateway) };
}

it(`${KILLS} kill: every row has one end, each call that settled is one row's, and the cap holds`, async () => {
  let ask = await start();
  const slow = rows(ROWS, FLAT, { emulate: "slow=40" });
  // 0.03 a row: done or exposed, all of them fit exactly.
  const settings = { max_cost: "0.48", concurrency: 4 };
  const { id } = (await ask.post("", { rows: slow, settings, start: true })).body;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const enough = async () => (await ask.asker.calls()).length >= kill * 6;
    await until(enough);
    await gateway.kill("SIGKILL");
    ask = await start();
  }
  const { run, rows: ended } = await ask.follow(id);
  expect(run).toMatchObject({ state: "ended", stopped: null, held: "0" });
  const { done, unknown, waiting, running } = run.counts;
  expect([done + unknown, waiting, running]).toEqual([ROWS, 0, 0]);
  expect(unknown).toBeLessThanOrEqual(KILLS * settings.concurrency);
  const price = parseUsd("0.03");
  expect(parseUsd(run.settled)).toBe(timesUsd(price, BigInt(done)));
  expect(parseUsd(run.exposure)).toBe(timesUsd(price, BigInt(unknown)));
  const receipts = [...ended.values()].map(({ receipt_id: receipt }) => receipt);
  expect(new Set(receipts).size).toBe(ROWS);
  for (const row of ended.values()) {
    const pictures = row.state === "done" ? 1 : 0;
    expect(row.images).toHaveLength(pictures);
    if (pictures > 0) expect((await ask.picture(id, row.id)).length).toBe(row.images[0].bytes);
  }
  const { body: credits } = await ask.asker.get("/v1/credits");
  expect([credits.settled, credits.held]).toEqual([run.settled, "0"]);
  expect(await verify({ file: join(home, "sandbox.sqlite") })).toMatchObject({
    ok: true,
    holds_open: 0,
  });
});
