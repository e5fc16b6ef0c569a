import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recharge } from "../../src/audit/recharge.ts";
import { type Change, type RepricedCall, reprice } from "../../src/audit/reprice.ts";
import { chargeFor } from "../../src/billing/charge.ts";
import { marginOn } from "../../src/billing/margin.ts";
import { billImages } from "../../src/billing/quote.ts";
import type { UsageItem } from "../../src/billing/usage.ts";
import { type PriceVersion, priceVersionSchema } from "../../src/catalog/schema.ts";
import { openLedger } from "../../src/ledger/open.ts";
import type { Ending, HoldRequest } from "../../src/ledger/port.ts";
import { storedPrice } from "../../src/ledger/price-text.ts";
import { formatUsd, picoUsd } from "../../src/money/pico-usd.ts";
import { Bench, figures } from "./bench.ts";
import {
  flatPrice,
  holdOf,
  newParty,
  nextId,
  type Party,
  settleFlat,
  settleOf,
  tokenPrice,
  usd,
  voidOf,
} from "./fixtures.ts";

/** Prices of an image at which it should have been billed; the fixtures' flat price is 0.05. */
const perImage = (usdText: string, correction: number, more: object = {}): PriceVersion =>
  priceVersionSchema.parse({
    ...flatPrice,
    id: `${flatPrice.id}.${correction}`,
    terms: [{ meter: "output_images", usd: usdText, per: 1 }],
    ...more,
  });
const cheaper = perImage("0.04", 1);
const dearer = perImage("0.07", 2);
const cheapest = perImage("0.03", 3);

/** The same of a million output tokens; the fixtures' token price is 30.00. */
const perToken = (usdText: string, correction: number): PriceVersion =>
  priceVersionSchema.parse({
    ...tokenPrice,
    id: `${tokenPrice.id}.${correction}`,
    terms: [{ meter: "image_output_tokens", usd: usdText, per: 1_000_000 }],
  });

const bench = new Bench(openLedger);

async function settled(party: Party, hold = holdOf(party), ending?: Ending): Promise<HoldRequest> {
  expect((await bench.ledger.hold(hold)).kind).toBe("held");
  await bench.ledger.end(ending ?? settleFlat(hold));
  return hold;
}

async function repriced(
  to: PriceVersion,
  of: { readonly apply?: boolean; readonly from?: string; readonly ledger?: object } = {},
): Promise<readonly RepricedCall[]> {
  const { apply = false, from = flatPrice.id } = of;
  const found: RepricedCall[] = [];
  const ledger = { ...bench.ledger, ...of.ledger };
  for await (const slice of reprice({ from, to, apply, actor: "me" }, ledger)) found.push(...slice);
  return found;
}

function printed(change: Change | null | undefined) {
  if (change == null) return null;
  const after = change.after === null ? "?" : formatUsd(change.after);
  const because = change.change === "kept" ? ` (${change.because})` : "";
  return `${formatUsd(change.before)} -> ${after} ${change.change}${because}`;
}

/** The only call, as text. */
async function only(to: PriceVersion, of: Parameters<typeof repriced>[1] = {}) {
  const [call, ...others] = await repriced(to, of);
  expect(others).toEqual([]);
  return [printed(call?.charge), printed(call?.vendorCost)];
}

