import { describe, expect, it } from "vitest";
import { receiptText } from "../../src/cli/bill-text.ts";
import { errorText } from "../../src/cli/error-text.ts";
import { failureOf, Misuse, Refused } from "../../src/cli/failures.ts";
import { alignPoints, table } from "../../src/cli/table.ts";
import { receiptAnswer } from "../../src/cli/wire.ts";
import { ConfigError } from "../../src/config.ts";
import { StartError } from "../../src/start/errors.ts";

describe("tables", () => {
  it("decimal points stand under each other and no digit changes", () => {
    const amounts = ["0.005985", "12", "0.1", "100.25"];
    expect(alignPoints(amounts)).toEqual(["  0.005985", " 12       ", "  0.1     ", "100.25    "]);
    expect(alignPoints(amounts).map((text) => text.trim())).toEqual(amounts);
  });

  it("columns are as wide as their widest cell; no line ends in spaces", () => {
    const rows = [
      ["a", "1"],
      ["long name", "12"],
    ];
    expect(table([{ name: "what" }, { name: "n", right: true }], rows)).toBe(
      "what        n\na           1\nlong name  12",
    );
  });
});

describe("a receipt for people", () => {
  const voided = receiptAnswer.parse({
    id: "rcpt_1",
    created: 1_795_366_121,
    status: "voided",
    model: "gpt-image-2",
    served_model: null,
    vendor: "openai",
    price_version: "gpt-image-2@2026-04-21",
    source: "a page",
    checked_on: "2026-04-21",
    emulated: false,
    basis: "none",
    reason: null,
    code: "vendor_failed",
    total: "0",
    expected: "0.005985",
    ceiling: "0.006305",
    released: "0.006305",
    overrun: "0",
    lines: [],
    images: [],
    sent: {},
    marks: [],
    flags: [],
    chain: null,
  });

  it("of a failed call says that nothing is charged and all is released", () => {
    const text = receiptText(voided, (total) => total);
    expect(text).toMatch(/^total USD +0$/m);
    expect(text).toMatch(/^released +0\.006305$/m);
    expect(text).toMatch(/^refused as +vendor_failed$/m);
    expect(text).not.toContain("SANDBOX");
    expect(text).not.toContain("overrun");
  });

  it("of an overrun says who pays it; missing usage gives its reason", () => {
    const overrun = { ...voided, status: "settled", basis: "ceiling", reason: "absent" };
    const text = receiptText({ ...overrun, overrun: "0.5" }, (total) => total);
    expect(text).toMatch(/^overrun \(the house pays\) +0\.5$/m);
    expect(text).toMatch(/^basis +ceiling \(usage was absent\)$/m);
  });
});

describe("failures", () => {
  it.each([
    { cause: new Misuse("no model"), exitCode: 2, code: "misused" },
    { cause: new ConfigError("bad PORT"), exitCode: 2, code: "bad_configuration" },
    { cause: new StartError("port in use"), exitCode: 1, code: "start_failed" },
    {
      cause: new Refused({ message: "no", type: "x", param: null, code: "budget_exceeded" }),
      exitCode: 1,
      code: "budget_exceeded",
    },
    { cause: new TypeError("a bug"), exitCode: 1, code: "bug" },
  ])("$code ends with $exitCode", ({ cause, exitCode, code }) => {
    expect(failureOf(cause)).toMatchObject({ exitCode, said: { code } });
  });

  it("only a bug shows a stack", () => {
    expect(errorText(failureOf(new Misuse("no model")))).toBe("no model\n  code: misused");
    expect(errorText(failureOf(new TypeError("a bug")))).toContain("text.test.ts");
  });
});
