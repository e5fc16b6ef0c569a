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
import { openaiVendor } from "../../src/vendors/openai/client.ts";
import { connectedVendor } from "./fake-connections.ts";
import { MUG } from "./sandbox.ts";

it("an order that waits past midnight is held as of the day of its price, and says so", async () => {
  const held: HoldRequest[] = [];
  let day = "2026-11-22";
  const connected = connectedVendor("a", { vendor: openaiVendor() });
  // Everything that preparing and holding read; no vendor is called.
  const catalog = loadCatalog({ folder: "catalog/models" });
  const deps = {
    world: "live",
    catalog,
    ratings: loadRatings("catalog/ratings.json", catalog),
    confirmations: new Confirmations(),
    asOf: () => day,
    connections: new Connections([connected]),
    autoAs: {},
    process: "proc_1",
    ledger: {
      hold: (request: HoldRequest) => {
        held.push(request);
        return Promise.resolve({ kind: "held", createdMs: 0, rate: null, alerts: [] });
      },
    },
  } as unknown as Deps;
  const accountPath = ["acct_1"];
  const order = { model: "gpt-image-2", prompt: MUG, quality: "low", n: 1 };
  const policy = { autoAs: { by: {} }, settings: {}, margin: null, retain: null };
  const by = { accountPath, policy, deps };
  const prepared = await prepare(order, by);
  day = "2026-11-23";
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
  await reserve(prepared, { caller, connected }, deps);
  expect(held.map(({ asOf, connection }) => [asOf, connection])).toEqual([["2026-11-22", "a"]]);
  expect(quoteJson(prepared, by).as_of).toBe("2026-11-22");
});
