import { describe, expect, it } from "vitest";
import { codeClasses } from "../../src/vendors/byteplus/failures.ts";
import { judgeError, readErrorBody } from "../../src/vendors/wire/vendor-error.ts";
import { fixture } from "./vendor-bench.ts";

function judge(status: number, body: unknown) {
  return judgeError({ status, headers: {} }, readErrorBody(JSON.stringify(body)), codeClasses);
}

function error(code: string): object {
  return { error: { code, message: "No.", param: "", type: "BadRequest" } };
}

describe("an error of BytePlus', as recorded", () => {
  it.each<[string, object]>([
    [
      "error-400-size",
      {
        kind: "refused",
        code: "vendor_rejected",
        message:
          "The parameter `size` specified in the request is not valid: image size must be at least 3686400 pixels. Request id: [id]",
      },
    ],
    [
      "error-400-sequential",
      {
        kind: "refused",
        code: "vendor_rejected",
        message:
          "the parameter `sequential_image_generation` is not supported by the current model",
      },
    ],
    ["error-400-moderation", { kind: "refused", code: "moderation_blocked" }],
    [
      "error-404-model",
      {
        kind: "our_account",
        message: "the vendor refused our account (404, code InvalidEndpointOrModel.NotFound)",
      },
    ],
    ["error-500", { kind: "unknown", why: "server_error" }],
  ])("%s", async (name, outcome) => {
    const { status, body } = await fixture(`byteplus/fixtures/${name}`);
    expect(judge(status, body)).toEqual(expect.objectContaining(outcome));
    expect(judge(status, body)).not.toHaveProperty("param");
  });
});

describe("an error of BytePlus', by code", () => {
  it.each([
    "InputTextSensitiveContentDetected",
    "InputImageSensitiveContentDetected",
    "OutputImageSensitiveContentDetected",
    "SensitiveContentDetected",
    "SensitiveContentDetected.SevereViolation",
    "SensitiveContentDetected.Violence",
    "InputTextRiskDetection",
    "OutputImageRiskDetection",
  ])("%s is moderation, whatever the status", (code) => {
    for (const status of [400, 403, 500]) {
      expect(judge(status, error(code))).toMatchObject({ code: "moderation_blocked" });
    }
  });

  it.each<[number, string]>([
    [400, "InvalidEndpoint.ClosedEndpoint"],
    [401, "AuthenticationError"],
    [403, "AccessDenied"],
    [403, "AccountOverdueError"],
    [403, "ServiceNotOpen"],
    [403, "ServiceOverdue"],
    [403, "OperationDenied"],
    [404, "InvalidEndpointOrModel.NotFound"],
    [404, "InvalidEndpointOrModel.ModelIDAccessDisabled"],
    [404, "ModelNotOpen"],
    [404, "UnsupportedModel"],
    [429, "SetLimitExceeded"],
    [429, "QuotaExceeded"],
  ])("%i %s is our account, also under another status", (status, code) => {
    for (const each of [status, 400, 429, 500]) {
      expect(judge(each, error(code))).toMatchObject({
        kind: "our_account",
        message: `the vendor refused our account (${each}, code ${code})`,
      });
    }
  });

  it.each(["MissingParameter", "InvalidParameter", "InvalidImageURL"])(
    "%s is the caller's",
    (code) => {
      expect(judge(400, error(code))).toMatchObject({ code: "vendor_rejected", message: "No." });
    },
  );

  it.each([
    "RateLimitExceeded.EndpointRPMExceeded",
    "RateLimitExceeded.EndpointTPMExceeded",
    "AccountIPMRateLimitExceeded",
    "RequestBurstTooFast",
  ])("%s is throttling", (code) => {
    expect(judge(429, error(code))).toEqual({ kind: "unspent", why: "throttled" });
  });

  it("ServerOverloaded is overload, whatever busy status it has; as a 500 it may have run", () => {
    expect(judge(429, error("ServerOverloaded"))).toEqual({ kind: "unspent", why: "overloaded" });
    expect(judge(503, error("ServerOverloaded"))).toEqual({ kind: "unspent", why: "overloaded" });
    expect(judge(500, error("ServerOverloaded"))).toMatchObject({ kind: "unknown" });
  });
});
