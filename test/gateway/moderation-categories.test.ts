import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readVendorError } from "../../src/vendors/wire/vendor-error.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** What a vendor's moderation objects to is kept by the vendor's own names, and nothing of its prose. */

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

describe("an order that moderation refuses", () => {
  it.each([
    { model: "gpt-image-2", categories: ["violence"] },
    { model: "gemini-3-pro-image", categories: ["PROHIBITED_CONTENT"] },
    { model: "seedream-4-0", categories: ["OutputImageSensitiveContentDetected"] },
    { model: "qwen-image-2.0", categories: ["DataInspectionFailed"] },
  ])("$model: $categories", async ({ model, categories }) => {
    const { status, body } = await sandbox.generate({ model, prompt: MUG }, "moderation");
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "moderation_blocked", categories });
  });
});

describe("categories in an error's body", () => {
  it("newer bodies name them apart; those in the sentence don't count beside them", () => {
    const details = { moderation_stage: "input", categories: ["self-harm", "sexual/minors"] };
    const message = "Rejected. safety_violations=[violence].";
    const error = readVendorError({ code: "x", message, moderation_details: details });
    expect(error?.categories).toEqual(["self-harm", "sexual/minors"]);
  });

  it("what is no name is left out, and a body of another form names none", () => {
    const prose = { categories: ["a whole sentence of the vendor's", "violence"] };
    expect(readVendorError({ code: "x", moderation_details: prose })?.categories).toEqual([
      "violence",
    ]);
    expect(readVendorError({ code: "x", moderation_details: "none" })?.categories).toEqual([]);
  });
});
