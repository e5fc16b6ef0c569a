import { billImages, billRequest } from "../../billing/quote.ts";
import { type BillLine as RatedLine, rateItems } from "../../billing/rate.ts";
import { splitAtDelivered } from "../../billing/usage.ts";
import { type Meter, meters, type PriceVersion } from "../../catalog/schema.ts";
import { costId } from "../../ledger/journal.ts";
import type { Ending, LedgerCall, LegFacts } from "../../ledger/port.ts";
import { readStoredPrice } from "../../ledger/price-text.ts";
import type { CallStanding } from "../../ledger/reports-port.ts";
import { addUsd, type PicoUsd, subtractUsd, sumUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { legsAgain, type RatedBy } from "../recharge.ts";
import { repricedTo } from "../reprice.ts";

/** What of one meter a call used up, at the price that the journal knows. */
export type MeterLine = {
  readonly meter: Meter;
  readonly quantity: bigint;
  readonly unitPrice: PicoUsd;
  readonly amount: PicoUsd;
};

/** A part of a call of which nobody knows what the vendor bills for it: anything from nothing to `most`. */
export type UnsurePart = {
  /** Charged at the ceiling, or feared by the house. */
  readonly of: "ceiling" | "exposure";
  readonly most: readonly MeterLine[];
};

/** A call, as far as a vendor's bill can tell of it. */
export type JournalCall = {
  readonly receiptId: string;
  readonly accountId: string;
  /** The one that the vendor says it ran, else the one that was asked. */
  readonly model: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly requestIds: readonly string[];
  /** What the bill must hold of it. */
  readonly known: readonly MeterLine[];
  readonly unsure: readonly UnsurePart[];
  /** The most that any outcome of it could have cost. */
  readonly ceiling: readonly MeterLine[];
  /** The price version of `known`. */
  readonly priceVersion: string;
  /** `made`, or why it was voided. */
  readonly outcome: string;
  readonly images: number;
  readonly overrun: PicoUsd;
  readonly standing: CallStanding;
  readonly ledger: LedgerCall & { readonly ending: NonNullable<LedgerCall["ending"]> };
};

/** Finds a price version that is in the catalog today. */
export type FindVersion = (id: string) => PriceVersion | undefined;

/** What a call leads to expect of a bill. Undefined for a call that hasn't ended. */
export function journalCall(
  call: LedgerCall,
  standing: CallStanding,
  findVersion: FindVersion,
): JournalCall | undefined {
  const { hold, ending } = call;
  if (ending === undefined) return undefined;
  const by = ratedBy(call, ending, findVersion);
  const parts = partsOf(call, ending, by);
  const price = by.echoedPrice ?? by.price;
  return {
    receiptId: hold.id,
    accountId: hold.accountId,
    model: by.echoedPrice === undefined ? hold.model : modelOf(by.echoedPrice),
    startedMs: hold.createdMs,
    endedMs: ending.createdMs,
    requestIds: ending.attempts.flatMap(({ vendorRequestId }) => vendorRequestId ?? []),
    known: asCorrected(parts, call, ending),
    unsure: parts.unsure,
    ceiling: ceilingOf(call, by.price),
    priceVersion: price.id,
    outcome: ending.kind === "settle" ? "made" : ending.outcome,
    images: ending.imagesMade,
    overrun: ending.kind === "settle" ? ending.overrun : ZERO_USD,
    standing,
    ledger: { ...call, ending },
  };
}

type Parts = { readonly known: readonly MeterLine[]; readonly unsure: readonly UnsurePart[] };

function partsOf(call: LedgerCall, ending: Ending, by: RatedBy): Parts {
  if (ending.legs !== undefined) {
    const legs = ending.legs.map((leg) => legParts(call, leg, by));
    return {
      known: merged(legs.flatMap(({ known }) => known)),
      unsure: legs.flatMap(({ unsure }) => unsure),
    };
  }
  if (ending.kind === "settle") {
    const cost = meterLines(ending.vendorCost?.lines ?? ending.lines);
    if (ending.basis === "ceiling") return { known: [], unsure: [{ of: "ceiling", most: cost }] };
    return { known: knownAgain(call, ending, by) ?? cost, unsure: exposedPart(call, ending, by) };
  }
  const known = knownAgain(call, ending, by) ?? meterLines(ending.vendorCost?.lines ?? []);
  const unsure: UnsurePart[] =
    ending.exposure === null ? [] : [{ of: "exposure", most: ceilingOf(call, by.price) }];
  return { known, unsure };
}

/** Lines of a call whose cost was repriced, by the corrected version. */
function knownAgain(call: LedgerCall, ending: Ending, by: RatedBy): MeterLine[] | undefined {
  if (repricedVersion(call) === undefined || ending.vendorCost === null) return undefined;
  const { charged } = splitAtDelivered(ending.items, BigInt(ending.imagesMade));
  const items = ending.kind === "settle" ? charged : ending.items;
  return meterLines(rateItems(items, by.echoedPrice ?? by.price, call.hold.facts.priced).lines);
}

/** Pictures that the vendor counted and that never came. */
function exposedPart(call: LedgerCall, ending: Ending, by: RatedBy): UnsurePart[] {
  if (ending.exposure === null) return [];
  const { exposed } = splitAtDelivered(ending.items, BigInt(ending.imagesMade));
  const price = by.echoedPrice ?? by.price;
  const most = meterLines(rateItems(exposed, price, call.hold.facts.priced).lines);
  return [{ of: "exposure", most }];
}

function legParts({ hold }: LedgerCall, leg: LegFacts, by: RatedBy): Parts {
  const { vendorCost, exposure } = legsAgain(hold, [leg], by);
  if (leg.reason !== null) {
    return { known: [], unsure: [{ of: "ceiling", most: meterLines(vendorCost.lines) }] };
  }
  if (exposure === ZERO_USD) return { known: meterLines(vendorCost.lines), unsure: [] };
  const { priced: facts } = hold.facts;
  const most = billImages(hold.ceilingItems, { price: by.price, facts, images: 1n });
  return {
    known: meterLines(vendorCost.lines),
    unsure: [{ of: "exposure", most: meterLines(most.lines) }],
  };
}

function ceilingOf({ hold }: LedgerCall, price: PriceVersion): MeterLine[] {
  const { priced: facts, n, legs } = hold.facts;
  const spread = legs === undefined ? {} : { legs: BigInt(legs) };
  const bill = billRequest(hold.ceilingItems, { price, facts, images: BigInt(n), ...spread });
  return meterLines(bill.lines);
}

/** Corrections of the cost by hand, and by earlier reconciliations, say what it comes to, not by which meter: the largest takes it. */
function asCorrected(
  { known, unsure }: Parts,
  call: LedgerCall,
  ending: Ending,
): readonly MeterLine[] {
  const [largest] = known.toSorted((left, right) => (left.amount < right.amount ? 1 : -1));
  const mended = call.corrections.findLast(({ corrects }) => corrects === costId(ending.holdId));
  // What a bill said of a part that wasn't known is told again by the bill.
  if (mended === undefined || largest === undefined || unsure.some(({ of }) => of === "ceiling")) {
    return known;
  }
  const off = subtractUsd(mended.after, sumUsd(known.map(({ amount }) => amount)));
  return known.map((line) =>
    line === largest ? { ...line, amount: addUsd(line.amount, off) } : line,
  );
}

function ratedBy(call: LedgerCall, ending: Ending, findVersion: FindVersion): RatedBy {
  const to = repricedVersion(call);
  const version = to === undefined ? undefined : findVersion(to);
  const frozen = readStoredPrice(call.hold.price);
  const echoed = ending.echoedPrice === null ? undefined : readStoredPrice(ending.echoedPrice);
  if (version === undefined) return { price: frozen, echoedPrice: echoed };
  const same = (price: PriceVersion): boolean => modelOf(price) === modelOf(version);
  return {
    price: same(frozen) ? version : frozen,
    echoedPrice: echoed !== undefined && same(echoed) ? version : echoed,
  };
}

/** The version to which the cost of a call was repriced last; undefined where something else came after. */
function repricedVersion(call: LedgerCall): string | undefined {
  const last = call.corrections.findLast(({ corrects }) => corrects === costId(call.hold.id));
  return last === undefined ? undefined : repricedTo(last);
}

/** A version's id begins with its model's. */
function modelOf({ id }: PriceVersion): string {
  return id.slice(0, id.indexOf("@"));
}

function meterLines(
  lines: readonly Pick<RatedLine, "meter" | "quantity" | "unitPrice" | "amount">[],
): MeterLine[] {
  return merged(
    lines.flatMap(({ meter, quantity, unitPrice, amount }) => {
      const billed = meters.find((each) => each === meter);
      return billed === undefined ? [] : [{ meter: billed, quantity, unitPrice, amount }];
    }),
  );
}

/** Lines of one meter at one price become one. */
function merged(lines: readonly MeterLine[]): MeterLine[] {
  const by = new Map<string, MeterLine>();
  for (const line of lines) {
    const key = `${line.meter} ${line.unitPrice}`;
    const before = by.get(key);
    by.set(
      key,
      before === undefined
        ? line
        : {
            ...line,
            quantity: before.quantity + line.quantity,
            amount: addUsd(before.amount, line.amount),
          },
    );
  }
  return [...by.values()];
}
