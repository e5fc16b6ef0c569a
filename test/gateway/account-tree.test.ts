import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Organisation, team, project: the administration's routes, and what they mean for a key. */

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
// 79 bytes + 6 at 0.000005, 196 tokens at 0.00003; charged are 21 tokens of text.
const CEILING = "0.006305";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

async function create(of: object): Promise<string> {
  const { status, body } = await sandbox.admin("POST", "/accounts", { name: "a", ...of });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

async function keyOn(account: string, of: object = {}): Promise<string> {
  const made = await sandbox.admin("POST", "/keys", { account_id: account, name: "k", ...of });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body.key;
}

const change = (id: string, body: unknown) => sandbox.admin("PATCH", `/accounts/${id}`, body);

describe("the tree", () => {
  it("is listed with parents before children, and every node says where it stands", async () => {
    const root = await create({ name: "organisation", limits: { month: "500" } });
    const team = await create({ name: "team", parent_id: root, limits: { day: "5" } });
    const project = await create({ name: "project", parent_id: team });
    const other = await create({ name: "other", parent_id: root });
    const { body } = await sandbox.admin("GET", `/accounts?below=${root}`);
    const rows = body.data.map((row: Record<string, unknown>) => [
      row["id"],
      row["parent_id"],
      row["level"],
      row["available"],
    ]);
    expect(rows).toEqual([
      [root, null, 1, "500"],
      [team, root, 2, "5"],
      [project, team, 3, "5"],
      [other, root, 2, "500"],
    ]);
    const below = await sandbox.admin("GET", `/accounts?below=${project}`);
    expect(below.body.data).toEqual([(await sandbox.admin("GET", `/accounts/${project}`)).body]);
    expect(below.body.data[0]).toMatchObject({ root_id: root, level: 3, limits: {} });
  });

  it("is six levels deep at most, keys not counted", async () => {
    let at = await create({});
    for (let level = 2; level <= 6; level += 1) at = await create({ parent_id: at });
    const { status, body } = await sandbox.admin("POST", "/accounts", { name: "a", parent_id: at });
    expect([status, body.error.code, body.error.param]).toEqual([409, "conflict", "parent_id"]);
    expect(body.error.message).toContain("6 levels");
    expect((await sandbox.get("/v1/credits", await keyOn(at))).status).toBe(200);
  });

  it("a charge counts at every account above its key", async () => {
    const root = await create({});
    const team = await create({ parent_id: root });
    const { body } = await sandbox.generate(ORDER, undefined, await keyOn(team));
    expect(body.usage.cost_details.total).toBe("0.005985");
    for (const id of [root, team]) {
      expect((await sandbox.admin("GET", `/accounts/${id}`)).body.settled).toBe("0.005985");
    }
  });

  it("a move takes all below along, and leaves history where it was", async () => {
    const root = await create({});
    const [from, to] = [await create({ parent_id: root }), await create({ parent_id: root })];
    const team = await create({ parent_id: from });
    const key = await keyOn(team);
    await sandbox.generate(ORDER, undefined, key);
    const moved = await sandbox.admin("POST", `/accounts/${team}/move`, { parent_id: to });
    expect(moved.body).toMatchObject({ id: team, parent_id: to, level: 3 });
    await sandbox.generate(ORDER, undefined, key);
    const settled = async (id: string) =>
      (await sandbox.admin("GET", `/accounts/${id}`)).body.settled;
    expect([await settled(from), await settled(to)]).toEqual(["0.005985", "0.005985"]);
    expect(await settled(team)).toBe("0.01197");
  });

  it("a move that makes no tree of one root is refused", async () => {
    const root = await create({});
    const team = await create({ parent_id: root });
    const project = await create({ parent_id: team });
    const other = await create({});
    const refused = async (id: string, parent: string) => {
      const { status, body } = await sandbox.admin("POST", `/accounts/${id}/move`, {
        parent_id: parent,
      });
      return [status, body.error.code, body.error.message];
    };
    expect(await refused(root, other)).toEqual([409, "conflict", expect.stringContaining("root")]);
    expect(await refused(team, other)).toEqual([409, "conflict", expect.stringContaining("under")]);
    expect(await refused(team, project)).toEqual([
      409,
      "conflict",
      expect.stringContaining("below it"),
    ]);
    expect(await refused("acct_none", root)).toEqual([404, "not_found", expect.any(String)]);
    expect(await refused(team, "acct_none")).toEqual([404, "not_found", expect.any(String)]);
  });

  it("only a root is prepaid or has house limits; what stands below spends from it", async () => {
    const root = await create({ prepaid: true, house_limits: { vendor_cost_per_day: "1" } });
    const below = { name: "a", parent_id: root };
    for (const [more, param] of [
      [{ prepaid: true }, "prepaid"],
      [{ house_limits: { exposure_per_hour: "1" } }, "house_limits"],
    ] as const) {
      const { status, body } = await sandbox.admin("POST", "/accounts", { ...below, ...more });
      expect([status, body.error.code, body.error.param]).toEqual([400, "invalid_value", param]);
    }
    const team = await create({ parent_id: root });
    expect(
      (await change(team, { house_limits: { exposure_per_hour: "1" } })).body.error.param,
    ).toBe("house_limits");
    const funded = await sandbox.admin("POST", `/accounts/${team}/fund`, { amount: "1" });
    expect(funded.body.error).toMatchObject({ code: "conflict" });
    expect(funded.body.error.message).toContain(`fund ${root}`);
  });
});

describe("a refusal names the limit; what an account above has left is for its own keys", () => {
  it("402 with required and available, without available for keys further down", async () => {
    const root = await create({ limits: { day: "0.01" } });
    const team = await create({ parent_id: root });
    const [rootKey, teamKey] = [await keyOn(root), await keyOn(team)];
    expect((await sandbox.generate(ORDER, undefined, teamKey)).status).toBe(200);
    const own = (await sandbox.generate(ORDER, undefined, rootKey)).body.error;
    // 0.01 - 0.005985
    expect(own).toMatchObject({ limit: "day", required: CEILING, available: "0.004015" });
    const hidden = (await sandbox.generate(ORDER, undefined, teamKey)).body.error;
    expect(hidden).toMatchObject({ code: "budget_exceeded", limit: "day", required: CEILING });
    expect(hidden).not.toHaveProperty("available");
    expect(JSON.stringify(hidden)).not.toContain("0.004015");
    expect(hidden.message).toContain("an account above yours");
  });

  it("a key's own limit is named as the key's", async () => {
    const account = await create({});
    const key = await keyOn(account, { limits: { total: "0.001" } });
    const { error } = (await sandbox.generate(ORDER, undefined, key)).body;
    expect(error).toMatchObject({ limit: "total", required: CEILING, available: "0.001" });
    expect(error.message).toContain("the total limit of this key");
  });

  it("house limits refuse every key of the root with 429, without amounts", async () => {
    const root = await create({ house_limits: { vendor_cost_per_month: "0.006" } });
    const team = await create({ parent_id: root });
    const answer = await sandbox.generate(ORDER, undefined, await keyOn(team));
    expect([answer.status, answer.body.error.code]).toEqual([429, "vendor_cost_limit"]);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.body.error).not.toHaveProperty("available");
    await change(root, { house_limits: { vendor_cost_per_month: null } });
    expect((await sandbox.generate(ORDER, undefined, await keyOn(team))).status).toBe(200);
  });
});

