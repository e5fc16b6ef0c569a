import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rows, runClient } from "./run-client.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";

/** Where a run's pictures find room, and where they go when nothing is kept. */

let folder: string;
let sandbox: Sandbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spotmeter-shop-"));
  const settings = join(folder, "spotmeter.yaml");
  writeFileSync(settings, "outputs:\n  store: kept\n");
  // One byte more than a run must find free.
  const bytesMax = String(256 * 1024 ** 2 + 1);
  sandbox = await startSandbox({
    environment: { SPOTMETER_CONFIG: settings, SPOTMETER_RESULTS_BYTES_MAX: bytesMax },
  });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

async function shop(of: object) {
  const { body: account } = await sandbox.admin("POST", "/accounts", { name: "shop", ...of });
  const { body } = await sandbox.admin("POST", "/keys", { account_id: account.id, name: "k" });
  return runClient({ url: sandbox.gateway.url, apiKey: body.key });
}

describe("room for pictures", () => {
  it("is looked for before each call: a run stops rather than lose a picture", async () => {
    const client = await shop({});
    const settings = { concurrency: 1 };
    const made = await client.post("", { rows: rows(3), settings, start: true });
    const { run } = await client.follow(made.body.id);
    expect(run).toMatchObject({ state: "stopped", stopped: { reason: "disk", row: null } });
    // The first picture took the room that was there.
    expect(run.counts).toMatchObject({ done: 1, waiting: 2 });
  });
});

describe("an account that keeps nothing", () => {
  it("has its runs' pictures put to the owner's outputs, under run and row, and nowhere else", async () => {
    const client = await shop({ retain: "none" });
    const settings = { out: `${join(folder, "kept")}/spring` };
    const all = [...rows(1), { ...rows(2)[1], id: "über/2" }];
    const made = await client.post("", { rows: all, settings, start: true });
    const { id } = made.body;
    const { run } = await client.follow(id);
    expect(run).toMatchObject({ state: "ended", counts: { done: 2 } });
    const files = readdirSync(join(folder, "kept", "spring", id)).filter(
      (name) => !name.endsWith(".json"),
    );
    // Of the second one's SHA-256, so that no other row has its name.
    expect(files).toEqual(["_ber_2-e2dc969a-0.jpg", "r1-0.jpg"]);
    const picture = JSON.parse((await client.picture(id, "r1")).toString());
    expect(picture.error.code).toBe("not_found");
  });
});
