import { describe, expect, it } from "vitest";
import { judgeModel } from "../../src/audit/probe/judge.ts";
import { caughtIn, evidenceOf, type Figures, verdictOf } from "./probe-evidence.ts";

const wide = { size: { width: 1_408, height: 480 } };
const each = (ids: readonly string[], figures: Figures): Record<string, Figures> =>
  Object.fromEntries(ids.map((id) => [id, figures]));
const MADE = ["base", "tier", "several", "long_1", "long_2", "edit"];

describe("an honest gateway", () => {
  it("is consistent in all sixteen questions", () => {
    const checks = judgeModel(evidenceOf());
    expect(checks.map(({ verdict }) => verdict)).toEqual(new Array(16).fill("consistent"));
  });

  it("may add a margin to every price: 20 % and 0.0001 USD a call", () => {
    // 0.001715 x 1.2 + 0.0001 = 0.002158; the others likewise.
    const evidence = evidenceOf({
      base: { cost: "0.002158" },
      repeat: { cost: "0.002158" },
      tier: { cost: "0.018718" },
      several: { cost: "0.004216" },
      long_1: { cost: "0.00934" },
      long_2: { cost: "0.00934" },
      edit: { cost: "0.0046216" },
    });
    expect(caughtIn(evidence)).toEqual([]);
    expect(verdictOf(evidence, "cost").why).toBe(
      "every price is 120.00 % of the published rates and 0.0001 a call, and the balance moves by them",
    );
  });

  it("may say no price at all: then the balance tells it", () => {
    const evidence = evidenceOf({
      ...each(MADE, { cost: null }),
      base: { cost: null, moved: "0.001715" },
      repeat: { cost: null, moved: "0" },
      tier: { cost: null, moved: "0.015515" },
      several: { cost: null, moved: "0.00343" },
      long_1: { cost: null, moved: "0.0077" },
      long_2: { cost: null, moved: "0.0077" },
      edit: { cost: null, moved: "0.003768" },
    });
    expect(judgeModel(evidence).every(({ verdict }) => verdict === "consistent")).toBe(true);
  });

  it("may keep its balance in points: that proves movement and no sums", () => {
    // 500,000 points a dollar; one point is written as one dollar here.
    const evidence = evidenceOf({
      base: { moved: "857.5" },
      tier: { moved: "7757.5" },
      several: { moved: "1715" },
      long_1: { moved: "3850" },
      long_2: { moved: "3850" },
      edit: { moved: "1884" },
    });
    expect(caughtIn(evidence)).toEqual([]);
    expect(verdictOf(evidence, "cost").why).toContain("kept in other units");
  });

  it("without usage, prices and balance there is nothing that can be told of money", () => {
    const blind = { usable: false, why: "no balance of a known shape can be read" } as const;
    const evidence = evidenceOf(each([...MADE, "repeat"], { usage: null, cost: null }), {
      balance: blind,
    });
    expect(caughtIn(evidence)).toEqual([]);
    for (const id of ["usage_law", "cost", "image_rate", "cache_discount", "failed_calls"]) {
      expect(verdictOf(evidence, id).verdict).toBe("cannot_tell");
    }
    expect(verdictOf(evidence, "idempotency")).toEqual({
      verdict: "cannot_tell",
      why: "no balance of a known shape can be read",
    });
  });
});

