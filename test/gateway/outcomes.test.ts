import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";
import { type SeededHome, seedHome } from "./seeded-home.ts";

/** Whether pictures were kept: who may say so, what is refused, and what usage and comparisons make of it. */

const LOW = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
const FLAT = { model: "seedream-4-0", prompt: MUG, size: "1024x1024" };

let home: SeededHome;
let sandbox: Sandbox;
beforeAll(async () => {
  home = await seedHome({
    ...{ shop: {}, team: { below: "shop" }, other: {} },
    ...{ figures: {}, desk: { below: "figures" } },
  });
  sandbox = await startSandbox({ home: home.home });
});
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

async function post(path: string, body: unknown, key: string) {
  const response = await fetch(`${sandbox.gateway.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  return { status: response.status, body: (await response.json()) as any };
}

const keyOf = (name: string) => home.of(name).key;
const judge = (id: string, body: unknown, name = "shop") =>
  post(`/v1/receipts/${id}/outcome`, body, keyOf(name));

async function make(name: string, body: object = LOW, emulate?: string): Promise<string> {
  const answer = await sandbox.generate(body, emulate, keyOf(name));
  return answer.headers.get("x-receipt-id") ?? "";
}

async function refused(answer: Promise<{ status: number; body: { error: object } }>) {
  const { status, body } = await answer;
  const { code, param, message } = body.error as { code: string; param: string; message: string };
  return { status, code, param, message };
}

describe("POST /v1/receipts/{id}/outcome", () => {
  it("notes whether a picture was kept; the receipt shows what counts, and the bill stays", async () => {
    const id = await make("shop");
    const before = await sandbox.get(`/v1/receipts/${id}`, keyOf("shop"));
    expect(before.body.outcomes).toEqual([]);
    const answer = await judge(id, { image: 0, kept: false, reason: "off-colour" });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        ...{ object: "outcomes", receipt_id: id, posted: 1, unchanged: 0 },
        outcomes: [{ image: 0, kept: false, reason: "off-colour" }],
      },
    });
    expect((await judge(id, { image: 0, kept: true })).body).toMatchObject({ posted: 1 });
    expect((await judge(id, { image: 0, kept: true })).body).toMatchObject({
      ...{ posted: 0, unchanged: 1 },
    });
    const { body } = await sandbox.get(`/v1/receipts/${id}`, keyOf("shop"));
    expect(body.outcomes).toEqual([
      { image: 0, kept: true, reason: null, created: expect.any(Number) },
    ]);
    const { outcomes: _, ...rest } = body;
    expect({ ...rest, outcomes: [] }).toEqual(before.body);
    const house = await sandbox.admin("GET", `/receipts/${id}`);
    expect(house.body.outcomes).toMatchObject([{ actor: home.of("shop").keyId, revision: 2 }]);
  });

  it("takes several pictures at once, all or none", async () => {
    const id = await make("shop", { ...LOW, n: 3 });
    const wrong = [
      { image: 0, kept: true },
      { image: 3, kept: true },
    ];
    expect(await refused(judge(id, { outcomes: wrong }))).toEqual({
      ...{ status: 400, code: "no_such_image", param: "image" },
      message: `image=3: receipt ${id} delivered pictures 0 to 2`,
    });
    const right = [
      { image: 0, kept: true },
      { image: 2, kept: false, reason: null },
    ];
    const answer = await judge(id, { outcomes: right });
    expect(answer.body).toMatchObject({ posted: 2, outcomes: [{ image: 0 }, { image: 2 }] });
  });

  it("is for keys of the account that paid and of those above it; others' receipts aren't there", async () => {
    const id = await make("team");
    expect((await judge(id, { image: 0, kept: true }, "shop")).status).toBe(200);
    const shops = await make("shop");
    for (const [receipt, name] of [
      [id, "other"],
      [shops, "team"],
      ["rcpt_none", "shop"],
    ] as const) {
      expect(await refused(judge(receipt, { image: 0, kept: true }, name))).toMatchObject({
        ...{ status: 404, code: "not_found" },
      });
    }
    expect((await post(`/v1/receipts/${id}/outcome`, { image: 0, kept: true }, "x")).status).toBe(
      401,
    );
  });

  it("is refused where no picture was delivered", async () => {
    const id = await make("shop", LOW, "moderation");
    expect(await refused(judge(id, { image: 0, kept: true }))).toMatchObject({
      ...{ status: 409, code: "not_settled", param: "receipt_id" },
    });
  });

  it.each<{ law: string; body: unknown; param: string | null; says: string }>([
    { law: "no picture", body: { kept: true }, param: "image", says: "from 0" },
    {
      law: "a picture below 0",
      body: { image: -1, kept: true },
      param: "image",
      says: "0 or more",
    },
    { law: "half a picture", body: { image: 0.5, kept: true }, param: "image", says: "whole" },
    { law: "no verdict", body: { image: 0 }, param: "kept", says: "true or false" },
    { law: "a verdict in words", body: { image: 0, kept: "yes" }, param: "kept", says: "true or" },
    {
      law: "a reason in prose",
      body: { image: 0, kept: false, reason: "The mug, it looks odd!" },
      ...{ param: "reason", says: "such as off-colour" },
    },
    {
      law: "a reason of 65 characters",
      body: { image: 0, kept: false, reason: "a".repeat(65) },
      ...{ param: "reason", says: "at most 64 characters" },
    },
    {
      law: "a field of ours",
      body: { image: 0, kept: true, why: "" },
      param: "why",
      says: "unknown",
    },
    { law: "no list", body: { outcomes: [] }, param: "outcomes", says: "names none" },
    {
      law: "a bad one in a list",
      body: { outcomes: [{ image: 0, kept: true }, { image: 1 }] },
      ...{ param: "outcomes.1.kept", says: "true or false" },
    },
    {
      law: "a picture twice",
      body: {
        outcomes: [
          { image: 0, kept: true },
          { image: 0, kept: false },
        ],
      },
      ...{ param: "outcomes.1.image", says: "outcomes.0 says something of this picture already" },
    },
    { law: "no object", body: [], param: null, says: "body" },
  ])("$law is refused by its field", async ({ body, param, says }) => {
    const id = await sharedReceipt();
    const told = await refused(judge(id, body));
    expect(told).toMatchObject({ status: 400, code: "invalid_value", param });
    expect(told.message).toContain(says);
    expect((await sandbox.get(`/v1/receipts/${id}`, keyOf("shop"))).body.outcomes).toEqual([]);
  });
});

let shared: Promise<string> | undefined;
function sharedReceipt(): Promise<string> {
  shared ??= make("shop");
  return shared;
}

describe("POST /v1/outcomes", () => {
  it("notes many receipts, or says everything that is wrong before any is noted", async () => {
    const [one, two, others] = [await make("shop"), await make("team"), await make("other")];
    const lost = await make("shop", LOW, "moderation");
    const outcomes = [
      { receipt_id: one, image: 0, kept: true },
      { receipt_id: others, image: 0, kept: true },
      { receipt_id: two, image: 1, kept: true },
      { receipt_id: lost, image: 0, kept: false },
      { receipt_id: one, image: 0, kept: false },
    ];
    const dry = await post("/v1/outcomes", { outcomes, dry_run: true }, keyOf("shop"));
    expect(dry.body).toMatchObject({ dry_run: true, outcomes: 5, posted: 0, unchanged: 0 });
    const told = dry.body.problems.map((problem: Record<string, unknown>) => [
      ...[problem["index"], problem["receipt_id"], problem["status"], problem["code"]],
    ]);
    expect(told).toEqual([
      [1, others, 404, "not_found"],
      [2, two, 400, "no_such_image"],
      [3, lost, 409, "not_settled"],
      [4, one, 400, "invalid_value"],
    ]);
    expect(await refused(post("/v1/outcomes", { outcomes }, keyOf("shop")))).toMatchObject({
      ...{ status: 404, code: "not_found", param: "outcomes.1.receipt_id" },
      message: expect.stringMatching(/and 3 more; dry_run says all of them\); nothing was noted$/),
    });
    const receipt = await sandbox.get(`/v1/receipts/${one}`, keyOf("shop"));
    expect(receipt.body.outcomes).toEqual([]);
    const right = [outcomes[0], { receipt_id: two, image: 0, kept: false, reason: "blurred" }];
    const noted = await post("/v1/outcomes", { outcomes: right }, keyOf("shop"));
    expect(noted.body).toMatchObject({ posted: 2, unchanged: 0, problems: [] });
    // The administration may judge what anybody paid, and posts nothing twice either.
    const all = [...right, { receipt_id: others, image: 0, kept: true }];
    const house = await sandbox.admin("POST", "/outcomes", { outcomes: all });
    expect(house.body).toMatchObject({ posted: 1, unchanged: 2 });
    const judged = await sandbox.admin("POST", `/receipts/${others}/outcome`, {
      ...{ image: 0, kept: false },
    });
    expect(judged.body).toMatchObject({ posted: 1, outcomes: [{ kept: false }] });
  });
});

describe("figures of kept pictures", () => {
  /** 30 pictures of one call a time, `kept` of them kept; gpt-image-2 low costs 0.005985, seedream-4-0 0.03. */
  async function thirty(body: object, kept: number) {
    const made = await Promise.all(Array.from({ length: 30 }, () => make("desk", body)));
    const outcomes = made.map((receipt_id, index) => ({
      receipt_id,
      image: 0,
      kept: index < kept,
    }));
    expect((await post("/v1/outcomes", { outcomes }, keyOf("desk"))).body.posted).toBe(30);
  }

  beforeAll(async () => {
    await thirty(LOW, 27);
    await thirty(FLAT, 30);
    // One more of another quality, kept: too few to say anything.
    const id = await make("desk", { ...LOW, quality: "medium" });
    await judge(id, { image: 0, kept: true }, "desk");
  });

  it("stand in every row of usage: from 30 outcomes a share and a price with intervals, else not known", async () => {
    const { body } = await sandbox.get("/v1/usage?by=model,quality_billed", keyOf("figures"));
    // 30 x 0.005985 = 0.17955; / 27 = 0.00665; 0.17955 / (30 x 0.978883) = 0.0061141117…, downwards;
    // 0.17955 / (30 x 0.734711) = 0.0081460601…, upwards. The same share of seedream's 30 x 0.03 = 0.9.
    expect(body.data).toMatchObject([
      {
        ...{ model: "gpt-image-2", quality_billed: "low", outcomes: 30, kept: 27 },
        ...{ kept_share: "0.9", kept_share_low: "0.734711", kept_share_high: "0.978883" },
        price_per_kept: "0.00665",
        ...{ price_per_kept_low: "0.006114111696", price_per_kept_high: "0.008146060152" },
      },
      {
        ...{ model: "gpt-image-2", quality_billed: "medium", outcomes: 1, kept: 1 },
        ...{ kept_share: null, price_per_kept: null, price_per_kept_high: null },
      },
      {
        ...{ model: "seedream-4-0", outcomes: 30, kept: 30, kept_share: "1" },
        // 0.9 / (30 x 0.884296) = 0.0339252919…
        ...{ price_per_kept: "0.03", price_per_kept_low: "0.03" },
        price_per_kept_high: "0.033925291984",
      },
    ]);
    expect(body.total).toMatchObject({ outcomes: 61, kept: 58 });
  });

  type Entry = { model: string; quality: string | null; rank: number | null; own_outcomes: object };
  const nameOf = ({ model, quality }: Entry) => (quality === null ? model : `${model}:${quality}`);
  const compare = (query: string) =>
    post(`/v1/images/compare${query}`, { prompt: MUG, size: "1024x1024" }, keyOf("figures"));

  it("stand beside a candidate's rating and leave the ranking by price as it is", async () => {
    const { body } = await compare("");
    const others = await post(
      "/v1/images/compare",
      { prompt: MUG, size: "1024x1024" },
      keyOf("other"),
    );
    const ranks = (of: { models: Entry[] }) =>
      of.models.map((entry) => [nameOf(entry), entry.rank]);
    expect(ranks(body)).toEqual(ranks(others.body));
    expect(body).toMatchObject({ ranked_by: "price" });
    expect(body.own_outcomes_are).toMatch(/^measured from your own outcomes:.* no rating enters$/);
    const found = Object.fromEntries(body.models.map((entry: Entry) => [nameOf(entry), entry]));
    expect(found["gpt-image-2:low"].own_outcomes).toMatchObject({
      ...{ outcomes: 30, kept: 27, price_per_kept: "0.00665" },
    });
    expect(found["gpt-image-2:medium"].own_outcomes).toMatchObject({
      ...{ outcomes: 1, kept: 1, price_per_kept: null },
    });
    expect(found["gpt-image-2:high"].own_outcomes).toBeNull();
    // Somebody else knows of his own one picture, and of nobody's here.
    const [theirs, ...more] = others.body.models.flatMap(
      (entry: Entry) => entry.own_outcomes ?? [],
    );
    expect([theirs, more]).toMatchObject([{ outcomes: 1 }, []]);
  });

  it("rank where they are asked to: by price per kept picture, unknown ones after, by price", async () => {
    const { body } = await compare("?by=kept");
    const byPrice = (await compare("?by=price")).body.models.filter((entry: Entry) => entry.rank);
    const names = body.models.filter((entry: Entry) => entry.rank).map(nameOf);
    const known = ["gpt-image-2:low", "seedream-4-0"];
    expect(body.ranked_by).toBe("kept");
    expect(names).toEqual([
      ...known,
      ...byPrice.map(nameOf).filter((name: string) => !known.includes(name)),
    ]);
    expect(await refused(compare("?by=rating"))).toMatchObject({
      ...{ status: 400, code: "invalid_value", param: "by" },
    });
    expect(await refused(compare("?order=kept"))).toMatchObject({
      ...{ status: 400, code: "unknown_parameter", param: "order" },
    });
  });

  it("say in a what-if what a kept picture cost before and costs after, where both are known", async () => {
    const ask = async (body: object) =>
      (await post("/v1/what-if", body, keyOf("figures"))).body.levers.map(
        (lever: { own_outcomes: object; quality: string; text: string }) => lever,
      );
    const [, low] = (await ask({ model: "seedream-4-0" })).toSorted(
      (one: { quality: string }, other: { quality: string }) =>
        one.quality < other.quality ? 1 : -1,
    );
    expect(low).toMatchObject({
      ...{ model: "gpt-image-2", quality: "low", requests: 30 },
      own_outcomes: {
        before: { outcomes: 30, kept: 27, price_per_kept: "0.00665" },
        after: { outcomes: 30, kept: 30, price_per_kept: "0.03" },
      },
    });
    expect(low.text).toMatch(/; per kept picture 0\.00665 → 0\.03 USD by your own outcomes$/);
    const [dearer] = await ask({ set: { quality: "medium" } });
    expect(dearer).toMatchObject({
      own_outcomes: { after: { outcomes: 1, kept: 1, price_per_kept: null } },
    });
    expect(dearer.text).not.toContain("per kept picture");
    const [other] = await ask({ set: { size: "1024x1536" } });
    expect(other.own_outcomes).toBeNull();
  });
});
