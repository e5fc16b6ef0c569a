import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";
import { type SeededHome, seedHome } from "./seeded-home.ts";

/**
 * Four calls of a shop and its team, one of somebody else. The shop pays ten percent and a tenth of a cent
 * on top: 0.005985 becomes 0.0075835, 0.03 becomes 0.034.
 */
const MARGIN = { basisPoints: 1_000, fixed: parseUsd("0.001") };
const ORDER = { model: "gpt-image-2", prompt: MUG, size: "1024x1024" };

let home: SeededHome;
let sandbox: Sandbox;
/** The UTC day on which the calls were made; a test that runs over midnight may take a second. */
let days: { readonly first: string; readonly last: string };

/** Of pictures that nobody judged. */
const NOT_JUDGED = {
  ...{ outcomes: 0, kept: 0, kept_share: null, kept_share_low: null, kept_share_high: null },
  ...{ price_per_kept: null, price_per_kept_low: null, price_per_kept_high: null },
};

const today = (): string => new Date().toISOString().slice(0, 10);

beforeAll(async () => {
  home = await seedHome({
    shop: { settings: { margin: MARGIN } },
    team: { below: "shop" },
    other: {},
  });
  sandbox = await startSandbox({ home: home.home });
  const first = today();
  const make = (name: string, body: object, emulate?: string) =>
    sandbox.generate(body, emulate, home.of(name).key);
  const spring = { campaign: "spring" };
  await make("shop", { ...ORDER, quality: "low", tags: spring, user: '=1+"1"' });
  await make("shop", { ...ORDER, tags: { campaign: "+49, or so" } });
  await make("shop", { ...ORDER, quality: "low" }, "status=500");
  await make("team", { model: "seedream-4-0", prompt: MUG, tags: spring });
  await make("other", { ...ORDER, quality: "low" });
  days = { first, last: today() };
});
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

const span = (): string => `from=${days.first}&to=${days.last}`;
const own = (query: string, name = "shop") =>
  sandbox.get(`/v1/usage?${span()}&${query}`, home.of(name).key);
const house = (query: string) => sandbox.admin("GET", `/usage?${span()}&${query}`);