describe("one lie is one check's matter", () => {
  it.each<[string, string, Record<string, Figures>]>([
    [
      "another size than asked",
      "honours_size",
      each(["base", "repeat"], {
        pictures: [{ size: { width: 1_024, height: 1_024 } }],
        imageOut: 196n,
        cost: "0.005975",
      }),
    ],
    [
      "one picture of two",
      "honours_n",
      {
        several: {
          text: 19n,
          imageOut: 54n,
          cost: "0.001715",
          pictures: [{ ...wide, seeThrough: true }],
        },
      },
    ],
    [
      "the cheap tier for the dear one",
      "honours_quality",
      { tier: { imageOut: 54n, cost: "0.001715" } },
    ],
    [
      "another format",
      "honours_output_format",
      { tier: { pictures: [{ ...wide, format: "png" }] } },
    ],
    [
      "nothing to see through",
      "honours_background",
      {
        several: {
          pictures: [
            { ...wide, seeThrough: false },
            { ...wide, seeThrough: false },
          ],
        },
      },
    ],
    [
      "a mask of other pixels made",
      "honours_mask",
      {
        mask: {
          status: 200,
          text: 20n,
          imageIn: 256n,
          imageOut: 54n,
          cost: "0.003768",
          moved: "0.003768",
          pictures: [wide],
        },
      },
    ],
    [
      "a seed taken",
      "refuses_impossible",
      {
        impossible_parameter: {
          status: 200,
          text: 19n,
          imageOut: 54n,
          cost: "0.001715",
          moved: "0.001715",
          pictures: [wide],
        },
      },
    ],
    [
      "output off the law",
      "usage_law",
      { long_1: { imageOut: 68n, cost: "0.00812" }, long_2: { imageOut: 68n, cost: "0.00812" } },
    ],
    ["a reference off the law", "usage_law", { edit: { imageIn: 1_024n, cost: "0.009912" } }],
    ["the prompt once for two", "bills_n_and_prompt", { several: { text: 19n, cost: "0.003335" } }],
    [
      "a prompt by more tokens",
      "bills_n_and_prompt",
      { long_1: { text: 1_300n, cost: "0.00812" }, long_2: { text: 1_300n, cost: "0.00812" } },
    ],
    ["cached tokens told", "cache_discount", { long_2: { cached: 1_216n, cost: "0.00314" } }],
    // 1216 x 0.00000125 + 0.00162 = 0.00314, and nothing said of it.
    ["a cached rate, untold", "cache_discount", { long_2: { cost: "0.00314" } }],
    // 0.0001 + 256 x 0.000005 + 0.00162 = 0.003.
    ["references at the rate of text", "image_rate", { edit: { cost: "0.003" } }],
    ["a price that nothing explains", "cost", { tier: { cost: "0.02" } }],
    ["more taken than said", "cost", { tier: { moved: "0.018" } }],
    ["a refusal charged", "failed_calls", { no_such_model: { moved: "0.01" } }],
    ["a refusal that says a price", "failed_calls", { no_such_model: { cost: "0.01" } }],
    ["a repetition charged", "idempotency", { repeat: { moved: "0.001715" } }],
    [
      "a storage address",
      "no_leaks",
      { base: { pictures: [{ ...wide, url: "https://x.blob.core.windows.net/a.png?sig=s" }] } },
    ],
    [
      "a vendor's host in an error",
      "no_leaks",
      { no_such_model: { error: "see https://platform.vendor.example/docs." } },
    ],
    [
      "a vendor's organisation in an error",
      "no_leaks",
      { no_such_model: { error: "organization org-4XkT9wq0aLpZ" } },
    ],
    ["another model's name", "same_model", { base: { echo: { model: "gpt-image-1-mini" } } }],
    // 2.5's medium at 1408x480 is 129 tokens: 19 x 0.000005 + 129 x 0.00003 = 0.003965.
    ["another model's tokens", "same_model", { tier: { imageOut: 129n, cost: "0.003965" } }],
  ])("%s: %s", (_what, id, changes) => {
    expect(caughtIn(evidenceOf(changes))).toEqual([id]);
  });

  it("images at the rate of text out, which only all prices together show", () => {
    // 10 USD a million out, 5 in: base 0.000095 + 0.00054; edit 0.0001 + 0.00128 + 0.00054.
    const evidence = evidenceOf({
      base: { cost: "0.000635" },
      repeat: { cost: "0.000635" },
      tier: { cost: "0.005235" },
      several: { cost: "0.00127" },
      long_1: { cost: "0.00662" },
      long_2: { cost: "0.00662" },
      edit: { cost: "0.00192" },
    });
    expect(caughtIn(evidence)).toEqual(["image_rate"]);
    expect(verdictOf(evidence, "image_rate").why).toBe(
      "image tokens in and out are charged at the rate of text",
    );
  });
});