describe("reprice", () => {
  it("says what would be corrected and posts nothing", async () => {
    const party = await newParty(bench.ledger, { fund: "1.00" });
    const hold = await settled(party, holdOf(party, { n: 2 }));
    expect(await only(cheaper)).toEqual(["0.1 -> 0.08 correct", "0.1 -> 0.08 correct"]);
    expect(await figures(bench.ledger, party)).toMatchObject({ settled: "0.1", available: "0.9" });
    expect((await bench.ledger.call(hold.id))?.corrections).toEqual([]);
  });

  it("lowers the charge and the vendor's cost, by corrections that say why", async () => {
    const party = await newParty(bench.ledger, { fund: "1.00" });
    const hold = await settled(party, holdOf(party, { n: 2 }));
    await repriced(cheaper, { apply: true });
    expect(await figures(bench.ledger, party)).toEqual({
      settled: "0.08",
      held: "0",
      available: "0.92",
    });
    const common = {
      before: usd("0.1"),
      after: usd("0.08"),
      actor: "me",
      reason: `repriced from ${flatPrice.id} to ${cheaper.id}, SHA-256 ${storedPrice(cheaper).sha256}`,
    };
    expect((await bench.ledger.call(hold.id))?.corrections).toMatchObject([
      {
        ...common,
        of: "charge",
        entryId: `${hold.id}.reprice.${cheaper.id}.charge`,
        corrects: `${hold.id}.end`,
      },
      {
        ...common,
        of: "cost",
        entryId: `${hold.id}.reprice.${cheaper.id}.cost`,
        corrects: `${hold.id}.cost`,
      },
    ]);
  });

  it("applied twice changes nothing the second time", async () => {
    const party = await newParty(bench.ledger, { fund: "1.00" });
    const hold = await settled(party);
    expect(await only(cheaper, { apply: true })).toEqual([
      "0.05 -> 0.04 correct",
      "0.05 -> 0.04 correct",
    ]);
    const after = await bench.ledger.call(hold.id);
    expect(await only(cheaper, { apply: true })).toEqual([
      "0.04 -> 0.04 none",
      "0.04 -> 0.04 none",
    ]);
    expect(await bench.ledger.call(hold.id)).toEqual(after);
    expect((await figures(bench.ledger, party)).available).toBe("0.96");
  });

  it("never raises a charge; the vendor's cost follows the price", async () => {
    const party = await newParty(bench.ledger, { fund: "1.00" });
    const ceilingItems: UsageItem[] = [{ meter: "image_output_tokens", quantity: 500n }];
    const hold = holdOf(party, { price: tokenPrice, ceilingItems });
    const items: UsageItem[] = [{ meter: "image_output_tokens", quantity: 196n }];
    await settled(party, hold, settleOf(hold, { images: 1n, usage: { kind: "reported", items } }));
    // 196 x 0.00003 = 0.00588; 196 x 0.00004 = 0.00784, below the held 0.015
    const of = { apply: true, from: tokenPrice.id };
    expect(await only(perToken("40.00", 1), of)).toEqual([
      "0.00588 -> 0.00784 kept (would_rise)",
      "0.00588 -> 0.00784 correct",
    ]);
    expect((await figures(bench.ledger, party)).settled).toBe("0.00588");
    const [row] = await bench.ledger.usage({ from: "2026-06-19", to: "2026-06-19", by: [] });
    expect(row?.vendorCost).toBe(usd("0.00784"));
  });

  it("by a dearer price of what was charged at its ceiling, is the ceiling as before", async () => {
    const party = await newParty(bench.ledger);
    const [reported, missing] = [holdOf(party), holdOf(party)];
    await settled(party, reported);
    const usage = { kind: "missing", reason: "absent" } as const;
    await settled(party, missing, settleOf(missing, { images: 1n, usage }));
    const found = await repriced(dearer);
    expect(found.map(({ charge }) => printed(charge))).toEqual([
      "0.05 -> 0.05 none",
      "0.05 -> 0.05 none",
    ]);
  });

  it("puts the margin that was frozen on the lower charge", async () => {
    const party = await newParty(bench.ledger);
    const margin = { basisPoints: 1_000, fixed: usd("0.001") };
    // 0.05 + 0.005 + 0.001; corrected 0.04 + 0.004 + 0.001
    const amount = usd("0.056");
    const hold = { ...holdOf(party), amount, vendorAmount: usd("0.05"), margin };
    await settled(party, hold);
    expect(await only(cheaper)).toEqual(["0.056 -> 0.045 correct", "0.05 -> 0.04 correct"]);
  });

  it("bills missing usage again at the ceiling of the images that came", async () => {
    const party = await newParty(bench.ledger);
    const hold = holdOf(party, { n: 3 });
    const usage = { kind: "missing", reason: "absent" } as const;
    await settled(party, hold, settleOf(hold, { images: 2n, usage }));
    expect(await only(cheaper)).toEqual(["0.1 -> 0.08 correct", "0.1 -> 0.08 correct"]);
  });

  it("never charges above what the call was held for, whatever the corrected price", async () => {
    const party = await newParty(bench.ledger);
    const ceilingItems: UsageItem[] = [{ meter: "image_output_tokens", quantity: 196n }];
    const hold = holdOf(party, { price: tokenPrice, ceilingItems }); // held 0.00588
    const items: UsageItem[] = [{ meter: "image_output_tokens", quantity: 392n }];
    await settled(party, hold, settleOf(hold, { images: 1n, usage: { kind: "reported", items } }));
    // 392 x 0.00003 = 0.01176 was charged 0.00588; 392 x 0.00002 = 0.00784 is above that still
    expect(await only(perToken("20.00", 1), { from: tokenPrice.id })).toEqual([
      "0.00588 -> 0.00588 none",
      "0.01176 -> 0.00784 correct",
    ]);
  });

  it("bills again where the wrong price is that of the model which really ran", async () => {
    const party = await newParty(bench.ledger);
    const echoedPrice = perImage("0.03", 0, { id: "another@2026-01-01" });
    const hold = holdOf(party);
    const items: UsageItem[] = [{ meter: "output_images", quantity: 1n }];
    const usage = { kind: "reported", items } as const;
    await settled(party, hold, settleOf(hold, { images: 1n, usage, echoedPrice }));
    const to = perImage("0.02", 0, { id: "another@2026-01-01.1" });
    const from = echoedPrice.id;
    expect(await only(to, { from })).toEqual(["0.03 -> 0.02 correct", "0.03 -> 0.02 correct"]);
    // Dearer than the quoted 0.05, which then is the lower one.
    const above = perImage("0.06", 0, { id: "another@2026-01-01.2" });
    expect(await only(above, { from })).toEqual([
      "0.03 -> 0.05 kept (would_rise)",
      "0.03 -> 0.06 correct",
    ]);
  });

  it("corrects what a call without a charge cost the house", async () => {
    const party = await newParty(bench.ledger);
    const hold = holdOf(party);
    const { items, vendorCost } = settleFlat(hold);
    await settled(party, hold, { ...voidOf(hold.id), items, vendorCost });
    expect(await only(cheaper)).toEqual([null, "0.05 -> 0.04 correct"]);
  });

  it("leaves calls alone that have neither charge nor cost, and those still open", async () => {
    const party = await newParty(bench.ledger);
    const hold = holdOf(party);
    await settled(party, hold, voidOf(hold.id));
    await bench.ledger.hold(holdOf(party));
    expect(await only(cheaper, { apply: true })).toEqual([null, null]);
  });
});

