import { type JournalCall, journalCall } from "../../src/audit/reconcile/journal-call.ts";
import { type Matching, matchBill } from "../../src/audit/reconcile/match.ts";
import type { BillFormat } from "../../src/bills/format.ts";
import { readColumnMap } from "../../src/bills/generic.ts";
import { readBills } from "../../src/bills/read-bill.ts";
import type { Model, PriceVersion } from "../../src/catalog/schema.ts";
import { priceVersionSchema } from "../../src/catalog/schema.ts";
import type { Ending, HoldRequest } from "../../src/ledger/port.ts";
import { holdOf, settleOf, usd, voidOf } from "../ledger/fixtures.ts";

/** Calls of a journal, made by hand, and bills read for them. No ledger: what a call is to the matcher is pure. */

const sourced = { source: "made up for tests", checkedOn: "2026-01-01", mark: "guess" };

/** Text in at 5, image out at 30 USD per 1,000,000 tokens. */
export const TOKENS: PriceVersion = priceVersionSchema.parse({
  id: "drawer-1@2026-01-01",
  effectiveFrom: "2026-01-01",
  terms: [
    { meter: "text_input_tokens", usd: "5.00", per: 1_000_000 },
    { meter: "image_output_tokens", usd: "30.00", per: 1_000_000 },
  ],
  ...sourced,
});

/** Five cents a picture. */
export const FLAT: PriceVersion = priceVersionSchema.parse({
  id: "painter-2@2026-01-01",
  effectiveFrom: "2026-01-01",
  terms: [{ meter: "output_images", usd: "0.05", per: 1 }],
  ...sourced,
});

const models = ["drawer-1", "painter-2", "sculptor-3"].map(
  (id) => ({ id, wireId: id, aliases: [], vendor: "nobody" }) as unknown as Model,
);

const party = { accountId: "acct_1", keyId: "key_1" };

export type Made = {
  readonly id: string;
  readonly price: PriceVersion;
  readonly endedMs: number;
  readonly startedMs?: number;
  /** Null: the vendor's answer never told it. */
  readonly requestId: string | null;
  /** What usage said; undefined: it was missing, and the ceiling is charged. */
  readonly text?: bigint;
  readonly image?: bigint;
  readonly n?: number;
  readonly margin?: HoldRequest["margin"];
  readonly account?: string;
  /** Usage never came, of a picture at a flat price. */
  readonly silent?: true;
};

/** What a request of this test may cost at most: 85 and 300 tokens, or a picture. */
function held({ id, price, n = 1, margin, account = "acct_1" }: Made): HoldRequest {
  const ceilingItems =
    price === FLAT
      ? [{ meter: "output_images", quantity: 1n } as const]
      : [
          { meter: "text_input_tokens", quantity: 85n } as const,
          { meter: "image_output_tokens", quantity: 300n } as const,
        ];
  const model = price.id.slice(0, price.id.indexOf("@"));
  const hold = holdOf({ ...party, accountId: account }, { id, price, n, ceilingItems });
  const added = margin == null ? {} : { margin, vendorAmount: hold.amount };
  return { ...hold, model, ...added };
}

/** A call that made its pictures. */
export function made(of: Made): JournalCall {
  const { price, n = 1, text, image } = of;
  const hold = held(of);
  const items =
    price === FLAT
      ? [{ meter: "output_images", quantity: BigInt(n) } as const]
      : [
          { meter: "text_input_tokens", quantity: text ?? 0n } as const,
          { meter: "image_output_tokens", quantity: image ?? 0n } as const,
        ];
  const missing = of.silent === true || (price !== FLAT && image === undefined);
  const usage = missing
    ? ({ kind: "missing", reason: "absent" } as const)
    : ({ kind: "reported", items } as const);
  return called(of, hold, settleOf(hold, { usage, images: BigInt(n) }));
}

/** A call that the vendor refused: it should bill nothing. */
export function refusedCall(of: Made): JournalCall {
  const hold = held(of);
  return called(of, hold, voidOf(hold.id));
}

/** A call of unknown outcome: the house fears its ceiling. */
export function exposed(of: Made): JournalCall {
  const hold = held(of);
  const exposure = { amount: hold.vendorAmount ?? hold.amount, reason: "timeout" };
  return called(of, hold, {
    ...voidOf(hold.id),
    outcome: "unknown",
    code: "outcome_unknown",
    exposure,
  });
}

function called(of: Made, hold: HoldRequest, ending: Ending): JournalCall {
  const { endedMs, startedMs = endedMs - 5_000, requestId } = of;
  const chain = { sequence: 1, hash: "" };
  const attempts = [{ vendorRequestId: requestId, status: 200, outcome: "made", ms: 1 }];
  const zero = usd("0");
  const charge = ending.kind === "settle" ? ending.charge : zero;
  const vendorCost = ending.vendorCost?.total ?? zero;
  const call = journalCall(
    {
      hold: { ...hold, createdMs: startedMs, chain },
      taskId: null,
      ending: { ...ending, attempts, createdMs: endedMs, chain },
      corrections: [],
      outcomes: [],
    },
    { holdId: hold.id, charge, vendorCost, exposureBilled: null },
    () => undefined,
  );
  if (call === undefined) throw new Error("an ended call is a call");
  return call;
}

export const MAP =
  "day=Date,model=Model,meter=Meter,quantity=Quantity,amount=Cost,kind=Type,request_id=Request";

/** Reads a bill by a map and matches it. */
export function matched(
  bill: string,
  calls: readonly JournalCall[],
  of: {
    readonly period: { readonly from: string; readonly to: string };
    readonly zone?: string;
    readonly map?: string;
    readonly factor?: bigint;
  },
): Matching {
  const { period, zone = "UTC", map = MAP, factor = 1_000_000n } = of;
  const formats: readonly BillFormat[] = [];
  const files = [{ name: "bill.csv", bytes: Buffer.from(bill) }];
  const [read] = readBills(files, { formats, models, zone, map: readColumnMap(map) });
  const { lines, counts } = read;
  return matchBill({ lines, counts, calls, period, zone, factor, projects: [] });
}