describe("what can't be told is not called a lie", () => {
  it("a mask that is taken where everything is", () => {
    const made = {
      status: 200,
      text: 19n,
      imageOut: 54n,
      pictures: [wide],
      cost: "0.001715",
      moved: "0.001715",
    };
    const all = each(
      ["mask", "impossible_size", "impossible_quality", "impossible_parameter"],
      made,
    );
    const evidence = evidenceOf({
      ...all,
      mask: { ...made, text: 20n, imageIn: 256n, cost: "0.003768", moved: "0.003768" },
    });
    expect(caughtIn(evidence)).toEqual(["refuses_impossible"]);
    expect(verdictOf(evidence, "honours_mask").verdict).toBe("cannot_tell");
  });

  it("an impossible size that is taken by a gateway which drops sizes", () => {
    const square = { pictures: [{ size: { width: 1_254, height: 1_254 } }], imageOut: 229n };
    const dropped = each(["base", "repeat", "long_1", "long_2"], square);
    const evidence = evidenceOf({
      ...dropped,
      impossible_size: { ...square, status: 200, text: 19n, moved: "0.006965", cost: "0.006965" },
      base: { ...square, cost: "0.006965" },
      repeat: { ...square, cost: "0.006965" },
      long_1: { ...square, cost: "0.01295" },
      long_2: { ...square, cost: "0.01295" },
      several: { imageOut: 458n, cost: "0.01393" },
    });
    expect(verdictOf(evidence, "refuses_impossible").verdict).toBe("consistent");
    expect(caughtIn(evidence)).toContain("honours_size");
  });

  it("an address that is neither its own nor anybody's known storage", () => {
    const pictures = [{ ...wide, url: "https://cdn.elsewhere.example/a.png" }];
    const own = [{ ...wide, url: "https://files.gateway.example/a.png" }];
    expect(verdictOf(evidenceOf({ base: { pictures } }), "no_leaks")).toEqual({
      verdict: "cannot_tell",
      why: "pictures lie at cdn.elsewhere.example, which may or may not be its own",
    });
    expect(verdictOf(evidenceOf({ base: { pictures: own } }), "no_leaks").verdict).toBe(
      "consistent",
    );
  });

  it("a balance that never moves", () => {
    const still = each([...MADE, "repeat"], { moved: "0", cost: null });
    expect(verdictOf(evidenceOf(still), "failed_calls").why).toBe(
      "the balance moved for no call: it tells nothing",
    );
  });
});

describe("evidence", () => {
  it("names calls, figures and ids, and never a prompt or an address", () => {
    const pictures = [{ ...wide, url: "https://x.blob.core.windows.net/a.png?sig=secret" }];
    const checks = judgeModel(evidenceOf({ base: { pictures } }));
    const text = JSON.stringify(checks);
    expect(text).not.toContain("ceramic mug");
    expect(text).not.toContain("secret");
    expect(checks.find(({ id }) => id === "usage_law")?.evidence[0]).toEqual({
      call: "base",
      sent: { model: "gpt-image-2", quality: "low", size: "1408x480", prompt_tokens: 13 },
      received: {
        status: 200,
        request_id: "req_1",
        pictures: ["1408x480 png at x.blob.core.windows.net"],
        usage: { text_in: 19, image_in: 0, text_out: 0, image_out: 54 },
        cost: "0.001715",
        balance_moved: "0.001715",
      },
    });
  });

  it("carries the law that it rests on, with its mark", () => {
    for (const { law, needs } of judgeModel(evidenceOf())) {
      expect(law.source).not.toBe("");
      expect(["spec", "seen", "third", "guess"]).toContain(law.mark);
      expect(needs).not.toEqual([]);
    }
  });
});
