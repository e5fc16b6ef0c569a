import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { BY_TOKENS, FLAT, hashOf, type Row, rows, runClient } from "./run-client.ts";
import { MUG, type Sandbox, startSandbox, until } from "./sandbox.ts";

/** A run over HTTP: every row has one end, none is paid twice, and the cap holds. */

let sandbox: Sandbox;
beforeAll(async () => {
  const pauses = { firstMs: 1, longestMs: 1, triesMax: 3 };
  sandbox = await startSandbox({ pauses, environment: { VENDOR_TIMEOUT_MS: "3000" } });
});
afterAll(() => sandbox.close());

/** A shop of its own with its key. */
async function shop(of: object = {}, funds?: string) {
  const { body: account } = await sandbox.admin("POST", "/accounts", { name: "shop", ...of });
  if (funds !== undefined) {
    await sandbox.admin("POST", `/accounts/${account.id}/fund`, { amount: funds });
  }
  const key = () => sandbox.admin("POST", "/keys", { account_id: account.id, name: "k" });
  const { body: made } = await key();
  const door = { url: sandbox.gateway.url, apiKey: made.key as string };
  return { ...runClient(door), key: made, anotherKey: async () => (await key()).body };
}

/** Makes a run, starts it and follows it to where it stands. */
async function ran(
  client: Awaited<ReturnType<typeof shop>>,
  all: readonly Row[],
  settings: object = {},
) {
  const { status, body } = await client.post("", { rows: all, settings, start: true });
  expect([status, body.error]).toEqual([201, undefined]);
  return { id: body.id as string, ...(await client.follow(body.id)) };
}

describe("a run of three rows", () => {
  it("is priced, carried out and paid, and its pictures can be fetched", async () => {
    const client = await shop();
    const made = await client.post("", { name: "mugs", file: "mugs.csv" });
    expect([made.status, made.body.state]).toEqual([201, "loading"]);
    const { id } = made.body;
    const loaded = await client.load(id, [...rows(2), { id: "m/1", order: BY_TOKENS }]);
    expect(loaded.body).toEqual({
      ...{ accepted: 3, added: 3, changed: 0, unchanged: 0 },
      missing_files: [],
    });
    // Twice 0.03, and 0.005985 of at most 0.006305.
    const ready = (await client.post(`/${id}/price`)).body;
    expect(ready).toMatchObject({ state: "ready", expected: "0.065985", ceiling: "0.066305" });
    expect((await client.post(`/${id}/start`)).status).toBe(200);
    const { run, rows: ended } = await client.follow(id);
    expect(run).toMatchObject({
      ...{ object: "run", state: "ended", stopped: null, name: "mugs", file: "mugs.csv" },
      ...{ rows: 3, images: 3, settled: "0.065985", held: "0", exposure: "0", emulated: true },
      ...{ counts: { waiting: 0, running: 0, done: 3 }, max_cost: null },
      remaining: { rows: 0, images: 0, expected: "0", ceiling: "0" },
    });
    expect(ended.get("m/1")).toMatchObject({
      ...{ state: "done", model: "gpt-image-2", quality: "low", charge: "0.005985", code: null },
      images: [{ index: 0, width: 1024, height: 1024, format: "png" }],
    });
    const picture = await client.picture(id, encodeURIComponent("m/1"));
    expect(hashOf(picture)).toBe(ended.get("m/1").images[0].sha256);
    const { receipt_id: receipt } = ended.get("r1");
    const answer = await sandbox.get(`/v1/receipts/${receipt}`, client.key.key);
    expect(answer.body).toMatchObject({ total: "0.03", run: { id, row: "r1" } });
  });

  it("is nobody else's, and doesn't start again once it has ended", async () => {
    const client = await shop();
    const { id } = await ran(client, rows(1));
    const other = await shop();
    expect((await other.get(`/${id}`)).status).toBe(404);
    expect((await other.post(`/${id}/start`)).status).toBe(404);
    expect((await client.post(`/${id}/start`)).body.error).toMatchObject({ code: "conflict" });
    expect((await client.get("")).body.data).toMatchObject([{ id, state: "ended" }]);
  });
});

