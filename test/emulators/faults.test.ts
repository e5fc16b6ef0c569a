import { describe, expect, it } from "vitest";
import { readFaults, SWITCHES } from "../../emulators/faults.ts";
import { at, PROMPT, type Reply, textAt, useEmulator } from "./harness.ts";

const emulator = useEmulator();
const ASYNC = { "x-dashscope-async": "enable" };

/** A valid two-image request for each vendor (Gemini makes one), and where things stand in its answer. */
const vendors = {
  openai: {
    path: "/v1/images/generations",
    body: { model: "gpt-image-2", prompt: PROMPT, n: 2, size: "1024x1024", quality: "low" },
    usage: "usage",
    count: "usage.output_tokens",
  },
  google: {
    path: "/v1beta/models/gemini-3-pro-image:generateContent",
    body: { contents: [{ parts: [{ text: PROMPT }] }] },
    usage: "usageMetadata",
    count: "usageMetadata.candidatesTokensDetails.0.tokenCount",
  },
  byteplus: {
    path: "/api/v3/images/generations",
    body: {
      model: "seedream-4-5-251128",
      prompt: PROMPT,
      sequential_image_generation: "auto",
      sequential_image_generation_options: { max_images: 2 },
    },
    usage: "usage",
    count: "usage.generated_images",
  },
  alibaba: {
    path: "/api/v1/services/aigc/multimodal-generation/generation",
    body: {
      model: "qwen-image-2.0",
      input: { messages: [{ role: "user", content: [{ text: PROMPT }] }] },
      parameters: { n: 2 },
    },
    usage: "usage",
    count: "usage.image_count",
  },
} as const;
type Vendor = keyof typeof vendors;
const NAMES: readonly Vendor[] = ["openai", "google", "byteplus", "alibaba"];

function ask(vendor: Vendor, switches: string, more: Record<string, string> = {}): Promise<Reply> {
  const { path, body } = vendors[vendor];
  return emulator.post(path, body, { "x-emulate": switches, ...more });
}
const usageOf = (vendor: Vendor, reply: Reply): unknown => at(reply.json, vendors[vendor].usage);
const countOf = (vendor: Vendor, reply: Reply): unknown => at(reply.json, vendors[vendor].count);

