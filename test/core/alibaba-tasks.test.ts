import { describe, expect, it } from "vitest";
import { alibabaVendor } from "../../src/vendors/alibaba/client.ts";
import { contentOf, run, task, type World } from "./alibaba-world.ts";
import { acceptedFor, callTo, fixture, sendJson, serve } from "./vendor-bench.ts";

const MESSAGES = "/api/v1/services/aigc/image-generation/generation";
const TASK = "/api/v1/tasks/task-1";

describe("a DashScope task", () => {
  /** Submits, then answers the polls in turn; the last one again and again. */
  function tasks(polls: (object | number)[], onCancel: object | number = 400): World["api"] {
    let poll = 0;
    return (request, response, origin) => {
      const reply = (answer: object | number): void =>
        typeof answer === "number"
          ? sendJson(response, answer, { code: "UnsupportedOperation", message: "no" })
          : sendJson(
              response,
              200,
              JSON.parse(JSON.stringify(answer).replaceAll("ORIGIN", origin)),
            );
      if (request.url.endsWith("/cancel")) return reply(onCancel);
      if (request.method === "POST") return reply(task("PENDING"));
      reply(polls[Math.min(poll, polls.length - 1)] ?? 500);
      poll += 1;
    };
  }
  const succeeded = {
    ...task("SUCCEEDED", { choices: [contentOf("ORIGIN/pictures/1")] }),
    usage: { image_count: 1 },
  };
  const MODEL = "wan2.7-image";

  it("is submitted, noted before its first poll, polled to its end and fetched", async () => {
    const events: string[] = [];
    const api = tasks([task("PENDING"), task("RUNNING"), succeeded]);
    const { outcome, whole, calls, seen } = await run({
      model: MODEL,
      noteTask: async (taskId) => {
        events.push(`noted ${taskId}`);
      },
      api: (request, response, origin) => {
        events.push(request.method);
        api(request, response, origin);
      },
    });
    expect(calls).toEqual([`POST ${MESSAGES}`, `GET ${TASK}`, `GET ${TASK}`, `GET ${TASK}`]);
    expect(events).toEqual(["POST", "noted task-1", "GET", "GET", "GET"]);
    expect(seen[0]?.headers["x-dashscope-async"]).toBe("enable");
    expect(seen[1]?.headers.authorization).toBe("Bearer test-key");
    expect(whole).toEqual(["/pictures/1"]);
    expect(outcome).toMatchObject({ kind: "made", images: 1 });
  });

  it("of the 3.0 family reports the tier of its pictures", async () => {
    const { body } = await fixture("alibaba/fixtures/task-three");
    const answer = JSON.parse(
      JSON.stringify(body).replaceAll("https://results.example", "ORIGIN/pictures"),
    );
    const { outcome } = await run({ model: "qwen-image-3.0-pro", api: tasks([answer]) });
    expect(outcome).toMatchObject({
      kind: "made",
      usage: {
        kind: "reported",
        items: [{ meter: "output_images", quantity: 1n, areaPixels: 4_194_304n }],
      },
    });
  });

  it("that failed in part delivers and bills what was made", async () => {
    const { body } = await fixture("alibaba/fixtures/task-partial");
    const answer = JSON.parse(
      JSON.stringify(body).replaceAll("https://results.example", "ORIGIN/pictures"),
    );
    const { outcome, whole } = await run({ model: "wan2.2-t2i-flash", n: 2, api: tasks([answer]) });
    expect(whole).toEqual(["/pictures/1.png"]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 1,
      usage: { kind: "reported", items: [{ meter: "output_images", quantity: 1n }] },
      answer: { perImage: [{ revised_prompt: "a matte blue ceramic mug on a table" }] },
      flags: ["images_fewer_than_asked"],
    });
  });

  it("A11: FAILED inside a 200 by moderation is refused and costs nothing", async () => {
    const { body } = await fixture("alibaba/fixtures/task-failed");
    const { outcome } = await run({ model: "wan2.2-t2i-flash", n: 4, api: tasks([body]) });
    expect(outcome).toMatchObject({
      kind: "refused",
      code: "moderation_blocked",
      status: 200,
      usageText: null,
    });
    expect(outcome).not.toHaveProperty("cost");
  });

  it("FAILED by anything else is failed", async () => {
    const failed = task("FAILED", { code: "InternalError.Timeout", message: "too slow" });
    expect((await run({ model: MODEL, api: tasks([failed]) })).outcome).toMatchObject({
      kind: "failed",
      code: "vendor_failed",
      message: "InternalError.Timeout: too slow",
    });
  });

  it("cancelled by somebody else is failed", async () => {
    const { outcome } = await run({ model: MODEL, api: tasks([task("CANCELED")]) });
    expect(outcome).toMatchObject({ kind: "failed", code: "vendor_failed" });
  });

  it("whose polls fail for a while is asked again", async () => {
    const { outcome } = await run({ model: MODEL, api: tasks([500, 429, 503, succeeded]) });
    expect(outcome.kind).toBe("made");
  });

  it("that the vendor no longer knows is unknown, after three times", async () => {
    const { outcome, calls } = await run({ model: MODEL, api: tasks([task("UNKNOWN")]) });
    expect(outcome).toMatchObject({ kind: "unknown", why: "unreadable" });
    expect(calls).toHaveLength(4);
  });

  it("whose submission is refused is judged by the code", async () => {
    const { outcome, calls } = await run({
      model: MODEL,
      api: (_request, response) =>
        sendJson(response, 429, { code: "Throttling.RateQuota", message: "slow down" }),
    });
    expect(outcome).toMatchObject({ kind: "unspent", why: "throttled", status: 429 });
    expect(calls).toHaveLength(1);
  });

  it("without an id can't be followed: unknown", async () => {
    const { outcome } = await run({
      model: MODEL,
      api: (_request, response) => sendJson(response, 200, { output: { task_status: "PENDING" } }),
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "unreadable" });
  });

  describe("that is given up at our deadline is cancelled first", () => {
    it.each([
      { law: "cancelled is unspent", after: task("CANCELED"), cancel: {}, is: { kind: "unspent" } },
      {
        law: "still running is unknown",
        after: task("RUNNING"),
        cancel: 400,
        is: { kind: "unknown", why: "timeout" },
      },
      {
        law: "failed meanwhile is failed",
        after: task("FAILED"),
        cancel: 400,
        is: { kind: "failed", code: "vendor_failed" },
      },
      {
        law: "a cancel that was taken counts, though nobody says how the task stands",
        after: 500,
        cancel: {},
        is: { kind: "unspent" },
      },
      {
        law: "a cancel that was refused doesn't",
        after: 500,
        cancel: 400,
        is: { kind: "unknown", why: "timeout" },
      },
      {
        law: "made meanwhile is a known cost without a charge",
        after: succeeded,
        cancel: 400,
        is: {
          kind: "failed",
          code: "result_unavailable",
          cost: [{ meter: "output_images", quantity: 1n, areaPixels: undefined }],
        },
      },
    ])("$law", async ({ after, cancel, is }) => {
      const deadline = new AbortController();
      const api = tasks([task("PENDING"), after], cancel);
      let polls = 0;
      const { outcome, calls, whole } = await run({
        model: MODEL,
        deadline,
        api: (request, response, origin) => {
          api(request, response, origin);
          if (request.method !== "GET") return;
          polls += 1;
          if (polls === 1) response.on("finish", () => setTimeout(() => deadline.abort(), 5));
        },
      });
      const { cost, ...rest } = { cost: undefined, ...is };
      expect(outcome).toMatchObject(rest);
      if (cost !== undefined) expect(outcome).toHaveProperty("cost", cost);
      expect(calls).toEqual([
        `POST ${MESSAGES}`,
        `GET ${TASK}`,
        `POST ${TASK}/cancel`,
        `GET ${TASK}`,
      ]);
      expect(whole).toEqual([]);
    });

    it("so is one that could not be noted: nobody could ask for it after a crash", async () => {
      const { outcome, calls } = await run({
        model: MODEL,
        noteTask: () => Promise.reject(new Error("the ledger is away")),
        api: tasks([task("CANCELED")], {}),
      });
      expect(outcome).toMatchObject({ kind: "unspent" });
      expect(calls).toEqual([`POST ${MESSAGES}`, `POST ${TASK}/cancel`, `GET ${TASK}`]);
    });
  });

  describe("that outlived its gateway", () => {
    async function resume(api: World["api"], timeoutMs = 5_000): Promise<unknown> {
      await using server = await serve((request, response) => api(request, response, ""));
      const { connection } = callTo("alibaba", {
        origin: server.origin,
        accepted: await acceptedFor(MODEL),
      });
      const signal = AbortSignal.timeout(timeoutMs);
      return await alibabaVendor().resume?.({
        taskId: "task-1",
        connection,
        signal,
        references: 0,
      });
    }

    it("succeeded: its usage is known in either shape", async () => {
      expect(await resume(tasks([task("RUNNING"), succeeded]))).toEqual({
        kind: "succeeded",
        usage: { kind: "reported", items: [{ meter: "output_images", quantity: 1n }] },
        usageText: '{"image_count":1}',
      });
      const { body } = await fixture("alibaba/fixtures/task-three");
      expect(await resume(tasks([body]))).toMatchObject({
        usage: { items: [{ meter: "output_images", quantity: 1n, areaPixels: 4_194_304n }] },
      });
    });

    it("failed or cancelled: nothing was spent", async () => {
      expect(await resume(tasks([task("FAILED")]))).toEqual({ kind: "failed" });
      expect(await resume(tasks([task("CANCELED")]))).toEqual({ kind: "failed" });
    });

    it("expired, or still running when time is up: unknown", async () => {
      expect(await resume(tasks([task("UNKNOWN")]))).toEqual({ kind: "unknown" });
      expect(await resume(tasks([task("RUNNING")]), 80)).toEqual({ kind: "unknown" });
    });
  });
});
