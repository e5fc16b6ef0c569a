import { describe, expect, it } from "vitest";
import { codeClasses } from "../../src/vendors/openai/failures.ts";
import { retryAfterSeconds } from "../../src/vendors/wire/retry-after.ts";
import { judgeError, readErrorBody } from "../../src/vendors/wire/vendor-error.ts";
import { fixture } from "./vendor-bench.ts";

function judge(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return judgeError({ status, headers }, readErrorBody(text), codeClasses);
}

function error(code: string | null, more: object = {}): object {
  return { error: { message: "No.", type: "invalid_request_error", param: null, code, ...more } };
}

describe("an error of OpenAI's, as recorded", () => {
  it.each<[string, object]>([
    [
      "error-400-unknown-parameter",
      {
        kind: "refused",
        code: "vendor_rejected",
        message: "Unknown parameter: 'response_format'.",
        param: "response_format",
      },
    ],
    [
      "error-400-size-1-family",
      {
        kind: "refused",
        code: "vendor_rejected",
        message:
          "Invalid value: '1254x836'. Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'.",
        param: "size",
      },
    ],
    [
      "error-400-size",
      {
        kind: "refused",
        code: "vendor_rejected",
        message:
          "Invalid size '512x512'. Requested resolution is below the current minimum pixel budget.",
        param: "size",
      },
    ],
    [
      "error-400-quality",
      {
        kind: "refused",
        code: "vendor_rejected",
        message: "The model 'gpt-image-2' does not support quality 'xhigh'",
        param: "quality",
      },
    ],
    ["error-400-n", { kind: "refused", code: "vendor_rejected", param: "n" }],
    ["error-400-moderation", { kind: "refused", code: "moderation_blocked" }],
    [
      "error-400-hard-limit",
      {
        kind: "our_account",
        message: "the vendor refused our account (400, code billing_hard_limit_reached)",
      },
    ],
    [
      "error-401-key",
      {
        kind: "our_account",
        message: "the vendor refused our account (401, code invalid_api_key)",
      },
    ],
    [
      "error-403-organization",
      { kind: "our_account", message: "the vendor refused our account (403)" },
    ],
    [
      "error-404-model",
      {
        kind: "our_account",
        message: "the vendor refused our account (404, code model_not_found)",
      },
    ],
    [
      "error-429-quota",
      {
        kind: "our_account",
        message: "the vendor refused our account (429, code insufficient_quota)",
      },
    ],
    ["error-429-rate", { kind: "unspent", why: "throttled", retryAfterSeconds: 12 }],
    ["error-500", { kind: "unknown", why: "server_error" }],
  ])("%s", async (name, outcome) => {
    const { status, body } = await fixture(`openai/fixtures/${name}`);
    expect(judge(status, body)).toMatchObject(outcome);
  });

  it("moderation tells the caller why, without our request id", async () => {
    const { status, body } = await fixture("openai/fixtures/error-400-moderation");
    const judged = judge(status, body);
    if (judged.kind !== "refused") throw new Error(judged.kind);
    expect(judged.message).toContain("Your request was rejected by the safety system.");
    expect(judged.message).toContain("safety_violations=[violence]");
    expect(judged.message).not.toContain("req_0123456789");
  });
});