describe("how rows end", () => {
  it("each by what became of its call; only unspent ones are tried again, and not for ever", async () => {
    const faults: Readonly<Record<string, Partial<Row>>> = {
      good: {},
      moderated: { order: BY_TOKENS, emulate: "moderation" },
      refused: { order: { model: "gemini-3-pro-image", prompt: MUG }, emulate: "no-image" },
      failed: { order: { model: "gemini-3-pro-image", prompt: MUG }, emulate: "failed" },
      unknown: { emulate: "cut" },
      busy: { emulate: "status=429" },
      blocked: { order: { ...FLAT, size: "10x10" } },
    };
    const client = await shop();
    await sandbox.forgetCalls();
    const all = Object.entries(faults).map(([id, more]) => ({ id, order: FLAT, ...more }));
    const { run, rows: ended } = await ran(client, all);
    const ends = [...ended.values()].map(({ id, state, code }) => [id, state, code]);
    expect(Object.fromEntries(ends.map(([id, ...end]) => [id, end.join(" ")]))).toEqual({
      good: "done ",
      moderated: "moderated moderation_blocked",
      refused: "refused no_image",
      failed: "failed vendor_failed",
      unknown: "unknown outcome_unknown",
      busy: "failed vendor_busy",
      blocked: "blocked unsupported_size",
    });
    expect(ended.get("moderated").categories).toEqual(["violence"]);
    expect(ended.get("blocked")).toMatchObject({ model: "seedream-4-0", param: "size" });
    expect(ended.get("unknown")).toMatchObject({ charge: "0", exposure: "0.03" });
    expect(run).toMatchObject({ state: "ended", settled: "0.03", exposure: "0.03" });
    expect(run.blocked).toMatchObject([{ code: "unsupported_size", rows: 1, ids: ["blocked"] }]);
    const busy = (await sandbox.calls()).filter(({ status }) => status === 429);
    expect(busy.length).toBe(3);
  });

  it("a row of which nobody knows what became is tried again only if that is asked for, and both count", async () => {
    const client = await shop();
    const unknown: Row[] = [
      { id: "u", order: FLAT, emulate: "cut" },
      { id: "last", order: { ...FLAT, prompt: "last" } },
    ];
    // 0.03 exposed, and 0.03 more would pass 0.05.
    const { id, run } = await ran(client, unknown, { max_cost: "0.05" });
    expect(run).toMatchObject({ state: "stopped", exposure: "0.03", settled: "0" });
    expect(run.stopped).toMatchObject({ reason: "cap", row: "last", available: "0.02" });
    await client.post(`/${id}/start`, { max_cost: "0.09", retry_unknown: true });
    const again = await client.follow(id);
    // Cut once more: twice 0.03 exposed, and 0.03 for the last one.
    expect(again.run).toMatchObject({ state: "ended", exposure: "0.06", settled: "0.03" });
    expect(again.run.settings.retry_unknown).toBe(false);
  });

  it("a row that failed is tried again only if that is asked for", async () => {
    const client = await shop();
    await sandbox.forgetCalls();
    const turnedAway = async () =>
      (await sandbox.calls()).filter(({ status }) => status === 429).length;
    const all: Row[] = [
      { id: "busy", order: FLAT, emulate: "status=429" },
      { id: "good", order: FLAT },
    ];
    const { id, run } = await ran(client, all);
    expect(run).toMatchObject({ state: "ended", counts: { done: 1, failed: 1 } });
    expect(await turnedAway()).toBe(3);
    // The same file once more: nothing in it waits.
    await client.post("", { id });
    await client.load(id, all);
    expect((await client.post(`/${id}/price`)).body.remaining.rows).toBe(0);
    await client.post(`/${id}/start`, { retry_failed: true });
    const again = await client.follow(id);
    expect(again.run).toMatchObject({ state: "ended", settled: "0.03", exposure: "0" });
    expect(again.run.counts).toMatchObject({ done: 1, failed: 1 });
    expect(await turnedAway()).toBe(6);
    expect(again.run.settings.retry_failed).toBe(false);
  });
});

describe("max_cost", () => {
  it("stops before the row that doesn't fit, and says which; the rest goes on under another", async () => {
    const client = await shop();
    // Three at 0.03 of 0.10: 0.01 is left.
    const { id, run } = await ran(client, rows(5), { max_cost: "0.10" });
    expect(run).toMatchObject({ state: "stopped", settled: "0.09", held: "0", max_cost: "0.1" });
    expect(run.stopped).toMatchObject({
      ...{ reason: "cap", limit: "max_cost", row: "r4", required: "0.03", available: "0.01" },
    });
    expect(run.counts).toMatchObject({ done: 3, waiting: 2 });
    expect(run.remaining).toMatchObject({ rows: 2, ceiling: "0.06" });
    await client.post(`/${id}/start`, { max_cost: "0.15" });
    const rest = await client.follow(id);
    expect(rest.run).toMatchObject({ state: "ended", settled: "0.15", images: 5, stopped: null });
  });

  it("what calls on their way give back is waited for: as many rows run as fit one after another", async () => {
    const client = await shop();
    // Two charges of 0.005985 leave 0.00633 of 0.0183, and a third ceiling of 0.006305 fits; then 0.000345 are left.
    const { run } = await ran(client, rows(5, BY_TOKENS), { max_cost: "0.0183", concurrency: 5 });
    expect(run).toMatchObject({ settled: "0.017955", counts: { done: 3, waiting: 2 } });
    expect(run.stopped).toMatchObject({ row: "r4", required: "0.006305", available: "0.000345" });
  });

  it("a budget that ends stops the run as well, and names the limit", async () => {
    const client = await shop({ prepaid: true }, "0.07");
    const { run } = await ran(client, rows(4));
    expect(run).toMatchObject({ state: "stopped", settled: "0.06", counts: { waiting: 2 } });
    expect(run.stopped).toMatchObject({
      ...{ reason: "budget", limit: "prepaid", row: "r3", required: "0.03", available: "0.01" },
    });
  });
});

