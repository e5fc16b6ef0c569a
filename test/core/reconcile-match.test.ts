import { describe, expect, it } from "vitest";
import { formatUsd, parseUsd } from "../../src/money/pico-usd.ts";
import { exposed, FLAT, type Made, made, matched, refusedCall, TOKENS } from "./reconcile-world.ts";

const DAY = "2026-06-02";
const PERIOD = { from: "2026-06-01", to: "2026-06-03" };
const NOON = Date.parse(`${DAY}T12:00:00Z`);

const drawn = (of: Partial<Made> & { id: string }) =>
  made({ price: TOKENS, endedMs: NOON, requestId: `req_${of.id}`, text: 20n, image: 200n, ...of });
const painted = (of: Partial<Made> & { id: string }) =>
  made({ price: FLAT, endedMs: NOON, requestId: `req_${of.id}`, ...of });

/** A bill of rows `day,model,meter,quantity,cost`, with more columns where they are named. */
const bill = (rows: readonly string[], more = "") =>
  [`Date,Model,Meter,Quantity,Cost,Type,Request${more}`, ...rows].join("\n");
const row = (
  meter: string,
  quantity: number | string,
  usd: string,
  of: { model?: string; day?: string; request?: string } = {},
) => `${of.day ?? DAY},${of.model ?? "drawer-1"},${meter},${quantity},${usd},,${of.request ?? ""}`;

const of = { period: PERIOD };

describe("what is on a bill", () => {
  // 20 x 0.000005 + 200 x 0.00003 = 0.0001 + 0.006
  const calls = [drawn({ id: "rcpt_a" })];

  it("is explained to the last digit where it is the journal's", () => {
    const result = matched(
      bill([row("text_input_tokens", 20, "0.0001"), row("image_output_tokens", 200, "0.006")]),
      calls,
      of,
    );
    expect(result).toMatchObject({ drift: false, findings: [], proposals: [] });
    expect(formatUsd(result.sums.matched)).toBe("0.0061");
  });

  it("may be written in cents: what that leaves open is rounding, and confirms no price", () => {
    const result = matched(
      bill([row("text_input_tokens", 20, "0.00"), row("image_output_tokens", 200, "0.01")]),
      calls,
      of,
    );
    expect(result.findings).toEqual([]);
    expect(formatUsd(result.sums.rounding)).toBe("0.0039");
    expect(result.confirmable).toEqual([]);
  });

  it("confirms prices where quantity and amount agree", () => {
    const result = matched(
      bill([row("text_input_tokens", 20, "0.0002"), row("image_output_tokens", 200, "0.006000")]),
      calls,
      of,
    );
    // Text at twice its price is none.
    expect(result.confirmable).toMatchObject([
      {
        priceVersion: TOKENS.id,
        meter: "image_output_tokens",
        unitPrice: parseUsd("0.00003"),
        quantity: 200n,
      },
    ]);
    expect(result.findings).toMatchObject([{ kind: "price_differs", meter: "text_input_tokens" }]);
  });

  it("may span days: all calls of these days are compared with it together", () => {
    const month = { period: { from: "2026-06-01", to: "2026-06-30" } };
    const two = [...calls, drawn({ id: "rcpt_b", endedMs: NOON + 9 * 86_400_000 })];
    const rows = [
      row("text_input_tokens", 40, "0.0002", { day: "2026-06" }),
      row("image_output_tokens", 400, "0.012", { day: "2026-06" }),
    ];
    expect(matched(bill(rows), two, month)).toMatchObject({ drift: false, findings: [] });
  });

  it("says nothing of days outside the period, and counts what it leaves out", () => {
    const rows = [
      row("text_input_tokens", 20, "0.0001"),
      row("image_output_tokens", 200, "0.006"),
      row("image_output_tokens", 9, "1", { day: "2026-06-09" }),
    ];
    const { counts, drift, billed } = matched(bill(rows), calls, of);
    expect(counts.leftOut).toEqual({ lines: 1, amount: parseUsd("1") });
    expect([drift, formatUsd(billed)]).toEqual([false, "0.0061"]);
  });

  it("is outside where the connection never called that model", () => {
    const rows = [
      row("text_input_tokens", 20, "0.0001"),
      row("image_output_tokens", 200, "0.006"),
      row("output_images", 4, "0.2", { model: "painter-2" }),
    ];
    const result = matched(bill(rows), calls, of);
    expect(result.drift).toBe(false);
    expect(result.outside).toMatchObject([
      { amount: parseUsd("0.2"), why: expect.stringContaining("never called") },
    ]);
  });
});

