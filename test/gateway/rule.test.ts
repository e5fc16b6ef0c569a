import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "./sandbox.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ environment: { SPOTMETER_AS_OF: "2026-12-02" } });
});
afterAll(() => sandbox.close());

async function get(path: string, key = sandbox.apiKey) {
  const response = await fetch(`${sandbox.gateway.url}${path}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer as it came
  return { status: response.status, body: (await response.json()) as any };
}

describe("GET /v1/rule", () => {
  it("reads the catalog as of this gateway's day, with every model", async () => {
    const { status, body } = await get("/v1/rule?sizes=1024x1024&references=0&n=1");
    expect(status).toBe(200);
    expect([body.object, body.as_of, body.by, body.families]).toEqual([
      ...["rule", "2026-12-02", "evidence", "all"],
    ]);
    expect(body.cells[0]).toMatchObject({
      ...{ band: "draft", references: 0, size: "1024x1024", n: 1 },
      // 21 x 0.000005 + 196 x 0.00003
      ...{ model: "gpt-image-2", quality: "low", total: "0.005985" },
    });
  });

  it("another day and other families are asked for by name; the sentences come with their verdicts", async () => {
    const path = "/v1/rule?as_of=2026-06-19&families=article&by=tier&sizes=1024x1024&n=1";
    const { body } = await get(path);
    expect(body.claims.find(({ id }: { id: string }) => id === "crossover-1000").verdict).toBe(
      "holds",
    );
    const [flip] = body.crossovers.filter(
      ({ kind, a, b }: Record<string, string>) =>
        kind === "references" && a === "gpt-image-2" && b === "seedream-4-0",
    );
    expect([flip.at, flip.before.cost_a, flip.cost_a, flip.cost_b]).toEqual([
      ...[3, "0.022379", "0.030576", "0.03"],
    ]);
    expect((await get(path)).body).toEqual(body);
  });

  it("is for whoever holds a key", async () => {
    expect((await get("/v1/rule", "sk-nobody")).status).toBe(401);
    expect((await get("/v1/frontier", "sk-nobody")).status).toBe(401);
  });

  it.each([
    ["/v1/rule?by=votes", "by", "must be tier or evidence"],
    ["/v1/rule?size=1K", "size", "unknown parameter: size"],
    ["/v1/rule?n=1&n=4", "n", "more than once"],
    ["/v1/rule?references=1,2,3,4,5,6,7,8,9", "references", "9 values; at most 8"],
    ["/v1/frontier?as_of=2026-13-01", "as_of", "must be a day"],
  ])("%s is refused by name", async (path, param, says) => {
    const { status, body } = await get(path);
    expect([status, body.error.param]).toEqual([400, param]);
    expect(body.error.message).toContain(says);
  });
});

describe("GET /v1/frontier", () => {
  it("gives cost against rating, and what dominates what", async () => {
    const { body } = await get("/v1/frontier?mode=edit&references=3");
    expect([body.object, body.mode, body.board.id]).toEqual(["frontier", "edit", "arena-edit"]);
    expect(body.points.at(-1)).toMatchObject({
      ...{ model: "gpt-image-2", quality: "high", at_least: true, on_frontier: false },
      dominated_by: { model: "gpt-image-2", quality: "medium", total: "0.077376" },
    });
  });
});
