import { afterEach, expect, it } from "vitest";
import { BY_TOKENS, FLAT, rows, runClient } from "../gateway/run-client.ts";
import { type Sandbox, startSandbox, until } from "../gateway/sandbox.ts";
import { usePostgres } from "./use-postgres.ts";

/** A run on PostgreSQL, with two gateways. */

const postgres = usePostgres();
const gateways: Sandbox[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0).reverse()) await gateway.close();
});

it("one of two gateways carries it out, the other one shows it; the cap and the moderated hold there too", async () => {
  const databaseUrl = await postgres().createDatabase();
  const start = async (): Promise<Sandbox> => {
    const sandbox = await startSandbox({ environment: { DATABASE_URL: databaseUrl } });
    gateways.push(sandbox);
    return sandbox;
  };
  const [one, two] = [await start(), await start()];
  const here = runClient({ url: one.gateway.url, apiKey: one.apiKey });
  const there = runClient({ url: two.gateway.url, apiKey: one.apiKey });
  const slow = rows(4, FLAT, { emulate: "slow=300" });
  const moderated = { id: "m", order: BY_TOKENS, emulate: "moderation" };
  const settings = { max_cost: "0.10", concurrency: 2 };
  const made = await here.post("", { rows: [moderated, ...slow], settings, start: true });
  const { id } = made.body;
  await until(async () => (await one.calls()).length >= 2);
  expect((await there.post(`/${id}/start`)).body.error).toMatchObject({ code: "run_busy" });
  const { run, rows: ended } = await there.follow(id);
  // Three at 0.03, and 0.01 is left for the fourth.
  expect(run).toMatchObject({ state: "stopped", settled: "0.09", held: "0", images: 3 });
  expect(run.stopped).toMatchObject({ reason: "cap", row: "r4", available: "0.01" });
  expect(ended.get("m")).toMatchObject({ state: "moderated", categories: ["violence"] });
  // The other one goes on with it, once the first has given it up.
  await until(async () => (await there.post(`/${id}/start`, { max_cost: null })).status === 200);
  expect((await here.follow(id)).run).toMatchObject({ state: "ended", settled: "0.12" });
});