describe("an error of OpenAI's, by code and status", () => {
  it.each(["moderation_blocked", "content_policy_violation", "contentFilter", "content_filter"])(
    "%s is moderation, whatever the status",
    (code) => {
      for (const status of [400, 403, 422, 500, 503]) {
        expect(judge(status, error(code))).toMatchObject({ code: "moderation_blocked" });
      }
    },
  );

  it.each([
    "invalid_api_key",
    "model_not_found",
    "unsupported_model",
    "insufficient_quota",
    "billing_hard_limit_reached",
  ])("%s is our account, whatever the status", (code) => {
    for (const status of [400, 401, 403, 404, 429, 503]) {
      expect(judge(status, error(code))).toMatchObject({ kind: "our_account" });
    }
  });

  it.each(["insufficient_quota", "billing_limit_user_error"])(
    "the type %s is our account, whatever the code",
    (type) => {
      expect(judge(400, error("invalid_value", { type }))).toMatchObject({ kind: "our_account" });
    },
  );

  it.each([
    [400, { kind: "refused", code: "vendor_rejected" }],
    [413, { kind: "refused", code: "vendor_rejected" }],
    [422, { kind: "refused", code: "vendor_rejected" }],
    [301, { kind: "our_account" }],
    [401, { kind: "our_account" }],
    [402, { kind: "our_account" }],
    [403, { kind: "our_account" }],
    [404, { kind: "our_account" }],
    [405, { kind: "our_account" }],
    [408, { kind: "unknown", why: "timeout" }],
    [409, { kind: "unknown", why: "server_error" }],
    [429, { kind: "unspent", why: "throttled" }],
    [500, { kind: "unknown", why: "server_error" }],
    [502, { kind: "unknown", why: "server_error" }],
    [503, { kind: "unspent", why: "overloaded" }],
    [504, { kind: "unknown", why: "timeout" }],
    [520, { kind: "unknown", why: "server_error" }],
    [529, { kind: "unknown", why: "server_error" }],
  ])("%i without a telling code is judged by the status", (status, outcome) => {
    expect(judge(status, error("something_new"))).toMatchObject(outcome);
    expect(judge(status, "<html>sorry</html>")).toMatchObject(outcome);
    expect(judge(status, "")).toMatchObject(outcome);
    expect(judge(status, "null")).toMatchObject(outcome);
    expect(judge(status, '{"error":"sorry"}')).toMatchObject(outcome);
    expect(judgeError({ status, headers: {} }, undefined, codeClasses)).toMatchObject(outcome);
  });

  it("an error without words is told in ours", () => {
    expect(judge(400, "<html>")).toMatchObject({ message: "the vendor refused the request (400)" });
    expect(judge(400, error("moderation_blocked", { message: "" }))).toMatchObject({
      message: "the vendor's moderation refused it",
    });
  });

  it("the vendor's words reach the caller without keys, ids and addresses, at most 500 characters", () => {
    const message = `Key sk-proj-Ab12Cd34Ef56 of org-AbCdEf0123456789: see https://platform.openai.com/x?k=1, request req_0123456789abcdef. ${"very ".repeat(200)}`;
    const judged = judge(400, error("invalid_value", { message }));
    if (judged.kind !== "refused") throw new Error(judged.kind);
    expect(judged.message).not.toMatch(/sk-|org-A|https:|req_0/);
    expect([...judged.message]).toHaveLength(500);
  });

  it("a code or a param that is prose, not a name, is not passed on", () => {
    const long = "x".repeat(65);
    expect(judge(401, error("see https://evil"))).toMatchObject({
      message: "the vendor refused our account (401)",
    });
    for (const param of ["", "a b", "https://x", long, 7]) {
      expect(judge(400, error("x", { param }))).not.toHaveProperty("param");
    }
    expect(judge(400, error("x", { param: "tools[0].size" }))).toMatchObject({
      param: "tools[0].size",
    });
  });
});

describe("retryAfterSeconds", () => {
  it.each<[string, Record<string, string>, string, number | undefined]>([
    ["says nothing", {}, "Rate limit reached.", undefined],
    ["seconds in the header", { "retry-after": "7" }, "", 7],
    ["seconds with a fraction", { "retry-after": "1.2" }, "", 2],
    ["zero", { "retry-after": "0" }, "", 0],
    ["milliseconds first", { "retry-after": "9", "retry-after-ms": "1500" }, "", 2],
    ["the header before the words", { "retry-after": "7" }, "Please try again in 12s.", 7],
    ["words in seconds", {}, "Please try again in 12s.", 12],
    ["words in milliseconds", {}, "Please try again in 120ms.", 1],
    ["words in minutes and seconds", {}, "Please try again in 1m30s.", 90],
    ["words with a fraction", {}, "Please try again in 6.5s. Thanks", 7],
    ["words in full", {}, "please retry after 20 seconds", 20],
    ["nonsense in the header", { "retry-after": "soon" }, "try again in 3s", 3],
    ["negative", { "retry-after": "-3" }, "", undefined],
    ["a year", { "retry-after": "31536000" }, "", 86_400],
    [
      "a date, by the vendor's own clock",
      {
        "retry-after": "Sun, 22 Nov 2026 16:00:30 GMT",
        date: "Sun, 22 Nov 2026 16:00:00 GMT",
      },
      "",
      30,
    ],
    ["a date without a clock", { "retry-after": "Sun, 22 Nov 2026 16:00:30 GMT" }, "", undefined],
  ])("%s", (_name, headers, message, seconds) => {
    expect(retryAfterSeconds(headers, message)).toBe(seconds);
  });
});