/** How many pictures an answer carries, whatever the vendor. */
function pictures({ text }: Reply): number {
  return text.match(/"b64_json"|"inlineData"|\/__pictures\//g)?.length ?? 0;
}

async function pollTask(submit: Reply, polls = 500): Promise<Reply> {
  const id = textAt(submit.json, "output.task_id");
  let poll = await emulator.get(`/api/v1/tasks/${id}`);
  for (let done = 1; done < polls; done += 1) {
    if (!["PENDING", "RUNNING"].includes(textAt(poll.json, "output.task_status"))) break;
    poll = await emulator.get(`/api/v1/tasks/${id}`);
  }
  return poll;
}
function submitTask(switches: string): Promise<Reply> {
  const body = { model: "wan2.2-t2i-flash", input: { prompt: PROMPT }, parameters: { n: 3 } };
  const path = "/api/v1/services/aigc/text2image/image-synthesis";
  return emulator.post(path, body, { ...ASYNC, "x-emulate": switches });
}

describe.each(NAMES)("usage switches of %s", (vendor) => {
  it("no-usage: the pictures come, the report is absent", async () => {
    const reply = await ask(vendor, "no-usage");
    expect([reply.status, pictures(reply)]).toEqual([200, vendor === "google" ? 1 : 2]);
    expect(usageOf(vendor, reply)).toBe(undefined);
  });

  it("empty-usage: the report is {}", async () => {
    expect(usageOf(vendor, await ask(vendor, "empty-usage"))).toEqual({});
  });

  it("zero-details: every number is 0 though pictures are there", async () => {
    const reply = await ask(vendor, "zero-details");
    expect(pictures(reply)).toBeGreaterThan(0);
    const numbers = JSON.stringify(usageOf(vendor, reply)).match(/:-?\d+/g);
    expect(new Set(numbers)).toEqual(new Set([":0"]));
  });

  it("bad-usage: no number in it is a count", async () => {
    const text = JSON.stringify(usageOf(vendor, await ask(vendor, "bad-usage")));
    expect(text).toMatch(/"\d+"/);
    expect(text).not.toMatch(/:\d/);
  });

  it("overrun: a thousand times the quantity, without contradiction", async () => {
    const normal = Number(countOf(vendor, await ask(vendor, "")));
    expect(countOf(vendor, await ask(vendor, "overrun"))).toBe(normal * 1000);
  });
});

describe("usage with overrun adds up", () => {
  it("OpenAI: total = input + output, details = output", async () => {
    // 2 x 21 in; 2 x 196 x 1,000 out.
    expect(usageOf("openai", await ask("openai", "overrun"))).toEqual({
      input_tokens: 42,
      input_tokens_details: { image_tokens: 0, text_tokens: 42 },
      output_tokens: 392_000,
      output_tokens_details: { image_tokens: 392_000, text_tokens: 0 },
      total_tokens: 392_042,
    });
  });

  it("Gemini: total = prompt + candidates + thoughts", async () => {
    expect(usageOf("google", await ask("google", "overrun"))).toMatchObject({
      promptTokenCount: 10,
      candidatesTokenCount: 1_120_096,
      thoughtsTokenCount: 179,
      totalTokenCount: 1_120_285,
    });
  });
});

describe("status=NNN in each vendor's envelope", () => {
  it.each([
    [400, "invalid_value"],
    [401, "invalid_api_key"],
    [404, "model_not_found"],
    [429, "rate_limit_exceeded"],
    [500, null],
    [503, null],
  ])("OpenAI %i has code %s", async (status, code) => {
    const reply = await ask("openai", `status=${status}`);
    expect([reply.status, at(reply.json, "error.code")]).toEqual([status, code]);
    expect(reply.headers.get("retry-after")).toBe(status === 429 ? "1" : null);
  });

  it.each([
    [400, "INVALID_ARGUMENT"],
    [403, "PERMISSION_DENIED"],
    [404, "NOT_FOUND"],
    [429, "RESOURCE_EXHAUSTED"],
    [500, "INTERNAL"],
    [503, "UNAVAILABLE"],
    [504, "DEADLINE_EXCEEDED"],
  ])("Google %i is %s", async (status, name) => {
    const reply = await ask("google", `status=${status}`);
    expect(reply.status).toBe(status);
    expect(at(reply.json, "error")).toMatchObject({ code: status, status: name });
  });

  it("Google 429 carries RetryInfo in the body and no retry-after header", async () => {
    const reply = await ask("google", "status=429");
    expect(at(reply.json, "error.details.2")).toEqual({
      "@type": "type.googleapis.com/google.rpc.RetryInfo",
      retryDelay: "1s",
    });
    expect(reply.headers.get("retry-after")).toBe(null);
  });

  it.each([
    [401, "AuthenticationError"],
    [403, "AccessDenied"],
    [404, "InvalidEndpointOrModel.NotFound"],
    [429, "RateLimitExceeded.EndpointRPMExceeded"],
    [500, "InternalServiceError"],
  ])("Ark %i has code %s", async (status, code) => {
    const reply = await ask("byteplus", `status=${status}`);
    expect([reply.status, at(reply.json, "error.code")]).toEqual([status, code]);
  });

  it.each([
    [400, "InvalidParameter"],
    [401, "InvalidApiKey"],
    [429, "Throttling.RateQuota"],
    [500, "InternalError"],
  ])("DashScope %i has code %s, flat", async (status, code) => {
    const reply = await ask("alibaba", `status=${status}`);
    expect([reply.status, at(reply.json, "code")]).toEqual([status, code]);
  });
});

describe("moderation", () => {
  it("OpenAI: 400 moderation_blocked of its own type", async () => {
    const reply = await ask("openai", "moderation");
    expect(reply.status).toBe(400);
    expect(at(reply.json, "error")).toMatchObject({
      type: "image_generation_user_error",
      code: "moderation_blocked",
    });
  });
  it("Gemini: 200, no candidates, a block reason, only the prompt in usage", async () => {
    const { status, json } = await ask("google", "moderation");
    expect(status).toBe(200);
    expect(json).not.toHaveProperty("candidates");
    expect(at(json, "promptFeedback.blockReason")).toBe("PROHIBITED_CONTENT");
    expect(at(json, "usageMetadata.totalTokenCount")).toBe(10);
  });
  it("Ark: B15, 400 after compute; DashScope: 400 DataInspectionFailed", async () => {
    const ark = await ask("byteplus", "moderation");
    expect([ark.status, at(ark.json, "error.code")]).toEqual([
      400,
      "OutputImageSensitiveContentDetected",
    ]);
    const dash = await ask("alibaba", "moderation");
    expect([dash.status, at(dash.json, "code")]).toEqual([400, "DataInspectionFailed"]);
  });
});

describe("no-image: a 200 without a picture", () => {
  it("Gemini 3.x: candidates repeat the thoughts and the total counts them once", async () => {
    const { status, json } = await ask("google", "no-image");
    expect(status).toBe(200);
    expect(at(json, "candidates.0.finishReason")).toBe("NO_IMAGE");
    expect(at(json, "candidates.0.content")).toBe(undefined);
    expect(at(json, "usageMetadata")).toMatchObject({
      promptTokenCount: 10,
      candidatesTokenCount: 179,
      thoughtsTokenCount: 179,
      totalTokenCount: 189,
    });
  });
  it("Gemini 2.5 has only its prompt left", async () => {
    const path = "/v1beta/models/gemini-2.5-flash-image:generateContent";
    const reply = await emulator.post(path, vendors.google.body, { "x-emulate": "no-image" });
    expect(at(reply.json, "usageMetadata.totalTokenCount")).toBe(10);
    expect(at(reply.json, "usageMetadata.candidatesTokenCount")).toBe(undefined);
  });
  it.each(["openai", "byteplus", "alibaba"] as const)("%s counts nothing", async (vendor) => {
    const reply = await ask(vendor, "no-image");
    expect([reply.status, pictures(reply), countOf(vendor, reply)]).toEqual([200, 0, 0]);
  });
});

describe("failed: a failure body inside a 200", () => {
  it.each([
    ["openai", "error.type", "server_error"],
    ["google", "error.status", "INTERNAL"],
    ["byteplus", "error.code", "InternalServiceError"],
    ["alibaba", "code", "InternalError"],
  ] as const)("%s says so at %s", async (vendor, path, word) => {
    const reply = await ask(vendor, "failed");
    expect([reply.status, at(reply.json, path)]).toEqual([200, word]);
    expect([pictures(reply), usageOf(vendor, reply)]).toEqual([0, undefined]);
  });
});

describe("partial=K", () => {
  it.each(["openai", "byteplus", "alibaba"] as const)("%s: one of two comes", async (vendor) => {
    const reply = await ask(vendor, "partial=1");
    expect([reply.status, pictures(reply)]).toEqual([200, 1]);
    const whole = Number(countOf(vendor, await ask(vendor, "")));
    expect(countOf(vendor, reply)).toBe(whole / 2);
  });
  it("Gemini makes one, so only 0 matters", async () => {
    expect(pictures(await ask("google", "partial=1"))).toBe(1);
    expect(pictures(await ask("google", "partial=0"))).toBe(0);
  });
  it("of a fan-out: legs below K are whole, the others fail", async () => {
    const legs = await Promise.all(
      ["0", "1", "2"].map((leg) => ask("openai", "partial=2", { "x-emulate-leg": leg })),
    );
    expect(legs.map(pictures)).toEqual([2, 2, 0]);
    expect(at(legs[2]?.json, "error.type")).toBe("server_error");
  });
});

describe("other-model", () => {
  it("Ark, Gemini and OpenAI name another model of theirs, DashScope names none", async () => {
    const ark = await ask("byteplus", "other-model");
    expect(at(ark.json, "model")).toBe("seedream-4-0-250828");
    const gemini = await ask("google", "other-model");
    expect(at(gemini.json, "modelVersion")).toBe("gemini-nano-banana-2.1");
    const openai = await ask("openai", "other-model");
    expect(at(openai.json, "model")).toBe("gpt-image-1");
    expect((await ask("alibaba", "other-model")).text).not.toContain("qwen-image-3");
  });
});

describe("delivery", () => {
  it.each(NAMES)("%s cut: the status line comes, the body breaks", async (vendor) => {
    const { path, body } = vendors[vendor];
    const response = await fetch(emulator.url() + path, {
      method: "POST",
      headers: { authorization: "Bearer k", "x-goog-api-key": "k", "x-emulate": "cut" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it.each(NAMES)(
    "%s hang: nothing comes, and the call is in the log without a status",
    async (vendor) => {
      const { path, body } = vendors[vendor];
      const answer = fetch(emulator.url() + path, {
        method: "POST",
        headers: { authorization: "Bearer k", "x-goog-api-key": "k", "x-emulate": "hang" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(150),
      });
      await expect(answer).rejects.toThrow("timeout");
      const last = (await emulator.calls()).at(-1);
      expect(last).toMatchObject({ vendor, status: null, headers: { "x-emulate": "hang" } });
    },
  );

  it.each(NAMES)("%s slow: the whole body comes", async (vendor) => {
    const reply = await ask(vendor, "slow=40");
    expect([reply.status, pictures(reply)]).toEqual([200, vendor === "google" ? 1 : 2]);
  });
});

describe("a client that leaves before the answer", () => {
  const slow = useEmulator({ latencyMs: 200 });
  it("is still generated for, and the call is logged as made", async () => {
    const { path, body } = vendors.openai;
    const leave = new AbortController();
    const answer = fetch(slow.url() + path, {
      method: "POST",
      headers: { authorization: "Bearer k" },
      body: JSON.stringify(body),
      signal: leave.signal,
    });
    let calls = await slow.calls();
    while (calls.length === 0) calls = await slow.calls();
    expect(calls[0]).toMatchObject({ status: null, images: 0 });
    leave.abort();
    await expect(answer).rejects.toThrow("aborted");
    while (at(calls, "0.status") === null) calls = await slow.calls();
    expect(calls).toMatchObject([{ status: 200, images: 2, usage: { output_tokens: 392 } }]);
  });
});

describe("switches of a task belong to the task", () => {
  it.each([
    ["failed", "InternalError"],
    ["moderation", "DataInspectionFailed"],
    ["partial=0", "InternalError"],
  ])(
    "%s: the submit is 200, the poll is 200 and FAILED with %s and no usage",
    async (name, code) => {
      const submit = await submitTask(name);
      expect([submit.status, at(submit.json, "output.task_status")]).toEqual([200, "PENDING"]);
      const poll = await pollTask(submit);
      expect(poll.status).toBe(200);
      expect(at(poll.json, "output")).toMatchObject({ task_status: "FAILED", code });
      expect(poll.json).not.toHaveProperty("usage");
    },
  );

  it("partial=2 of 3: a row with code and message, usage counts successes", async () => {
    const poll = await pollTask(await submitTask("partial=2"));
    expect(at(poll.json, "output.task_metrics")).toEqual({ TOTAL: 3, SUCCEEDED: 2, FAILED: 1 });
    expect(at(poll.json, "output.results.2.code")).toBe("InternalError");
    expect(at(poll.json, "usage")).toEqual({ image_count: 2 });
  });

  it("no-usage, overrun and no-image show in the result", async () => {
    expect((await pollTask(await submitTask("no-usage"))).json).not.toHaveProperty("usage");
    const overrun = await pollTask(await submitTask("overrun"));
    expect(at(overrun.json, "usage.image_count")).toBe(3000);
    const none = await pollTask(await submitTask("no-image"));
    expect(at(none.json, "output")).toMatchObject({ task_status: "SUCCEEDED", results: [] });
  });

  it("hang: RUNNING for ever; cut: the poll with the result breaks; status: the submit", async () => {
    const hang = await pollTask(await submitTask("hang"), 20);
    expect(at(hang.json, "output.task_status")).toBe("RUNNING");
    await expect(pollTask(await submitTask("cut"))).rejects.toThrow("terminated");
    expect((await submitTask("status=429")).status).toBe(429);
  });
});

describe("the switches themselves", () => {
  it.each(NAMES)("%s: an unknown one is a 400 that names the known ones", async (vendor) => {
    const reply = await ask(vendor, "no-usage, explode");
    expect(reply.status).toBe(400);
    expect(reply.text).toContain("Unknown x-emulate switch 'explode'");
    for (const name of SWITCHES) expect(reply.text).toContain(name);
  });

  it.each(["status=200", "status=abc", "partial", "slow=9999999", "__proto__"])(
    "%s is none",
    (name) => {
      expect(readFaults({ "x-emulate": name })).toEqual(expect.stringContaining("Unknown"));
    },
  );

  it("several act together, and an invalid request is refused before any acts", async () => {
    const both = await ask("openai", "partial=1,no-usage");
    expect([pictures(both), usageOf("openai", both)]).toEqual([1, undefined]);
    const body = { ...vendors.openai.body, size: "512x512" };
    const bad = await emulator.post(vendors.openai.path, body, { "x-emulate": "status=503" });
    expect(bad.status).toBe(400);
  });
});
