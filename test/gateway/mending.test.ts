import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox, until } from "./sandbox.ts";

/** What the administration sees of calls, and how what was posted is mended: by a new entry, never an edit. */

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "4000" } });
});
afterAll(() => sandbox.close());

type Party = { readonly account: string; readonly key: string; readonly keyId: string };

async function party(of: object = {}, key: object = {}): Promise<Party> {
  const account = (await sandbox.admin("POST", "/accounts", { name: "a", ...of })).body.id;
  const made = await sandbox.admin("POST", "/keys", { account_id: account, name: "k", ...key });
  return { account, key: made.body.key, keyId: made.body.id };
}

/** Places the standard order and says under which receipt. */
async function call({ key }: Party, emulate?: string): Promise<string> {
  return (await sandbox.generate(ORDER, emulate, key)).headers.get("x-receipt-id") ?? "";
}

const correct = (body: object) =>
  sandbox.admin("POST", "/corrections", { reason: "test", ...body });
const list = async (path: string) => (await sandbox.admin("GET", path)).body;

describe("a charge", () => {
  it("is lowered by a correction; the receipt keeps what was posted and says both", async () => {
    const paying = await party();
    const id = await call(paying);
    const corrected = await correct({ corrects: `${id}.end`, amount: "0.001", reason: "goodwill" });
    expect(corrected.status).toBe(201);
    expect(corrected.body).toMatchObject({
      corrects: `${id}.end`,
      of: "charge",
      before: "0.005985",
      after: "0.001",
    });
    const { body: receipt } = await sandbox.get(`/v1/receipts/${id}`, paying.key);
    expect(receipt).toMatchObject({
      total: "0.005985",
      corrected_total: "0.001",
      corrections: [{ before: "0.005985", after: "0.001", reason: "goodwill" }],
    });
    expect(receipt.corrections[0]).not.toHaveProperty("actor");
    expect((await sandbox.get("/v1/credits", paying.key)).body.settled).toBe("0.001");
    const { data, next } = await list(`/corrections?account_id=${paying.account}`);
    expect([data.length, data[0].actor, next]).toEqual([1, "command_line", null]);
  });

  it("can't be raised, and only entries that move money can be mended", async () => {
    const id = await call(await party());
    const refused = async (body: object) => {
      const answer = await correct(body);
      return [answer.status, answer.body.error.code, answer.body.error.param];
    };
    const same = { corrects: `${id}.end`, amount: "0.005985" };
    expect(await refused(same)).toEqual([409, "conflict", "amount"]);
    expect((await correct(same)).body.error.message).toContain("stands at 0.005985 USD");
    expect(await refused({ corrects: id, amount: "0" })).toEqual([
      400,
      "invalid_value",
      "corrects",
    ]);
    expect(await refused({ corrects: "rcpt_none.end", amount: "0" })).toEqual([
      404,
      "not_found",
      "corrects",
    ]);
    expect(await refused({ corrects: `${id}.end`, amount: "-1" })).toEqual([
      400,
      "invalid_value",
      "amount",
    ]);
    expect(await refused({ corrects: `${id}.end`, amount: "0", reason: " " })).toEqual([
      400,
      "invalid_value",
      "reason",
    ]);
  });

  it("one entry id is one correction; for another it is taken", async () => {
    const id = await call(await party());
    const entry = { corrects: `${id}.end`, entry_id: `mend-${id.slice(-20)}` };
    const first = await correct({ ...entry, amount: "0.002" });
    expect((await correct({ ...entry, amount: "0.002" })).body).toEqual(first.body);
    const other = await correct({ ...entry, amount: "0.001" });
    expect([other.status, other.body.error.code, other.body.error.param]).toEqual([
      409,
      "conflict",
      "entry_id",
    ]);
  });
});

describe("a funding", () => {
  it("is lowered, but never below what is charged", async () => {
    const paying = await party({ prepaid: true });
    const path = `/accounts/${paying.account}/fund`;
    const { body } = await sandbox.admin("POST", path, { amount: "1" });
    await call(paying);
    const below = await correct({ corrects: body.entry_id, amount: "0.005" });
    expect([below.status, below.body.error.code]).toEqual([409, "conflict"]);
    await correct({ corrects: body.entry_id, amount: "0.01" });
    // 0.01 - 0.005985
    const { available } = (await sandbox.get("/v1/credits", paying.key)).body;
    expect(available).toBe("0.004015");
  });

  it("an entry id funds once; for another amount it is taken", async () => {
    const { account } = await party({ prepaid: true });
    const fund = (amount: string) =>
      sandbox.admin("POST", `/accounts/${account}/fund`, { amount, entry_id: "invoice-0042" });
    expect((await fund("5")).body.available).toBe("5");
    expect((await fund("5")).body.available).toBe("5");
    expect((await fund("6")).body.error).toMatchObject({ code: "conflict" });
  });
});

