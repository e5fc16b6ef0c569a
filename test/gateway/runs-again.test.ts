import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { FLAT, rows, runClient } from "./run-client.ts";
import { type Sandbox, startSandbox, until } from "./sandbox.ts";

/** A run outlives its gateway, and what its owner takes away from it meanwhile. */

let home: string;
let gateway: Sandbox | undefined;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
});
afterEach(() => gateway?.close());
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function start(settings: object = {}) {
  const file = join(home, "spotmeter.yaml");
  writeFileSync(file, JSON.stringify(settings));
  const environment = {
    SPOTMETER_CONFIG: file,
    SPOTMETER_MODE: "sandbox",
    SHOP_KEY: "a key of the emulator's",
  };
  gateway = await startSandbox({ home, environment });
  return { sandbox: gateway, ...runClient({ url: gateway.gateway.url, apiKey: gateway.apiKey }) };
}

async function close(): Promise<void> {
  await gateway?.close();
  gateway = undefined;
}

it("closed in the middle it goes on at the next start, stops where its connection is gone, and loses nothing", async () => {
  const first = await start();
  const slow = rows(3, FLAT, { emulate: "slow=200" });
  const settings = { concurrency: 1 };
  const { id } = (await first.post("", { rows: slow, settings, start: true })).body;
  await until(async () => (await first.sandbox.calls()).length === 1);
  // What was sent is waited for, and nothing more is sent.
  await close();
  const shop = { id: "shop", vendor: "byteplus", key: "env SHOP_KEY" };
  const second = await start({ connections: [{ ...shop, accounts: [`acct_${"0".repeat(26)}`] }] });
  // The gateway takes the run up by itself.
  await until(async () => (await second.get(`/${id}`)).body.state === "stopped");
  const { run } = await second.follow(id);
  expect(run).toMatchObject({ settled: "0.03", held: "0", counts: { done: 1, waiting: 2 } });
  expect(run.stopped).toMatchObject({ reason: "connection", row: "r2" });
  expect(run.stopped.message).toContain("no connection to byteplus is open to this account");
  await close();
  const third = await start();
  expect((await third.get(`/${id}`)).body.state).toBe("stopped");
  await third.post(`/${id}/start`);
  const ended = await third.follow(id);
  expect(ended.run).toMatchObject({ state: "ended", settled: "0.09", counts: { done: 3 } });
  const picture = await third.picture(id, "r1");
  expect(picture.length).toBe(ended.rows.get("r1").images[0].bytes);
});