describe("a discount", () => {
  const calls = [painted({ id: "rcpt_a" }), painted({ id: "rcpt_b" })];
  const net = bill([row("output_images", 2, "0.090000", { model: "painter-2" })]);

  it("that nobody accepted is another price", () => {
    expect(matched(net, calls, of)).toMatchObject({
      drift: true,
      findings: [{ kind: "price_differs", amount: -parseUsd("0.01") }],
    });
  });

  it("that is accepted explains it, to the digit", () => {
    const result = matched(net, calls, { ...of, factor: 900_000n });
    expect(result).toMatchObject({ drift: false, findings: [] });
    expect([result.sums.matched, result.sums.discount].map(formatUsd)).toEqual(["0.1", "-0.01"]);
    // What was billed under a discount says nothing of the list price.
    expect(result.confirmable).toEqual([]);
  });

  it("that the bill itself tells needs no acceptance; one that was accepted must be it", () => {
    const itemised = bill(
      [`${row("output_images", 2, "0.080000", { model: "painter-2" })},0.100000`],
      ",List",
    );
    const map = "day=Date,model=Model,meter=Meter,quantity=Quantity,amount=Cost,list=List";
    const told = matched(itemised, calls, { ...of, map });
    expect(told).toMatchObject({ drift: false, findings: [] });
    expect(formatUsd(told.sums.discount)).toBe("-0.02");
    const wrong = matched(itemised, calls, { ...of, map, factor: 900_000n });
    expect(wrong).toMatchObject({
      drift: true,
      findings: [{ kind: "discount_differs", amount: -parseUsd("0.01") }],
    });
  });
});

describe("a charge at the ceiling", () => {
  // 85 x 0.000005 + 300 x 0.00003 = 0.009425 held and charged.
  const margin = { basisPoints: 1_000, fixed: parseUsd("0.001") };
  const ceiling = (id: string, more: Partial<Made> = {}) =>
    made({ id, price: TOKENS, endedMs: NOON, requestId: null, ...more });

  it("comes down to what was billed, with the margin on it", () => {
    const rows = [
      row("text_input_tokens", 20, "0.0001"),
      row("image_output_tokens", 196, "0.00588"),
    ];
    const { proposals, sums } = matched(bill(rows), [ceiling("rcpt_c", { margin })], of);
    expect(formatUsd(sums.settled)).toBe("0.00598");
    expect(proposals).toMatchObject([
      {
        ...{ receiptId: "rcpt_c", action: "correct", billed: parseUsd("0.00598") },
        postings: [
          // 0.009425 + 0.0009425 + 0.001; and 0.00598 + 0.000598 + 0.001
          { corrects: "rcpt_c.end", before: parseUsd("0.0113675"), after: parseUsd("0.007578") },
          { corrects: "rcpt_c.cost", before: parseUsd("0.009425"), after: parseUsd("0.00598") },
        ],
      },
    ]);
  });

  it("stands where the bill has something else in it, and the reason is said", () => {
    const rows = [row("text_input_tokens", 20, "0.0001"), row("image_output_tokens", 900, "0.027")];
    const { proposals, drift } = matched(bill(rows), [ceiling("rcpt_c")], of);
    expect(drift).toBe(true);
    expect(proposals).toMatchObject([
      { action: "keep", postings: [], reason: expect.stringContaining("something else") },
    ]);
  });

  it("is shared evenly with calls that are alike; an odd picodollar goes to the first", () => {
    const rows = [
      row("text_input_tokens", 41, "0.000205"),
      row("image_output_tokens", 333, "0.00999"),
    ];
    const { proposals } = matched(bill(rows), [ceiling("rcpt_c"), ceiling("rcpt_d")], of);
    expect(
      proposals.map(({ receiptId, billed }) => [receiptId, formatUsd(billed ?? parseUsd("9"))]),
    ).toEqual([
      ["rcpt_c", "0.0050975"],
      ["rcpt_d", "0.0050975"],
    ]);
  });

  it("is kept where different calls share what was billed", () => {
    const rows = [
      row("text_input_tokens", 41, "0.000205"),
      row("image_output_tokens", 333, "0.00999"),
    ];
    const calls = [ceiling("rcpt_c"), ceiling("rcpt_d", { account: "acct_2" })];
    const { proposals, drift } = matched(bill(rows), calls, of);
    expect(drift).toBe(false);
    expect(proposals.map(({ action, reason }) => [action, reason.slice(0, 30)])).toEqual([
      ["keep", "2 calls share 0.010195 USD of "],
      ["keep", "2 calls share 0.010195 USD of "],
    ]);
  });
});

