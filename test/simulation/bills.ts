import { marginOn } from "../../src/billing/margin.ts";
import { type PriceVersion, priceVersionSchema } from "../../src/catalog/schema.ts";
import type { Ending, HoldRequest } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { addUsd, parseUsd } from "../../src/money/pico-usd.ts";
import { flatPrice, holdOf, settleOf, tokenPrice, voidOf } from "../ledger/fixtures.ts";
import type { Dice } from "./dice.ts";
import type { EndOrder } from "./language.ts";
import type { Node } from "./past.ts";

/** Honest holds and endings: every amount is what the billing code says, so that all can be verified. */

/** Nine images of it reach the range of a counter. */
const dearPrice: PriceVersion = priceVersionSchema.parse({
  ...flatPrice,
  id: "made-up-dear@2026-01-01",
  terms: [{ meter: "output_images", usd: "99999.00", per: 1 }],
});

const tokenItems = [
  { meter: "text_input_tokens", quantity: 85n },
  { meter: "image_output_tokens", quantity: 196n },
] as const;

/** A hold of some images of one of three prices; the dearest where money is no object. */
export function newRequest(
  dice: Dice,
  of: {
    readonly id: string;
    readonly accountId: string;
    readonly key: Node;
    readonly rich: boolean;
  },
): HoldRequest {
  const party = { accountId: of.accountId, keyId: of.key.name };
  const { id } = of;
  if (of.rich) return holdOf(party, { id, n: 9, price: dearPrice });
  const n = dice.between(1, 8);
  const request = dice.chance(25)
    ? holdOf(party, { id, n, price: tokenPrice, ceilingItems: tokenItems })
    : holdOf(party, { id, n });
  return dice.chance(20) ? withMargin(request) : request;
}

/** A tenth on top and half a cent: what is held is more than what the vendor may bill. */
function withMargin(request: HoldRequest): HoldRequest {
  const margin = { basisPoints: 1_000, fixed: parseUsd("0.005") };
  const { amount: vendorAmount } = request;
  const amount = addUsd(vendorAmount, marginOn(vendorAmount, margin));
  return { ...request, amount, vendorAmount, margin };
}

/** One of all the ends that a call can come to. */
export function newEnding(dice: Dice, hold: HoldRequest): Ending {
  const made = dice.weighed([
    [55, "whole"],
    [12, "fewer"],
    [8, "uncounted"],
    [12, "void"],
    [6, "costly"],
    [7, "unknown"],
  ]);
  switch (made) {
    case "whole":
      return settled(dice, hold, hold.facts.n);
    case "fewer":
      return settled(dice, hold, dice.between(1, hold.facts.n));
    case "uncounted": {
      const images = BigInt(dice.between(1, hold.facts.n));
      return settleOf(hold, { usage: { kind: "missing", reason: "absent" }, images });
    }
    case "void":
      return voidOf(hold.id);
    case "costly": {
      const { vendorCost, items } = settled(dice, hold, hold.facts.n);
      return { ...voidOf(hold.id), outcome: "failed", code: "vendor_failed", vendorCost, items };
    }
    case "unknown":
      return unknown(hold);
    default:
      return made satisfies never;
  }
}

/** Tokens may come to more than the ceiling; of flat images the vendor may count more than came. */
function settled(dice: Dice, hold: HoldRequest, images: number): Ending & { kind: "settle" } {
  const delivered = BigInt(images);
  const byTokens = hold.price.id === tokenPrice.id;
  const counted = dice.chance(15) ? BigInt(hold.facts.n) : delivered;
  const items = byTokens
    ? ([
        { meter: "text_input_tokens", quantity: BigInt(dice.between(1, 85)) },
        { meter: "image_output_tokens", quantity: BigInt(dice.between(1, 300)) * delivered },
      ] as const)
    : ([{ meter: "output_images", quantity: counted }] as const);
  return settleOf(hold, { usage: { kind: "reported", items }, images: delivered });
}

/** Nobody knows what it cost: the house fears the worst. */
function unknown(hold: HoldRequest): Ending {
  const exposure = { amount: hold.vendorAmount ?? hold.amount, reason: "timeout" };
  return { ...voidOf(hold.id), outcome: "unknown", code: "outcome_unknown", exposure };
}

/** What recovery says of a hold. */
export function recoveredEnding(hold: HoldRequest): Ending {
  return recoveredVoid({ holdId: hold.id, amount: hold.vendorAmount ?? hold.amount });
}

/** An ending in the auditor's words. */
export function orderOf(ending: Ending, content: string): EndOrder {
  const { holdId, kind, vendorCost, exposure, imagesMade } = ending;
  const common = {
    ...({ do: "end", hold: holdId, content, images: imagesMade } as const),
    cost: vendorCost?.total ?? 0n,
    exposure: exposure?.amount ?? 0n,
  };
  if (kind === "settle") {
    return { ...common, outcome: "made", charge: ending.charge, overrun: ending.overrun };
  }
  const outcome = ending.outcome;
  if (outcome === "our_account" || outcome === "unspent") throw new Error(`no ${outcome} here`);
  return { ...common, outcome, charge: 0n, overrun: 0n };
}