describe("a run stands and goes on", () => {
  it("after a sample, for a look", async () => {
    const client = await shop();
    const { id, run } = await ran(client, rows(4), { sample: 2 });
    expect(run).toMatchObject({ state: "sampled", settled: "0.06", counts: { waiting: 2 } });
    await client.post(`/${id}/start`);
    expect((await client.follow(id)).run).toMatchObject({ state: "ended", settled: "0.12" });
  });

  it("paused, with what was sent brought to its end; only one of two starts gets it", async () => {
    const client = await shop();
    const slow = rows(4, FLAT, { emulate: "slow=400" });
    await sandbox.forgetCalls();
    const made = await client.post("", { rows: slow, settings: { concurrency: 2 }, start: true });
    const { id } = made.body;
    await until(async () => (await sandbox.calls()).length === 2);
    const busy = await client.post(`/${id}/start`);
    expect([busy.status, busy.body.error.code]).toEqual([409, "run_busy"]);
    expect(busy.body.error.process).toMatch(/^proc_/);
    const paused = await client.post(`/${id}/pause`);
    expect(paused.body).toMatchObject({ state: "paused", stopped: { reason: "paused" } });
    const { run } = await client.follow(id);
    expect(run).toMatchObject({ state: "paused", counts: { done: 2, waiting: 2, running: 0 } });
    const start = async () => (await client.post(`/${id}/start`)).status;
    let statuses: number[] = [];
    // The engine that paused has given the run up a moment after its last row.
    await until(async () => {
      statuses = await Promise.all([start(), start()]);
      return statuses.includes(200);
    });
    expect(statuses.toSorted()).toEqual([200, 409]);
    expect((await client.follow(id)).run).toMatchObject({ state: "ended", settled: "0.12" });
    expect(await sandbox.calls()).toHaveLength(4);
  });

  it("cancelled: what waits is skipped, and never asked for", async () => {
    const client = await shop();
    const { id } = await ran(client, rows(4), { sample: 1 });
    const cancelled = await client.post(`/${id}/cancel`);
    expect(cancelled.body).toMatchObject({ state: "cancelled", settled: "0.03" });
    expect(cancelled.body.counts).toMatchObject({ done: 1, skipped: 3 });
    expect((await client.post(`/${id}/start`)).status).toBe(409);
  });

  it("with its key revoked it stops; another key of the account takes it on", async () => {
    const client = await shop();
    const slow = rows(3, FLAT, { emulate: "slow=300" });
    await sandbox.forgetCalls();
    const made = await client.post("", { rows: slow, settings: { concurrency: 1 }, start: true });
    await until(async () => (await sandbox.calls()).length === 1);
    const other = await client.anotherKey();
    await sandbox.admin("DELETE", `/keys/${client.key.id}`);
    const second = runClient({ url: sandbox.gateway.url, apiKey: other.key });
    const { run } = await second.follow(made.body.id);
    expect(run).toMatchObject({ state: "stopped", stopped: { reason: "key" } });
    expect(run.counts).toMatchObject({ done: 1, waiting: 2 });
    await second.post(`/${run.id}/start`);
    expect((await second.follow(run.id)).run).toMatchObject({ state: "ended", settled: "0.09" });
  });
});

describe("a run is revised", () => {
  it("only rows whose content changed run again; removed ones are skipped, and their money counts", async () => {
    const client = await shop();
    const { id } = await ran(client, rows(3));
    await sandbox.forgetCalls();
    const [first, second] = rows(3);
    const changed = { id: "r2", order: { ...second?.order, prompt: "another brand" } };
    const made = await client.post("", { id });
    expect(made.body).toMatchObject({ id, state: "loading" });
    const loaded = await client.load(id, [...(first === undefined ? [] : [first]), changed]);
    expect(loaded.body).toMatchObject({ added: 0, changed: 1, unchanged: 1 });
    const ready = (await client.post(`/${id}/price`)).body;
    expect(ready).toMatchObject({ rows: 2, removed: 1, remaining: { rows: 1, ceiling: "0.03" } });
    await client.post(`/${id}/start`);
    const { run } = await client.follow(id);
    // Four calls at 0.03 in all, one of them for a row that is no more.
    expect(run).toMatchObject({ state: "ended", settled: "0.12", counts: { done: 2, skipped: 1 } });
    expect(await sandbox.calls()).toHaveLength(1);
  });
});

