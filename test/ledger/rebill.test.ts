import { describe, expect, it } from "vitest";
import { compareAt, DiscrepancyFound } from "../../src/audit/discrepancy.ts";
import { rebillEnding, rebillHold } from "../../src/audit/rebill.ts";
import { endingDraft, holdDraft } from "../../src/ledger/draft.ts";
import type { Ending, HoldRequest } from "../../src/ledger/port.ts";
import { recordedEndingSchema, recordedHoldSchema } from "../../src/ledger/recorded.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { flatPrice, holdOf, settleFlat, usd } from "./fixtures.ts";

/** Verification of a call with a margin: ten percent and a tenth of a cent on 0.05 USD. */
const hold: HoldRequest = {
  ...holdOf({ accountId: "acct_1", keyId: "key_1" }),
  amount: usd("0.056"),
  vendorAmount: usd("0.05"),
  margin: { basisPoints: 1_000, fixed: usd("0.001") },
};

const compare = compareAt({ entry: "e", root: "r", sequence: 1 });

function ofHold(change: Partial<HoldRequest> = {}): string | undefined {
  return discrepancy(() => rebillHold(recorded({ ...hold, ...change }), flatPrice, compare));
}

function ofEnding(ending: Ending): string | undefined {
  const read = recordedEndingSchema.parse(JSON.parse(endingDraft(ending).text));
  const by = { hold: recorded(hold), price: flatPrice, echoedPrice: undefined };
  return discrepancy(() => rebillEnding(read, by, compare));
}

function recorded(request: HoldRequest) {
  return recordedHoldSchema.parse(JSON.parse(holdDraft(request).text));
}

function discrepancy(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (cause) {
    if (cause instanceof DiscrepancyFound) return cause.discrepancy.what;
    throw cause;
  }
}

describe("the text of a hold", () => {
  it("names the run and the row that it is made for, and for a call by itself says nothing of runs", () => {
    const request = holdOf({ accountId: "acct_a", keyId: "key_1" });
    const alone = holdDraft(request).text;
    const row = holdDraft({ ...request, run: { id: "run_a", row: "cup" } }).text;
    expect(alone).not.toContain('"run"');
    expect(row.replace('"run":{"id":"run_a","row":"cup"},', "")).toBe(alone);
  });
});

describe("a hold with a margin", () => {
  it("is sound when it reserves the vendor's ceiling and the margin on it", () => {
    expect(ofHold()).toBeUndefined();
  });

  it.each<[string, Partial<HoldRequest>]>([
    ["ceiling", { amount: usd("0.056000000001") }],
    ["ceiling", { margin: { basisPoints: 999, fixed: usd("0.001") } }],
    ["vendor's ceiling", { vendorAmount: usd("0.049999999999") }],
  ])("is found out by its %s: %o", (what, change) => {
    expect(ofHold(change)).toBe(what);
  });
});

describe("an ending with a margin", () => {
  const settled = settleFlat(hold);

  it("is sound when the margin is on the charge, once", () => {
    expect(settled.charge).toBe(usd("0.056"));
    expect(ofEnding(settled)).toBeUndefined();
  });

  it("is found out by its charge and by its lines", () => {
    expect(ofEnding({ ...settled, charge: usd("0.05") })).toBe("charge");
    expect(ofEnding({ ...settled, lines: settled.lines.slice(0, 1) })).toBe("lines");
  });

  it("of which nothing is known exposes the vendor's part, not the margin", () => {
    const recovered = recoveredVoid({ ...hold, holdId: hold.id });
    expect(recovered.exposure?.amount).toBe(usd("0.05"));
    expect(ofEnding(recovered)).toBeUndefined();
    const whole = { amount: hold.amount, reason: "recovered" };
    expect(ofEnding({ ...recovered, exposure: whole })).toBe("exposure");
  });
});
