import { describe, expect, it } from "vitest";
import { judgeFailedTask, judgeFailure } from "../../src/vendors/alibaba/failures.ts";

describe("an error code of DashScope, whatever the status beside it", () => {
  it.each([
    ["Arrearage", "our_account"],
    ["InvalidApiKey", "our_account"],
    ["AccessDenied", "our_account"],
    ["AccessDenied.Unpurchased", "our_account"],
    ["Model.AccessDenied", "our_account"],
    ["ModelNotFound", "our_account"],
    ["AllocationQuota.FreeTierOnly", "our_account"],
    ["Throttling", "unspent"],
    ["Throttling.RateQuota", "unspent"],
    ["Throttling.AllocationQuota", "unspent"],
    ["Throttling.BurstRate", "unspent"],
    ["DataInspectionFailed", "refused"],
    ["InvalidParameter", "refused"],
    ["BadRequest.EmptyInput", "refused"],
    ["InvalidURL", "refused"],
  ])("%s is %s", (code, kind) => {
    for (const status of [200, 400, 403, 429, 500]) {
      expect(judgeFailure(status, { code, message: "no" }).kind).toBe(kind);
    }
  });

  it("moderation and a bad parameter are told apart", () => {
    expect(judgeFailure(400, { code: "DataInspectionFailed", message: "no" })).toMatchObject({
      code: "moderation_blocked",
    });
    expect(
      judgeFailure(400, { code: "InvalidParameter", message: "num_images_per_prompt must be 1" }),
    ).toEqual({
      kind: "refused",
      code: "vendor_rejected",
      message: "InvalidParameter: num_images_per_prompt must be 1",
    });
  });

  it("no wait is documented for throttling, so none is told", () => {
    expect(judgeFailure(429, { code: "Throttling.RateQuota", message: "later" })).toEqual({
      kind: "unspent",
      why: "throttled",
    });
  });
});

describe("a status without a known code", () => {
  it.each([
    [400, "refused"],
    [413, "refused"],
    [422, "refused"],
    [401, "our_account"],
    [403, "our_account"],
    [404, "our_account"],
    [302, "our_account"],
    [429, "unspent"],
    [503, "unspent"],
    [408, "unknown"],
    [500, "unknown"],
    [502, "unknown"],
    [504, "unknown"],
    [200, "failed"],
  ])("%i is %s", (status, kind) => {
    expect(judgeFailure(status, undefined).kind).toBe(kind);
    expect(judgeFailure(status, { code: "NeverHeardOf", message: "" }).kind).toBe(kind);
  });

  it("a server error is not taken for free: nowhere does the vendor say so firmly", () => {
    expect(judgeFailure(500, { code: "InternalError.Timeout", message: "" })).toEqual({
      kind: "unknown",
      why: "server_error",
    });
  });
});

describe("a task that FAILED", () => {
  it.each([
    ["DataInspectionFailed", "refused"],
    ["Arrearage", "our_account"],
    ["InternalError.Timeout", "failed"],
    ["InvalidParameter", "failed"],
    ["Throttling", "failed"],
  ])("with %s is %s, never unknown and never charged", (code, kind) => {
    expect(judgeFailedTask({ code, message: "" }).kind).toBe(kind);
  });

  it("without a code is failed", () => {
    expect(judgeFailedTask(undefined)).toMatchObject({ kind: "failed", code: "vendor_failed" });
  });
});