describe("an exposure", () => {
  const feared = (id: string, endedMs = NOON) =>
    exposed({ id, price: FLAT, endedMs, requestId: null });

  it("is closed with nothing when the vendor counts only the pictures that came", () => {
    const rows = [row("output_images", 1, "0.05", { model: "painter-2" })];
    const { proposals } = matched(bill(rows), [painted({ id: "rcpt_a" }), feared("rcpt_e")], of);
    expect(proposals).toMatchObject([
      {
        action: "close",
        billed: 0n,
        postings: [{ corrects: "rcpt_e.exposure", before: parseUsd("0.05"), after: 0n }],
      },
    ]);
  });

  it("was not billed where the vendor counts the one picture that came, whose usage did not", () => {
    const calls = [painted({ id: "rcpt_c", silent: true }), feared("rcpt_e")];
    const rows = [row("output_images", 1, "0.05", { model: "painter-2" })];
    const { proposals } = matched(bill(rows), calls, of);
    expect(proposals.map(({ receiptId, action, billed }) => [receiptId, action, billed])).toEqual([
      ["rcpt_c", "keep", parseUsd("0.05")],
      ["rcpt_e", "close", 0n],
    ]);
  });

  it("waits for the next bill when it arose at the end of the period", () => {
    const end = Date.parse("2026-06-03T23:58:00Z");
    const { proposals } = matched(
      bill([row("text_input_tokens", 1, "0", { model: "sculptor-3" })]),
      [feared("rcpt_e", end)],
      of,
    );
    expect(proposals).toMatchObject([
      { action: "keep", reason: expect.stringContaining("edge of the period") },
    ]);
  });
});

describe("an overrun", () => {
  // 20 and 500 tokens: 0.0151 where 0.009425 were the ceiling; 200 tokens of pictures above theirs.
  const over = drawn({ id: "rcpt_o", text: 20n, image: 500n });

  it("that was never billed so lowers the house's cost", () => {
    const rows = [row("text_input_tokens", 20, "0.0001"), row("image_output_tokens", 400, "0.012")];
    const { proposals, drift } = matched(bill(rows), [over], of);
    expect(drift).toBe(false);
    expect(proposals).toMatchObject([
      {
        of: "overrun",
        action: "correct",
        postings: [
          { corrects: "rcpt_o.cost", before: parseUsd("0.0151"), after: parseUsd("0.0121") },
        ],
      },
    ]);
  });
});

describe("calls around midnight and the edges", () => {
  const late = drawn({ id: "rcpt_l", endedMs: Date.parse("2026-06-03T23:59:00Z") });

  it("a call at the end of the period that isn't on the bill may be on the next: no drift", () => {
    const { findings, drift } = matched(
      bill([row("text_input_tokens", 1, "0", { model: "sculptor-3" })]),
      [late],
      of,
    );
    expect(findings).toMatchObject([{ kind: "edge_of_period", receipts: ["rcpt_l"] }]);
    expect(drift).toBe(false);
  });

  it("a call in the middle that isn't there is missing, and named", () => {
    const { findings } = matched(
      bill([row("text_input_tokens", 1, "0", { model: "sculptor-3" })]),
      [drawn({ id: "rcpt_m" })],
      of,
    );
    expect(findings).toMatchObject([
      { kind: "ours_only", receipts: ["rcpt_m"], amount: -parseUsd("0.0061") },
    ]);
  });

  it("a call that was billed the day before it ended began there", () => {
    const began = Date.parse("2026-06-01T23:50:00Z");
    const long = drawn({
      id: "rcpt_n",
      startedMs: began,
      endedMs: Date.parse("2026-06-02T00:20:00Z"),
    });
    const day = { day: "2026-06-01" };
    const rows = [
      row("text_input_tokens", 20, "0.0001", day),
      row("image_output_tokens", 200, "0.006", day),
    ];
    expect(matched(bill(rows), [long], of)).toMatchObject({
      drift: false,
      findings: [{ kind: "other_day", receipts: ["rcpt_n"] }],
    });
  });
});

it("one call of several alike, paid for by nobody here, is a call and no price", () => {
  const calls = [drawn({ id: "rcpt_a" }), drawn({ id: "rcpt_b" })];
  const map = "day=Date,model=Model,meter=Meter,amount=Cost";
  const rows = [
    row("text_input_tokens", "", "0.000300"),
    row("image_output_tokens", "", "0.018000"),
  ];
  expect(matched(bill(rows), calls, { ...of, map }).findings).toMatchObject([
    { kind: "theirs_only", amount: parseUsd("0.0061") },
  ]);
});

it("a request that the vendor refused and billed all the same is named", () => {
  const refused = refusedCall({ id: "rcpt_r", price: FLAT, endedMs: NOON, requestId: "req_r" });
  const rows = [row("output_images", 1, "0.05", { model: "painter-2", request: "req_r" })];
  expect(matched(bill(rows), [refused], of).findings).toMatchObject([
    {
      kind: "billed_though_void",
      receipts: ["rcpt_r"],
      text: expect.stringContaining("should have cost nothing"),
    },
  ]);
});
