import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { type ChildGateway, startChild } from "../gateway/child-gateway.ts";
import { baseUrls } from "../gateway/replay-vendor.ts";
import { type Answered, askerOf, MUG, until } from "../gateway/sandbox.ts";
import { usePostgres } from "../postgres/use-postgres.ts";

/** Several gateway processes on one PostgreSQL: one ledger, whoever is asked. */

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
const CHARGE = "0.005985";
const FIVE_CEILINGS = "0.031525";

const postgres = usePostgres();
let emulator: RunningEmulator;
const homes: string[] = [];
const gateways: ChildGateway[] = [];
let databaseUrl = "";

beforeEach(async () => {
  emulator = await startEmulator({ latencyMs: 0, pictures: "small" });
  databaseUrl = await postgres().createDatabase();
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.kill("SIGKILL");
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
  await emulator.close();
});

async function start(
  home?: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ReturnType<typeof askerOf> & { readonly gateway: ChildGateway }> {
  const used = home ?? mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  if (home === undefined) homes.push(used);
  const environment = { ...baseUrls(emulator.url), DATABASE_URL: databaseUrl, ...settings };
  const gateway = await startChild({ home: used, environment });
  gateways.push(gateway);
  return { ...askerOf(gateway, emulator.url), gateway };
}

/** A prepaid account with money for so much, and its key. */
async function prepaidKey(ask: ReturnType<typeof askerOf>, funds: string): Promise<string> {
  const { body } = await ask.admin("POST", "/accounts", { name: "shop", prepaid: true });
  await ask.admin("POST", `/accounts/${body.id}/fund`, { amount: funds });
  return (await ask.admin("POST", "/keys", { account_id: body.id, name: "k" })).body.key;
}

describe("two gateways on one PostgreSQL", () => {
  it("one hot key with money for exactly 5, 64 parallel calls from two clients: 5 and 59", async () => {
    const [one, two] = [await start(), await start()];
    const key = await prepaidKey(one, FIVE_CEILINGS);
    await one.forgetCalls();
    // Held until every hold of the round has been asked for: none can use what another released.
    const calls = Array.from({ length: 32 }, () => [one, two])
      .flat()
      .map((ask) => ask.generate(ORDER, "slow=3000", key));
    const answers = await Promise.all(calls);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(5).fill(200), ...Array(59).fill(402)]);
    expect(await one.calls()).toHaveLength(5);
    for (const ask of [one, two]) {
      const { body } = await ask.get("/v1/credits", key);
      expect(body).toMatchObject({ settled: "0.029925", held: "0", available: "0.0016" });
    }
  });

  it("what one has done the other shows: accounts, keys, receipts, revocations", async () => {
    const [one, two] = [await start(), await start()];
    const key = await prepaidKey(one, "1");
    const made = await two.generate(ORDER, undefined, key);
    expect(made.status).toBe(200);
    const id = made.headers.get("x-receipt-id");
    const receipt = await one.get(`/v1/receipts/${id}`, key);
    expect(receipt.body).toMatchObject({ id, status: "settled", total: CHARGE });
    const { body } = await two.admin("GET", "/keys");
    const [row] = body.data.filter((each: { name: string }) => each.name === "k");
    await two.admin("DELETE", `/keys/${row.id}`);
    expect((await one.generate(ORDER, undefined, key)).status).toBe(401);
  });

  it("a process that is killed with calls in flight: the next start of its home ends its holds", async () => {
    const one = await start();
    const two = await start();
    const key = await prepaidKey(two, "1");
    const lost = Promise.allSettled([1, 2, 3].map(() => one.generate(ORDER, "hang", key)));
    await until(async () => (await two.calls()).length === 3);
    const { gateway } = one;
    await gateway.kill("SIGKILL");
    await lost;
    expect((await two.get("/v1/credits", key)).body.held).toBe("0.018915");
    const [home = ""] = homes;
    const back = await start(home);
    expect((await back.get("/v1/credits", key)).body).toMatchObject({ settled: "0", held: "0" });
    const { body } = await two.admin("GET", "/exposures?open=true");
    expect(body.data).toHaveLength(3);
  });
});

/**
 * A server that dies between a commit and its answer leaves a hold that nobody works on. It is swept when it
 * has been seen open for the call's time and 120 s more, looked at every 30 s (MONEY §6): rare, and waited for.
 */
const SWEPT_MS = 240_000;

describe("PostgreSQL goes away under load", () => {
  it.each(["fast", "kill"] as const)(
    "restarted (%s): calls fail cleanly or finish through the spool, nothing lost or twice",
    async (mode) => {
      const ask = await start(undefined, { VENDOR_TIMEOUT_MS: "5000" });
      const key = await prepaidKey(ask, "100");
      await ask.forgetCalls();
      let over = false;
      const answers: Answered[] = [];
      const clients = Array.from({ length: 8 }, async () => {
        while (!over) answers.push(await ask.generate(ORDER, "slow=60", key));
      });
      await until(() => answers.length > 20);
      await postgres().restart(mode);
      const before = answers.length;
      await until(() => answers.slice(before).filter(({ status }) => status === 200).length > 20);
      over = true;
      await Promise.all(clients);
      await until(async () => (await ask.admin("GET", "/holds")).body.data.length === 0);
      const ids = answers.flatMap(({ status, headers }) =>
        status === 200 ? [headers.get("x-receipt-id") ?? ""] : [],
      );
      expect(new Set(ids).size).toBe(ids.length);
      let settled = 0;
      for (const id of ids) {
        const { body } = await ask.get(`/v1/receipts/${id}`, key);
        // Every answer that came whole is charged, exactly once and exactly its price.
        expect(body).toMatchObject({ id, status: "settled", total: CHARGE });
        settled += 1;
      }
      // 5,985 micro-dollars each: as many as there are receipts of 200, and no more.
      const { body } = await ask.get("/v1/credits", key);
      expect(body.held).toBe("0");
      expect(body.settled).toBe(trimmed(settled * 5_985));
      const others = new Set(
        answers.map(({ status }) => status).filter((status) => status !== 200),
      );
      for (const status of others) expect([402, 424, 503]).toContain(status);
      console.log(`${mode}: ${settled} settled, other answers: ${[...others].join(" ") || "none"}`);
    },
    SWEPT_MS,
  );
});

/** Millionths of a dollar as a decimal string. */
function trimmed(micros: number): string {
  const whole = Math.floor(micros / 1_000_000);
  const fraction = String(micros % 1_000_000)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(whole) : `${whole}.${fraction}`;
}