async function csv(path: string, key: string) {
  const response = await fetch(`${sandbox.gateway.url}${path}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return { headers: response.headers, text: await response.text() };
}

describe("GET /v1/usage", () => {
  it("adds up an account and all below it, a row a model", async () => {
    const { body } = await own("by=model");
    expect(body).toEqual({
      object: "usage",
      from: days.first,
      to: days.last,
      by: ["model"],
      currency: "USD",
      data: [
        {
          model: "gpt-image-2",
          calls: 3,
          settled: 2,
          images: 2,
          charge: "0.015167",
          held: "0",
          average_per_image: "0.0075835",
          ...NOT_JUDGED,
        },
        {
          model: "seedream-4-0",
          calls: 1,
          settled: 1,
          images: 1,
          charge: "0.034",
          held: "0",
          average_per_image: "0.034",
          ...NOT_JUDGED,
        },
      ],
      // 0.049167 / 3
      total: {
        calls: 4,
        settled: 3,
        images: 3,
        charge: "0.049167",
        held: "0",
        average_per_image: "0.016389",
        ...NOT_JUDGED,
      },
      emulated: true,
    });
  });

  it("tells an account below nothing of the one above", async () => {
    const { body } = await own("by=account", "team");
    expect(body.data).toMatchObject([{ account: home.of("team").accountId, charge: "0.034" }]);
  });

  it("tells quality asked from quality billed: what was left open is what the vendor said", async () => {
    const { body } = await own("by=model,quality_asked,quality_billed");
    const rows = body.data.map((row: Record<string, unknown>) => [
      row["model"],
      row["quality_asked"],
      row["quality_billed"],
      row["charge"],
    ]);
    expect(rows).toEqual([
      ["gpt-image-2", "low", "low", "0.0075835"],
      ["gpt-image-2", "low", null, "0"],
      ["gpt-image-2", null, "low", "0.0075835"],
      ["seedream-4-0", null, null, "0.034"],
    ]);
  });

  it("tells calls apart by a tag, by user, size and key; null where a call says nothing", async () => {
    const charges = async (dimension: string) =>
      Object.fromEntries(
        (await own(`by=${dimension}`)).body.data.map((row: Record<string, unknown>) => [
          String(row[dimension]),
          row["charge"],
        ]),
      );
    expect(await charges("tag:campaign")).toEqual({
      spring: "0.0415835",
      "+49, or so": "0.0075835",
      null: "0",
    });
    expect(await charges("user")).toEqual({ '=1+"1"': "0.0075835", null: "0.0415835" });
    // The team's picture was ordered without a size.
    expect(await charges("size")).toEqual({ "1024x1024": "0.015167", null: "0.034" });
    expect(await charges("key")).toEqual({
      [home.of("shop").keyId]: "0.015167",
      [home.of("team").keyId]: "0.034",
    });
  });

  it("of one key is that key's, and of somebody else's nothing", async () => {
    const team = await own(`by=model&key_id=${home.of("team").keyId}`);
    expect(team.body.data).toMatchObject([{ model: "seedream-4-0", charge: "0.034" }]);
    const other = await own(`key_id=${home.of("other").keyId}`);
    expect(other.body).toMatchObject({ data: [], total: { calls: 0, charge: "0" } });
    const none = await own("key_id=key_none");
    expect(none.status).toBe(404);
    expect(none.body.error).toMatchObject({ param: "key_id", sent: "key_none" });
  });

  it("is of this month by day unless something else is asked", async () => {
    const { body } = await sandbox.get("/v1/usage", home.of("shop").key);
    expect(body.from).toBe(`${body.to.slice(0, 7)}-01`);
    expect(body.by).toEqual(["day"]);
    expect([days.last, today()]).toContain(body.to);
  });

  it("shows the house's figures to the house only, of one account or all", async () => {
    expect(JSON.stringify((await own("by=model")).body)).not.toMatch(/vendor_cost|exposure|overr/);
    const shop = await house(`by=model&account_id=${home.of("shop").accountId}`);
    // 2 x 0.005985 and 0.03; the failed call may cost its ceiling
    expect(shop.body.data).toMatchObject([
      { model: "gpt-image-2", vendor_cost: "0.01197", overrun: "0", exposure: "0.006305" },
      { model: "seedream-4-0", vendor_cost: "0.03", overrun: "0", exposure: "0" },
    ]);
    const all = await house("by=model");
    // 0.015167 + 0.005985
    expect(all.body.data[0]).toMatchObject({ calls: 4, charge: "0.021152" });
    expect((await house("account_id=acct_none")).status).toBe(404);
  });

  it("needs a key, and the master key on the admin's side", async () => {
    expect((await sandbox.get("/v1/usage", "none")).status).toBe(401);
    expect((await sandbox.get("/admin/v1/usage.csv", home.of("shop").key)).status).toBe(403);
  });
});

describe("usage as CSV", () => {
  it("is RFC 4180 with a header; what could be a formula is none, the sandbox says so", async () => {
    const by = "by=user,tag:campaign";
    const { headers, text } = await csv(`/v1/usage.csv?${span()}&${by}`, home.of("shop").key);
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename="usage-${days.first}-${days.last}.csv"`,
    );
    expect(text.split("\r\n")).toEqual([
      "user,tag:campaign,calls,settled,images,charge,held,average_per_image,outcomes,kept,kept_share,kept_share_low,kept_share_high,price_per_kept,price_per_kept_low,price_per_kept_high,currency,emulated",
      '"\'=1+""1""",spring,1,1,1,0.0075835,0,0.0075835,0,0,,,,,,,USD,true',
      ',"\'+49, or so",1,1,1,0.0075835,0,0.0075835,0,0,,,,,,,USD,true',
      ",spring,1,1,1,0.034,0,0.034,0,0,,,,,,,USD,true",
      ",,1,0,0,0,0,,0,0,,,,,,,USD,true",
      "",
    ]);
  });

  it("has the house's figures on the admin's side", async () => {
    const path = `/admin/v1/usage.csv?${span()}&by=model&account_id=${home.of("other").accountId}`;
    const { text } = await csv(path, sandbox.gateway.adminToken);
    expect(text).toBe(
      "model,calls,settled,images,charge,held,average_per_image,outcomes,kept,kept_share,kept_share_low,kept_share_high,price_per_kept,price_per_kept_low,price_per_kept_high,vendor_cost,overrun,exposure,currency,emulated\r\n" +
        "gpt-image-2,1,1,1,0.005985,0,0.005985,0,0,,,,,,,0.005985,0,0,USD,true\r\n",
    );
  });
});