describe("reprice keeps", () => {
  it.each([
    {
      law: "what the corrected version has no price for",
      to: perImage("0.04", 1, { terms: [{ meter: "image_output_tokens", usd: "1", per: 1 }] }),
      because: "not_priced",
    },
    {
      law: "calls of before the corrected version was in force",
      to: perImage("0.04", 1, { effectiveFrom: "2026-06-20" }),
      because: "not_in_force",
    },
  ])("$law", async ({ to, because }) => {
    await settled(await newParty(bench.ledger));
    const kept = `0.05 -> ? kept (${because})`;
    expect(await only(to, { apply: true })).toEqual([kept, kept]);
  });

  it("a cost that somebody set to the vendor's bill, and a charge lowered further", async () => {
    const hold = await settled(await newParty(bench.ledger));
    for (const [corrects, amount] of [
      [`${hold.id}.cost`, "0.0499"],
      [`${hold.id}.end`, "0.01"],
    ] as const) {
      const entryId = nextId("fix");
      await bench.ledger.correct({
        entryId,
        corrects,
        amount: usd(amount),
        reason: "",
        actor: "b",
      });
    }
    expect(await only(cheaper, { apply: true })).toEqual([
      "0.01 -> 0.04 kept (would_rise)",
      "0.0499 -> 0.04 kept (corrected_by_hand)",
    ]);
  });

  it("what a later correction of the price has mended since", async () => {
    await settled(await newParty(bench.ledger));
    await repriced(cheaper, { apply: true });
    expect(await only(cheapest, { apply: true })).toEqual([
      "0.04 -> 0.03 correct",
      "0.04 -> 0.03 correct",
    ]);
    expect(await only(cheaper, { apply: true })).toEqual([
      "0.03 -> 0.04 kept (would_rise)",
      "0.03 -> 0.04 kept (repriced_since)",
    ]);
  });

  it("a cost that was never posted because it was nothing", async () => {
    const party = await newParty(bench.ledger);
    const free = perImage("0", 4);
    await settled(party, holdOf(party, { price: free }));
    expect(await only(cheaper, { apply: true, from: free.id })).toEqual([
      "0 -> 0 none",
      "0 -> 0.04 kept (no_cost_posted)",
    ]);
  });

  it("a cost beyond what one amount may be", async () => {
    const party = await newParty(bench.ledger);
    await settled(party, holdOf(party, { n: 2 }));
    expect(await only(perImage("500000", 5), { apply: true })).toEqual([
      "0.1 -> 0.1 none",
      "0.1 -> 1000000 kept (range)",
    ]);
  });

  it("what the ledger refuses after all, and says so", async () => {
    await settled(await newParty(bench.ledger));
    const refused = { kind: "refused", reason: "not_lower", now: usd("0.02") } as const;
    const ledger = { correct: async () => refused };
    expect(await only(cheaper, { apply: true, ledger })).toEqual([
      "0.02 -> 0.04 kept (not_lower)",
      "0.02 -> 0.04 kept (not_lower)",
    ]);
  });
});