describe("a change is a merge patch", () => {
  it("what is left out stays, null takes away, objects are merged", async () => {
    const id = await create({
      limits: { day: "1", month: "9" },
      auto_as: { quality: "low", size: "1024x1024" },
      margin: { basis_points: 500 },
    });
    const { body } = await change(id, {
      name: "renamed",
      limits: { day: null, total: "20.50" },
      auto_as: { size: null },
      margin: { fixed: "0.01" },
    });
    expect(body).toMatchObject({
      name: "renamed",
      limits: { month: "9", total: "20.5" },
      auto_as: { quality: "low" },
      margin: { basis_points: 500, fixed: "0.01" },
    });
    const cleared = (await change(id, { limits: null, auto_as: { quality: null }, margin: null }))
      .body;
    expect(cleared).toMatchObject({ limits: {}, auto_as: null, margin: null, name: "renamed" });
  });

  it("a word that people know changes the same limit", async () => {
    const id = await create({ max_budget: "30", budget_duration: "1mo" });
    const { body } = await change(id, { max_budget: "50", budget_duration: "1mo" });
    expect(body.limits).toEqual({ month: "50" });
    const put = await sandbox.admin("PUT", `/accounts/${id}/limits`, { daily: "2" });
    expect(put.body.limits).toEqual({ day: "2" });
  });

  it.each([
    [{ limits: { hour: "1" } }, "limits.hour"],
    [{ limits: { day: 10 } }, "limits.day"],
    [{ max_budget: "1", budget_duration: "30d" }, "budget_duration"],
    [{ margin: { basis_points: 100_001 } }, "margin.basis_points"],
    [{ margin: { percent: 5 } }, "margin.percent"],
    [{ auto_as: { quality: "hihg" } }, "auto_as.quality"],
    [{ auto_as: { size: "auto" } }, "auto_as.size"],
    [{ auto_as: { size: "17x17" } }, "auto_as.size"],
    [{ allowed_models: ["gpt-image-2"] }, "allowed_models"],
    [{ rate_limit: { requests_per_minute: 1 } }, "rate_limit"],
    [{ prepaid: true }, "prepaid"],
    [{ parent_id: "acct_x" }, "parent_id"],
    [{ name: "\ud800" }, "name"],
  ])("%j is invalid_value of %s, and changes nothing", async (body, param) => {
    const id = await create({ limits: { day: "1" } });
    const before = (await sandbox.admin("GET", `/accounts/${id}`)).body;
    const answer = await change(id, body);
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_value"]);
    expect(answer.body.error.param).toBe(param);
    expect((await sandbox.admin("GET", `/accounts/${id}`)).body).toEqual(before);
  });

  it.each([
    ["GET", "/accounts/acct_none", undefined],
    ["GET", "/accounts?below=acct_none", undefined],
    ["PATCH", "/accounts/acct_none", { name: "b" }],
    ["PUT", "/accounts/acct_none/limits", {}],
    ["POST", "/accounts/acct_none/fund", { amount: "1" }],
    ["GET", "/keys?account_id=acct_none", undefined],
    ["POST", "/keys", { account_id: "acct_none", name: "k" }],
    ["POST", "/accounts", { parent_id: "acct_none", name: "k" }],
  ])("%s %s: 404", async (method, path, body) => {
    const answer = await sandbox.admin(method, path, body);
    expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
  });

  it("is journalled with actor, before and after", async () => {
    const id = await create({ limits: { day: "1" } });
    await change(id, { limits: { day: "2" }, auto_as: { quality: "low" } });
    const database = new DatabaseSync(join(sandbox.home, "sandbox.sqlite"), { readOnly: true });
    const texts = database
      .prepare("SELECT text FROM entries WHERE root = ? ORDER BY sequence")
      .all(id)
      .map((row) => JSON.parse(String(row["text"])));
    database.close();
    // Picodollars: 1 and 2 USD.
    expect(texts.slice(1)).toMatchObject([
      {
        kind: "limit",
        actor: "command_line",
        before: { day: "1000000000000" },
        limits: { day: "2000000000000" },
      },
      {
        kind: "account",
        actor: "command_line",
        before: { settings: {} },
        after: { settings: { autoAs: { quality: "low" } } },
      },
    ]);
  });
});

describe("a receipt", () => {
  it("is shown to the paying account's keys and to those above, not beside or below", async () => {
    const root = await create({});
    const [team, other] = [await create({ parent_id: root }), await create({ parent_id: root })];
    const project = await create({ parent_id: team });
    const { body } = await sandbox.generate(ORDER, undefined, await keyOn(team));
    const path = `/v1/receipts/${body.usage.cost_details.receipt_id}`;
    for (const [account, status] of [
      [team, 200],
      [root, 200],
      [other, 404],
      [project, 404],
    ] as const) {
      expect((await sandbox.get(path, await keyOn(account))).status).toBe(status);
    }
  });
});
