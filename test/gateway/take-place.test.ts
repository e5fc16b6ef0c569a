import { describe, expect, it } from "vitest";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import type { Caller } from "../../src/gateway/caller.ts";
import type { Client } from "../../src/gateway/client.ts";
import { UNLISTED } from "../../src/gateway/connected-vendor.ts";
import type { Deps } from "../../src/gateway/deps.ts";
import { takePlace } from "../../src/gateway/fall.ts";
import { prepare } from "../../src/gateway/prepare.ts";
import type { OrderPolicy } from "../../src/gateway/prepared-for.ts";
import { Refusal } from "../../src/refusals.ts";
import { registrations } from "../../src/vendors/registry.ts";
import { MUG } from "./sandbox.ts";

/** A vendor whose connections have no room: before anything is held, `auto` goes to the next. */

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);
const all = registrations.map(({ vendor }) => ({
  vendor,
  connection: { id: vendor.id, vendor: vendor.id, baseUrl: "", key: "", loopback: true },
  ...UNLISTED,
}));

/** Takes down who was asked for a place; those named are busy. */
function world(busy: readonly string[]) {
  const asked: string[] = [];
  const connections = {
    all,
    allowed: (vendor: string) => all.filter((each) => each.vendor.id === vendor),
    take: async ({ vendor }: { readonly vendor: string }) => {
      asked.push(vendor);
      if (busy.includes(vendor)) throw new Refusal("connection_busy", "no room");
      return { connected: all.find((each) => each.vendor.id === vendor) };
    },
  };
  const deps = {
    ...{ world: "sandbox", catalog, ratings, connections, autoAs: {}, presets: new Map() },
    asOf: () => "2026-12-02",
  } as unknown as Deps;
  return { asked, deps };
}

const policy: OrderPolicy = {
  autoAs: { by: {} },
  settings: {},
  margin: null,
  retain: "all",
} as unknown as OrderPolicy;
const caller = { accountPath: [], policy } as unknown as Caller;

async function place(busy: readonly string[], model = "auto", left = new AbortController()) {
  const { asked, deps } = world(busy);
  const order = {
    ...{ model, prompt: MUG, n: 1 },
    size: { kind: "pixels", width: 1024, height: 1024 } as const,
    ...(model === "auto" ? { choice: { allow: ["qwen-image-3.0", "seedream-4-0"] } } : {}),
  };
  const prepared = await prepare(order, { accountPath: [], policy, deps });
  const client = { left: left.signal } as unknown as Client;
  const placed = await takePlace(prepared, { caller, client }, deps).catch(
    (cause: unknown) => cause,
  );
  return { asked, placed };
}

describe("a vendor without room", () => {
  it("is passed over, and the route says so", async () => {
    const { asked, placed } = await place(["alibaba"]);
    expect(asked).toEqual(["alibaba", "byteplus"]);
    expect(placed).toMatchObject({
      prepared: {
        callable: { model: { id: "seedream-4-0" } },
        chosen: {
          choice: {
            route: {
              chosen: "seedream-4-0",
              reasons: [
                "not qwen-image-3.0: every connection to its vendor was busy; nothing was spent",
                expect.stringContaining("the next of 1 capable"),
              ],
            },
          },
        },
      },
    });
  });

  it("where nobody has room, the first refusal stands", async () => {
    const { asked, placed } = await place(["alibaba", "byteplus"]);
    expect(asked).toEqual(["alibaba", "byteplus"]);
    expect(placed).toMatchObject({ code: "connection_busy" });
  });

  it("is waited for where its model was named, and by nobody whose client has left", async () => {
    const named = await place(["alibaba"], "qwen-image-3.0");
    expect([named.asked, named.placed]).toMatchObject([["alibaba"], { code: "connection_busy" }]);
    const left = new AbortController();
    left.abort();
    expect((await place(["alibaba"], "auto", left)).asked).toEqual(["alibaba"]);
  });
});
