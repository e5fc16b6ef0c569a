import { describe, expect, it } from "vitest";
import { judgeFailure } from "../../src/vendors/google/failures.ts";
import { fixture } from "./vendor-bench.ts";

function error(message: string, status: string, details: unknown[] = []): unknown {
  return { error: { code: 400, message, status, details } };
}

describe("a status other than 200 from Gemini", () => {
  it("a bad key is our account's, though it comes as 400", async () => {
    const { status, body } = await fixture("google/fixtures/bad-key");
    expect(judgeFailure(status, body).kind).toBe("our_account");
  });

  it("a quota of zero is billing switched off, not haste, though a wait is named", async () => {
    const { status, body } = await fixture("google/fixtures/quota-zero");
    expect(judgeFailure(status, body).kind).toBe("our_account");
  });

  it.each([
    {
      law: "RetryInfo names the wait",
      body: error("Resource has been exhausted (e.g. check quota).", "RESOURCE_EXHAUSTED", [
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34s" },
      ]),
      seconds: 34,
    },
    {
      law: "the sentence names it, rounded up",
      body: error(
        "Quota exceeded, limit: 10. Please retry in 10.158753737s.",
        "RESOURCE_EXHAUSTED",
      ),
      seconds: 11,
    },
  ])("429: throttled, unspent; $law", ({ body, seconds }) => {
    expect(judgeFailure(429, body)).toEqual({
      kind: "unspent",
      why: "throttled",
      retryAfterSeconds: seconds,
    });
  });

  it("429 without a wait: throttled, and none is invented", () => {
    expect(judgeFailure(429, undefined)).toEqual({ kind: "unspent", why: "throttled" });
  });

  it("a daily quota doesn't come back in seconds: our account's", () => {
    const violations = [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel" }];
    const body = error("You exceeded your current quota.", "RESOURCE_EXHAUSTED", [{ violations }]);
    expect(judgeFailure(429, body).kind).toBe("our_account");
  });

  it.each([
    {
      status: 400,
      body: error("User location is not supported", "FAILED_PRECONDITION"),
      is: "our_account",
    },
    { status: 401, body: undefined, is: "our_account" },
    {
      status: 403,
      body: error("Method doesn't allow unregistered callers", "PERMISSION_DENIED"),
      is: "our_account",
    },
    { status: 404, body: error("models/x is not found", "NOT_FOUND"), is: "our_account" },
    { status: 302, body: undefined, is: "our_account" },
    { status: 418, body: undefined, is: "our_account" },
    { status: 500, body: error("An internal error has occurred", "INTERNAL"), is: "unknown" },
    { status: 502, body: undefined, is: "unknown" },
    { status: 504, body: error("deadline", "DEADLINE_EXCEEDED"), is: "unknown" },
    { status: 413, body: undefined, is: "refused" },
    { status: 400, body: "<html>", is: "refused" },
    { status: 503, body: error("The model is overloaded.", "UNAVAILABLE"), is: "unspent" },
  ])("$status is $is", ({ status, body, is }) => {
    expect(judgeFailure(status, body).kind).toBe(is);
  });

  it("a bad field is the caller's, in the vendor's words without keys and addresses", () => {
    const body = error(
      "Bad key AIzaSyFAKEFAKE at https://example.test/x?key=1: ask again",
      "INVALID_ARGUMENT",
    );
    expect(judgeFailure(400, body)).toEqual({
      kind: "refused",
      code: "vendor_rejected",
      message: "Bad key [key] at [url] ask again",
    });
  });
});
