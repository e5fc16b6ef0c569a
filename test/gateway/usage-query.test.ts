import { describe, expect, it } from "vitest";
import { csvText } from "../../src/http/usage/csv.ts";
import { houseUsageQuery, readUsageQuery, usageQuery } from "../../src/http/usage/query.ts";
import { Refusal } from "../../src/refusals.ts";

const TODAY = "2026-11-22";

type Sent = Readonly<Record<string, readonly string[]>>;

function read(sent: Sent, schema = usageQuery) {
  return readUsageQuery(sent, schema, TODAY);
}

function refusalOf(sent: Sent): Refusal {
  try {
    read(sent);
  } catch (cause) {
    if (cause instanceof Refusal) return cause;
    throw cause;
  }
  throw new Error("was not refused");
}

describe("the days of a usage report", () => {
  it.each([
    { law: "this month so far", sent: {}, from: "2026-11-01", to: TODAY },
    { law: "up to today", sent: { from: ["2026-02-03"] }, from: "2026-02-03", to: TODAY },
    {
      law: "a month's first days",
      sent: { to: ["2026-03-05"] },
      from: "2026-03-01",
      to: "2026-03-05",
    },
    {
      law: "366 days, a leap year's",
      sent: { from: ["2024-01-01"], to: ["2024-12-31"] },
      from: "2024-01-01",
      to: "2024-12-31",
    },
  ])("may be $law", ({ sent, from, to }) => {
    expect(read(sent)).toMatchObject({ from, to });
  });

  it.each<[string, Sent, object]>([
    [
      "no day",
      { from: ["2026-02-30"] },
      { param: "from", sent: "2026-02-30", allowed: ["YYYY-MM-DD"] },
    ],
    ["another spelling", { to: ["22.11.2026"] }, { param: "to", sent: "22.11.2026" }],
    ["an empty one", { to: [""] }, { param: "to", sent: "" }],
    ["the wrong way round", { from: ["2026-11-23"] }, { param: "from", sent: "2026-11-23" }],
    [
      "367 days",
      { from: ["2025-01-01"], to: ["2026-01-02"] },
      { param: "from", sent: "2025-01-01", allowed: { days_max: 366 } },
    ],
  ])("are refused: %s", (_law, sent, details) => {
    const refusal = refusalOf(sent);
    expect(refusal.code).toBe("invalid_value");
    expect(refusal.details).toMatchObject(details);
  });
});

describe("the dimensions of a usage report", () => {
  it("are up to six names, tags among them", () => {
    const by = "day,model,quality_asked,quality_billed,size,tag:shop";
    expect(read({ by: [by] }).by).toEqual(by.split(","));
    expect(read({}).by).toEqual(["day"]);
  });

  const names = ["day", "model", "vendor", "connection", "quality_asked", "quality_billed", "size"];
  const allowed = [...names, "account", "key", "user", "run", "tag:NAME"];
  it.each<[string, string, object]>([
    ["an unknown one", "day,colour", { sent: "day,colour", allowed }],
    ["none", "", { sent: "", allowed }],
    ["a space", "day, model", { allowed }],
    ["a tag without a name", "tag:", { allowed }],
    ["a tag's name of 65 characters", `tag:${"a".repeat(65)}`, { allowed }],
    ["seven", "day,model,vendor,size,account,key,user", { allowed: { dimensions_max: 6 } }],
    ["one twice", "day,day", { sent: "day,day" }],
  ])("are refused: %s", (_law, by, details) => {
    const refusal = refusalOf({ by: [by] });
    expect(refusal.code).toBe("invalid_value");
    expect(refusal.details).toMatchObject({ param: "by", ...details });
  });
});

describe("a usage report's query", () => {
  it("names what nobody knows; an account is the house's to ask for", () => {
    const refusal = refusalOf({ account_id: ["acct_1"] });
    expect(refusal.code).toBe("unknown_parameter");
    expect(refusal.details).toEqual({
      param: "account_id",
      sent: "acct_1",
      allowed: ["from", "to", "by", "key_id"],
    });
    const asked = readUsageQuery({ account_id: ["acct_1"] }, houseUsageQuery, TODAY);
    expect(asked.accountId).toBe("acct_1");
  });

  it("says each thing once", () => {
    expect(refusalOf({ by: ["day", "model"] }).details).toMatchObject({
      param: "by",
      sent: "day, model",
    });
  });
});

describe("CSV", () => {
  it.each([
    ["plain", "plain"],
    ["a,b", '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ["two\r\nlines", '"two\r\nlines"'],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["+1+2", "'+1+2"],
    ["-1-2", "'-1-2"],
    ["-0.0000015", "-0.0000015"],
    ["+1", "+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", '"\'\r=1"'],
    ["\n=1", '"\'\n=1"'],
    ["＝1", "'＝1"],
    ["1=1", "1=1"],
    ["", ""],
  ])("writes %j as %j", (cell, text) => {
    expect(csvText([[cell, "x"]])).toBe(`${text},x\r\n`);
  });
});