describe("a call billed again", () => {
  it("by the very price that billed it comes to the very bill", () => {
    const quantity = fc.bigInt(0n, 10n ** 6n);
    const count = fc.integer({ min: 1, max: 10 });
    const basisPoints = fc.integer({ min: 0, max: 100_000 });
    const fixed = fc.bigInt(0n, 10n ** 10n).map(picoUsd);
    const party = { accountId: "a", keyId: "k" };
    fc.assert(
      fc.property(
        fc.record({ text: quantity, image: quantity, n: count, basisPoints, fixed }),
        fc.option(fc.constantFrom("absent", "malformed")),
        ({ text, image, n, basisPoints: part, fixed: sum }, reason) => {
          const ceilingItems: UsageItem[] = [{ meter: "image_output_tokens", quantity: 500_000n }];
          const plain = holdOf(party, { n, price: tokenPrice, ceilingItems });
          const margin = { basisPoints: part, fixed: sum };
          const amount = picoUsd(plain.amount + marginOn(plain.amount, margin));
          const hold = { ...plain, amount, vendorAmount: plain.amount, margin };
          const items: UsageItem[] = [
            { meter: "text_input_tokens", quantity: text },
            { meter: "image_output_tokens", quantity: image },
          ];
          const usage =
            reason === null
              ? ({ kind: "reported", items } as const)
              : ({ kind: "missing", reason } as const);
          const of = { price: tokenPrice, facts: {}, images: BigInt(n) };
          const frozen = {
            ...{ price: tokenPrice, facts: {}, n: BigInt(n), ceilingItems, margin },
            ceiling: billImages(ceilingItems, of).total,
          };
          const charge = chargeFor({ usage, images: BigInt(n) }, frozen);
          const ending = settleOf(hold, { usage, images: BigInt(n) });
          const again = recharge(hold, ending, { price: tokenPrice, echoedPrice: undefined });
          expect(again).toEqual({ charge: charge.amount, vendorCost: charge.vendorCost.total });
        },
      ),
    );
  });
});
