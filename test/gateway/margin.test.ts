import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";
import { type SeededHome, seedHome } from "./seeded-home.ts";

/** An account that pays ten percent and a tenth of a cent on top of the vendor's price. */
const MARGIN = { basisPoints: 1_000, fixed: parseUsd("0.001") };
const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
// 0.005985 + 0.0005985 + 0.001, and for the ceiling 0.006305 + 0.0006305 + 0.001
const CHARGE = "0.0075835";
const CEILING = "0.0079355";

function wholeLine(total: string) {
  return [{ meter: "charge", quantity: "1", unit_price: total, amount: total }];
}

let home: SeededHome;
let sandbox: Sandbox;
beforeAll(async () => {
  const settings = { margin: MARGIN };
  home = await seedHome({
    shop: { settings },
    fits: { settings, funds: CEILING },
    lacks: { settings, funds: "0.007935499999" },
    plain: {},
  });
  sandbox = await startSandbox({ home: home.home, pictures: "full" });
});
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

const keyOf = (name: string): string => home.of(name).key;
const generate = (body: object, emulate?: string, name = "shop") =>
  sandbox.generate(body, emulate, keyOf(name));

async function receiptsOf(id: string) {
  const own = await sandbox.get(`/v1/receipts/${id}`, keyOf("shop"));
  const whole = await sandbox.admin("GET", `/receipts/${id}`);
  return { own: own.body, whole: whole.body };
}

describe("an account with a margin", () => {
  it("is quoted, held for and charged with it; answer and receipt show one line", async () => {
    const before = (await sandbox.get("/v1/credits", keyOf("shop"))).body;
    const quote = await sandbox.quote(ORDER, keyOf("shop"));
    expect(quote.body).toMatchObject({
      expected: { total: CHARGE, lines: wholeLine(CHARGE) },
      ceiling: { total: CEILING, lines: wholeLine(CEILING) },
    });
    const answer = await generate(ORDER);
    expect(answer.headers.get("x-cost-ceiling-usd")).toBe(CEILING);
    expect(answer.body.usage).toMatchObject({
      cost: 0.0075835,
      cost_details: { total: CHARGE, ceiling: CEILING, lines: wholeLine(CHARGE) },
    });
    const { own } = await receiptsOf(answer.body.usage.cost_details.receipt_id);
    expect(own).toMatchObject({
      basis: "usage",
      expected: CHARGE,
      ceiling: CEILING,
      total: CHARGE,
      released: "0.000352",
      lines: wholeLine(CHARGE),
    });
    const after = (await sandbox.get("/v1/credits", keyOf("shop"))).body;
    expect(parseUsd(after.settled) - parseUsd(before.settled)).toBe(parseUsd(CHARGE));
  });

  it("is told of its margin nowhere; the house is, with the vendor's cost", async () => {
    const answer = await generate(ORDER);
    const { own, whole } = await receiptsOf(answer.body.usage.cost_details.receipt_id);
    const quote = await sandbox.quote(ORDER, keyOf("shop"));
    const told = JSON.stringify([own, quote.body, { ...answer.body, data: [] }]);
    expect(told).not.toMatch(/margin|vendor_c|0\.005985|0\.006305|0\.0015985/);
    expect(whole).toMatchObject({
      total: CHARGE,
      lines: [
        { meter: "text_input_tokens", quantity: "21", amount: "0.000105" },
        { meter: "image_output_tokens", quantity: "196", amount: "0.00588" },
        { meter: "margin", quantity: "1", unit_price: "0.0015985", amount: "0.0015985" },
      ],
      margin: { basis_points: 1_000, fixed: "0.001" },
      vendor_ceiling: "0.006305",
      vendor_cost: { total: "0.005985" },
    });
  });

  it("pays ceiling and margin when usage is missing", async () => {
    const answer = await generate(ORDER, "no-usage");
    expect(answer.body.usage.cost_details).toMatchObject({ basis: "ceiling", total: CEILING });
  });

  it("exposes the house to the vendor's maximum only, and pays nothing for what failed", async () => {
    const answer = await generate(ORDER, "status=500");
    expect(answer.status).toBe(424);
    const { own, whole } = await receiptsOf(answer.headers.get("x-receipt-id") ?? "");
    expect(own).toMatchObject({ status: "voided", total: "0", released: CEILING, lines: [] });
    expect(whole.exposure).toEqual({ amount: "0.006305", reason: "server_error" });
  });

  it("of a flat model is told the whole cost before the picture has passed", async () => {
    // 0.03 + 0.003 + 0.001
    const answer = await generate({ model: "seedream-4-0", prompt: MUG });
    expect(answer.headers.get("x-cost-usd")).toBe("0.034");
    expect(answer.body.usage.cost_details.total).toBe("0.034");
  });

  it("needs funds for ceiling and margin, to the last picodollar", async () => {
    const refused = await generate(ORDER, undefined, "lacks");
    expect(refused.status).toBe(402);
    expect(refused.body.error).toMatchObject({ required: CEILING, available: "0.007935499999" });
    expect((await generate(ORDER, undefined, "fits")).status).toBe(200);
  });

  it("is told by levers and refusals what remains with the margin on it", async () => {
    const open = { ...ORDER, quality: undefined };
    const { body } = await sandbox.quote(open, keyOf("shop"));
    // expected 0.005985 and ceiling 0.006305 with the margin, as above
    expect(body.levers[0]).toMatchObject({
      ...{ kind: "name_quality", param: "quality", value: "low" },
      ...{ expected: CHARGE, ceiling: CEILING, saves: "0" },
    });
    const refused = await generate(open, undefined, "lacks");
    expect(refused.body.error.message).toContain(`quality=low the worst case is ${CEILING} USD`);
  });

  it("changes nothing for an account without one", async () => {
    const answer = await generate(ORDER, undefined, "plain");
    expect(answer.body.usage.cost_details).toMatchObject({
      total: "0.005985",
      ceiling: "0.006305",
      lines: [{ meter: "text_input_tokens" }, { meter: "image_output_tokens" }],
    });
    const id = answer.body.usage.cost_details.receipt_id;
    const { body: whole } = await sandbox.admin("GET", `/receipts/${id}`);
    expect(whole).toMatchObject({ margin: null, vendor_ceiling: "0.006305" });
  });
});
