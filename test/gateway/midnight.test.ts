import { expect, it } from "vitest";
import { Confirmations } from "../../src/audit/reconcile/confirmations.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import { Connections } from "../../src/gateway/connections.ts";
import type { Deps } from "../../src/gateway/deps.ts";
import { prepare } from "../../src/gateway/prepare.ts";
import { quoteJson } from "../../src/gateway/quote-json.ts";
import { reserve } from "../../src/gateway/reserve.ts";
import { unique } from "../../src/gateway/same.ts";
import type { HoldRequest } from "../../src/ledger/port.ts";
import type { PicoUsd } from "../../src/money/pico-usd.ts";
import { openaiVendor } from "../../src/vendors/openai/client.ts";
import { connectedVendor } from "./fake-connections.ts";
import { MUG } from "./sandbox.ts";

const WITH_ROOM = connectedVendor("a", { vendor: openaiVendor() });

/** A gateway of which only what preparing and holding read is there: no vendor is called. */
function gatewayOn(day: () => string, held: HoldRequest[]): Deps {
  const catalog = loadCatalog({ folder: "catalog/models" });
  return {
    world: "live",
    catalog,
    ratings: loadRatings("catalog/ratings.json", catalog),
    confirmations: new Confirmations(),
    asOf: day,
    connections: new Connections([WITH_ROOM]),
    autoAs: {},
    process: "proc_1",
    ledger: {
      hold: (request: HoldRequest) => {
        held.push(request);
        return Promise.resolve({ kind: "held", createdMs: 0, rate: null, alerts: [] });
      },
    },
  } as unknown as Deps;
}

const accountPath = ["acct_1"];
const order = { model: "gpt-image-2", prompt: MUG, quality: "low", n: 1 };
const policy = { autoAs: { by: {} }, settings: {}, margin: null, retain: null };
const caller = {
  accountId: "acct_1",
  accountPath,
  keyId: "key_1",
  requestId: "req_1",
  policy,
  same: unique,
  surface: "generations" as const,
  vendorHeaders: {},
};

it("an order that waits past midnight is held as of the day of its price, and says so", async () => {
  const held: HoldRequest[] = [];
  let day = "2026-11-22";
  const deps = gatewayOn(() => day, held);
  const by = { accountPath, policy, deps };
  const prepared = await prepare(order, by);
  day = "2026-11-23";
  await reserve(prepared, { caller, connected: WITH_ROOM }, deps);
  expect(held.map(({ asOf, connection }) => [asOf, connection])).toEqual([["2026-11-22", "a"]]);
  expect(quoteJson(prepared, by).as_of).toBe("2026-11-22");
});

it("a run's row is never held for above what was claimed, nor at yesterday's price: it is claimed again", async () => {
  const held: HoldRequest[] = [];
  let day = "2026-11-22";
  const deps = gatewayOn(() => day, held);
  const prepared = await prepare(order, { accountPath, policy, deps });
  const { total } = prepared.quote.ceiling;
  const name = { id: "run_1", row: "mug" };
  const attempt = async (ceiling: PicoUsd) => {
    const called = { ...caller, run: { name, ceiling } };
    await reserve(prepared, { caller: called, connected: WITH_ROOM }, deps);
  };
  const tooLittle = (total - 1n) as PicoUsd;
  await expect(attempt(tooLittle)).rejects.toMatchObject({ code: "price_changed" });
  await attempt(total);
  day = "2026-11-23";
  await expect(attempt(total)).rejects.toMatchObject({ code: "price_changed" });
  expect(held.map(({ run, amount }) => [run, amount])).toEqual([[name, total]]);
});
