import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactVendorText } from "../../src/vendors/wire/redact.ts";

describe("a vendor's words for a caller", () => {
  it.each([
    [
      "Incorrect API key provided: sk-proj-ab12****wxyz. Find it at https://platform.example/keys.",
      "Incorrect API key provided: [key] Find it at [url]",
    ],
    [
      "Rate limit reached in organization org-AbCdEf123456 on images per min",
      "Rate limit reached in organization [id] on images per min",
    ],
    ["API key AIzaSyA-FAKE_0123 is not valid", "API key [key] is not valid"],
    ["authorization: Bearer eyJhbGciOi.J9 is bad", "authorization: Bearer [key] is bad"],
    ["Request id: 0217f1e2d3c4b5a697887766554433221100aabbccddeeff", "Request id: [id]"],
    ["request_id 4909100c-7b5a-9f92-bfe5-0123456789ab failed", "request_id [id] failed"],
    [
      "Consumer 'project_number:123456789012' has no billing",
      "Consumer 'project_number:[id]' has no billing",
    ],
    ["your account 2100012345 is overdue", "your account [id] is overdue"],
    ["write to admin@shop.example now", "write to [email] now"],
    ["image data:image/png;base64,AAAABBBB= is too small", "image [data] is too small"],
    ["bad\u0000 line\n\u001b[31mred", "bad line [31mred"],
  ])("%s", (text, clean) => {
    expect(redactVendorText(text)).toBe(clean);
  });

  it.each([
    "num_images_per_prompt must be 1",
    "Invalid value: '1000x1000'. Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'.",
    "seed must be between 0 and 2147483647",
    "The model gemini-nano-banana-2.1 does not take imageSize 512",
    "model seedream-5-0-260128 is not open",
    "Input data may contain inappropriate content.",
  ])("a plain sentence stays: %s", (text) => {
    expect(redactVendorText(text)).toBe(text);
  });

  it("is at most 500 characters, whatever comes, and never throws", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 6_000, unit: "grapheme" }), (text) => {
        expect([...redactVendorText(text)].length).toBeLessThanOrEqual(500);
      }),
    );
  });

  it("a key that is cut where reading stops goes whole", () => {
    const text = `${"https://example.test/".padEnd(3_990, "x")} sk-secret-key-of-the-house`;
    expect(redactVendorText(text)).toBe("[url]");
  });

  it("a megabyte takes no time", () => {
    const started = performance.now();
    for (const hostile of [
      "-".repeat(1e6),
      "a@".repeat(5e5),
      "data:".repeat(2e5),
      "1a-".repeat(3e5),
    ]) {
      redactVendorText(hostile);
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