describe("dedupe", () => {
  it("equal rows share one picture and one charge; without it they are as many pictures", async () => {
    const client = await shop();
    const all = ["a", "b", "c"].map((id) => ({ id, order: FLAT }));
    const other = { id: "d", order: { ...FLAT, prompt: "another" } };
    const { id, run, rows: ended } = await ran(client, [...all, other], { dedupe: true });
    expect(run).toMatchObject({ settled: "0.06", counts: { done: 4 } });
    expect(ended.get("c")).toMatchObject({
      ...{ shared_with: "a", charge: "0", receipt_id: ended.get("a").receipt_id },
    });
    expect(await client.picture(id, "c")).toEqual(await client.picture(id, "a"));
    expect((await ran(client, all)).run).toMatchObject({ settled: "0.09" });
  });
});

describe("pictures to work on", () => {
  it("are put once, by their hash, and used by every row that names them", async () => {
    const client = await shop();
    const source = await ran(client, rows(1));
    const picture = Buffer.from(await client.picture(source.id, "r1"));
    const hash = hashOf(picture);
    const { id } = (await client.post("", {})).body;
    const order = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
    const edits = ["e1", "e2"].map((row) => ({ id: row, order, images: [`sha256:${hash}`] }));
    expect((await client.load(id, edits)).body.missing_files).toEqual([hash]);
    const early = await client.post(`/${id}/price`);
    expect(early.body.error).toMatchObject({ param: "images", allowed: { missing_files: [hash] } });
    expect(await client.put(id, picture, "0".repeat(64))).toBe(400);
    expect(await client.put(id, Buffer.from("no picture"))).toBe(400);
    expect([await client.put(id, picture), await client.put(id, picture)]).toEqual([201, 200]);
    await client.post(`/${id}/start`);
    const { run, rows: ended } = await client.follow(id);
    expect(run).toMatchObject({ state: "ended", counts: { done: 2 } });
    const receipt = await sandbox.get(`/v1/receipts/${ended.get("e1").receipt_id}`, client.key.key);
    expect(receipt.body).toMatchObject({ surface: "edits", references: [{ sha256: hash }] });
  });
});

describe("bad rows", () => {
  it("are told all at once, and none of their request is taken", async () => {
    const client = await shop();
    const { id } = (await client.post("", {})).body;
    const bad = [
      { id: "good", order: FLAT },
      { id: "good", order: FLAT },
      { id: "a", order: { ...FLAT, sized: 1 } },
      { id: "b", order: { ...FLAT, stream: true } },
      { id: "c", order: { ...FLAT, image: "x" } },
      { id: "d", order: FLAT, images: ["file.png"] },
      { order: FLAT },
      { id: "e", order: { model: "seedream-4-0" } },
    ];
    const { status, body } = await client.load(id, bad as Row[]);
    expect([status, body.error.code]).toEqual([400, "invalid_value"]);
    const told = body.error.problems.map(
      ({ line, id: row, param }: Record<string, unknown>) => `${line} ${row} ${param}`,
    );
    expect(told).toEqual([
      "2 good id",
      "3 a sized",
      "4 b stream",
      "5 c image",
      "6 d images.0",
      "7 null id",
      "8 e prompt",
    ]);
    expect((await client.get(`/${id}`)).body.rows).toBe(0);
  });

  it("settings that can't be kept are refused before anything is made", async () => {
    const client = await shop({ retain: "none" });
    const refused = async (settings: object) =>
      (await client.post("", { settings })).body.error?.param;
    expect(await refused({})).toBe("settings.out");
    expect(await refused({ out: "s3://anybody/else" })).toBe("settings.out");
    expect(await refused({ max_cost: "0" })).toBe("settings.max_cost");
    expect(await refused({ concurrency: 0 })).toBe("settings.concurrency");
    expect(await refused({ speed: 1 })).toBe("settings.speed");
    expect((await client.get("")).body.data).toEqual([]);
  });
});

it("and the journal of all of it adds up", async () => {
  expect(await verify({ file: `${sandbox.home}/sandbox.sqlite` })).toMatchObject({
    ok: true,
    holds_open: 0,
  });
});