describe("an exposure", () => {
  it("is open until somebody says what the vendor billed, and then once", async () => {
    const feared = await party();
    const id = await call(feared, "status=500");
    const path = `/exposures?account_id=${feared.account}`;
    const { data } = await list(path);
    expect(data).toMatchObject([
      { receipt_id: id, entry_id: `${id}.exposure`, amount: "0.006305", open: true, billed: null },
    ]);
    const close = (billed: string) =>
      sandbox.admin("POST", `/exposures/${id}/close`, { billed, reason: "their invoice" });
    expect((await close("0.005")).body).toMatchObject({ of: "exposure", after: "0.005" });
    expect((await list(path)).data).toEqual([]);
    expect((await list(`${path}&open=false`)).data).toMatchObject([
      { receipt_id: id, open: false, billed: "0.005" },
    ]);
    const again = await close("0");
    expect([again.status, again.body.error.code]).toEqual([409, "conflict"]);
    expect((await correct({ corrects: `${id}.exposure`, amount: "0" })).body.after).toBe("0");
    const { body } = await sandbox.admin("GET", `/receipts/${id}`);
    expect(body.corrections).toMatchObject([
      { of: "exposure", after: "0.005", reason: "their invoice" },
      { of: "exposure", after: "0" },
    ]);
    // Nobody was charged, so nothing of a charge was mended.
    expect((await sandbox.get(`/v1/receipts/${id}`, feared.key)).body).toMatchObject({
      corrected_total: null,
      corrections: [],
    });
  });

  it("closes what is there only", async () => {
    const id = await call(await party());
    for (const path of [`/exposures/${id}/close`, "/exposures/rcpt_none/close"]) {
      const { status, body } = await sandbox.admin("POST", path, { billed: "0", reason: "x" });
      expect([status, body.error.code]).toEqual([404, "not_found"]);
    }
  });
});

describe("the house's hour", () => {
  it("ends for a root that lost more than 5 USD in it; other roots go on", async () => {
    const over = await party();
    // 5.8738 USD beyond the ceiling.
    await call(over, "overrun");
    const refused = await sandbox.generate(ORDER, undefined, over.key);
    expect([refused.status, refused.body.error.code]).toEqual([429, "exposure_limit"]);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(JSON.stringify(refused.body)).not.toContain("5.87");
    expect((await sandbox.generate(ORDER, undefined, (await party()).key)).status).toBe(200);
  });

  it("goes on once its exposures turn out not to be billed", async () => {
    const feared = await party({ house_limits: { exposure_per_hour: "0.006" } });
    const id = await call(feared, "status=500");
    expect((await sandbox.generate(ORDER, undefined, feared.key)).status).toBe(429);
    await sandbox.admin("POST", `/exposures/${id}/close`, { billed: "0", reason: "not billed" });
    expect((await sandbox.generate(ORDER, undefined, feared.key)).status).toBe(200);
  });
});

describe("lists", () => {
  it("an overrun is what usage came to beyond the ceiling", async () => {
    const over = await party();
    const id = await call(over, "overrun");
    // A thousand times the pictures' tokens: 196,000 x 0.00003 + 0.000105, less the ceiling 0.006305.
    expect((await list(`/overruns?account_id=${over.account}`)).data).toMatchObject([
      { receipt_id: id, ceiling: "0.006305", amount: "5.8738", model: "gpt-image-2" },
    ]);
    expect((await list(`/overruns?account_id=${over.keyId}`)).data).toHaveLength(1);
  });

  it("a hold is listed while its call is under way, for its account and those above", async () => {
    const root = await party();
    const team = await party({ parent_id: root.account });
    const other = await party();
    const under = call(team, "hang");
    const holds = async (id: string) => (await list(`/holds?account_id=${id}`)).data;
    await until(async () => (await holds(root.account)).length > 0);
    expect(await holds(root.account)).toMatchObject([
      { account_id: team.account, amount: "0.006305" },
    ]);
    expect(await holds(other.account)).toEqual([]);
    await under;
    expect(await holds(root.account)).toEqual([]);
  });

  it("an alert is said once at 50, 80 and 100 %, for accounts and keys", async () => {
    const team = await party({ limits: { total: "0.02" } }, { limits: { day: "0.006305" } });
    await call(team);
    const other = await sandbox.admin("POST", "/keys", { account_id: team.account, name: "k2" });
    for (let made = 0; made < 2; made += 1) await call({ ...team, key: other.body.key });
    const alerts = (await list(`/alerts?account_id=${team.account}`)).data;
    // Settled 0.005985 and held 0.006305 are 61 %; settled 0.01197 and held 0.006305 are 91 %.
    expect(alerts).toMatchObject([
      { limit: "total", window: "total", threshold: 80, used: "0.018275", of: "0.02" },
      { limit: "total", window: "total", threshold: 50, used: "0.01229", of: "0.02" },
    ]);
    expect((await list(`/alerts?account_id=${team.keyId}`)).data).toMatchObject([
      { node_id: team.keyId, limit: "day", threshold: 100, used: "0.006305", of: "0.006305" },
    ]);
    const first = await list(`/alerts?account_id=${team.account}&limit=1`);
    expect(first.data).toEqual([alerts[0]]);
    const before = encodeURIComponent(first.next);
    const second = await list(`/alerts?account_id=${team.account}&limit=1&before=${before}`);
    expect([second.data, second.next]).toEqual([[alerts[1]], null]);
  });

  it.each([
    ["/alerts?limit=0", "limit"],
    ["/alerts?limit=1001", "limit"],
    ["/holds?limit=1e2", "limit"],
    ["/alerts?before=nonsense", "before"],
    ["/corrections?before=nonsense", "before"],
    ["/exposures?open=maybe", "open"],
    ["/overruns?since=2026", "since"],
  ])("%s is invalid_value of %s", async (path, param) => {
    const { status, body } = await sandbox.admin("GET", path);
    expect([status, body.error.code, body.error.param]).toEqual([400, "invalid_value", param]);
  });

  it.each(["holds", "exposures", "overruns", "corrections", "alerts"])(
    "%s of an account that isn't there are 404: nothing would look like all is well",
    async (what) => {
      const { status, body } = await sandbox.admin("GET", `/${what}?account_id=acct_none`);
      expect([status, body.error.param]).toEqual([404, "account_id"]);
    },
  );
});
