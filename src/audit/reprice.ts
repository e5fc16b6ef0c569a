import type { PriceVersion } from "../catalog/schema.ts";
import type { CorrectionRequest, CorrectionResult } from "../ledger/accounts-port.ts";
import { endingId } from "../ledger/journal.ts";
import type { Ending, Ledger, LedgerCall, StoredPrice } from "../ledger/port.ts";
import { readStoredPrice, storedPrice } from "../ledger/price-text.ts";
import type { Correction } from "../ledger/reports-port.ts";
import { type PicoUsd, USD_AMOUNT_LIMIT, ZERO_USD } from "../money/pico-usd.ts";
import { type Recharged, recharge } from "./recharge.ts";

/**
 * A corrected price is a new version, and what was billed by the wrong one is mended by corrections that name
 * what they correct (MONEY §4). Charges only become less; vendor costs follow the price both ways. Overruns
 * and exposures are memos of what was known, and costs that came after recovery had ended their hold carry
 * their own ending: none of them is touched.
 */

export type RepriceRequest = {
  /** The id of the wrong version, as holds cite it. */
  readonly from: string;
  /** What it should have been. */
  readonly to: PriceVersion;
  readonly accountId?: string | undefined;
  /** First UTC day of the holds, YYYY-MM-DD. */
  readonly since?: string | undefined;
  /** False: nothing is posted. */
  readonly apply: boolean;
  readonly actor: string;
};

/** Why a figure that would be another one stays as it is. */
export type Kept =
  /** A charge is never raised. */
  | "would_rise"
  /** The corrected version has no price for something that the call used. */
  | "not_priced"
  /** The corrected version was not in force on the day as which the catalog was read. */
  | "not_in_force"
  /** Somebody has set the cost to what the vendor really billed. */
  | "corrected_by_hand"
  /** It was repriced to this version before, and to another one since. */
  | "repriced_since"
  /** No cost was posted that could be corrected. */
  | "no_cost_posted"
  | Extract<CorrectionResult, { kind: "refused" }>["reason"];

/** A figure of a call: what it was, earlier corrections included, and what the corrected version makes of it. */
export type Change =
  | { readonly change: "none"; readonly before: PicoUsd; readonly after: PicoUsd }
  | { readonly change: "correct"; readonly before: PicoUsd; readonly after: PicoUsd }
  /** `after` is null where the corrected version can't say. */
  | {
      readonly change: "kept";
      readonly before: PicoUsd;
      readonly after: PicoUsd | null;
      readonly because: Kept;
    };

export type RepricedCall = {
  readonly holdId: string;
  readonly accountId: string;
  /** Null for a call that was charged nothing. */
  readonly charge: Change | null;
  readonly vendorCost: Change | null;
};

type Books = Pick<Ledger, "pricedCalls" | "call" | "correct">;

/** Every ended call that was billed by the wrong version, a slice at a time; applied slice by slice. */
export async function* reprice(
  request: RepriceRequest,
  ledger: Books,
): AsyncGenerator<readonly RepricedCall[], void, undefined> {
  const { from: priceId, accountId, since } = request;
  let after: string | undefined;
  do {
    const slice = await ledger.pricedCalls({ priceId, accountId, from: since, after });
    // All at once: their corrections share transactions.
    yield await Promise.all(slice.holdIds.map((holdId) => repriceCall(holdId, request, ledger)));
    after = slice.next ?? undefined;
  } while (after !== undefined);
}

async function repriceCall(
  holdId: string,
  request: RepriceRequest,
  ledger: Books,
): Promise<RepricedCall> {
  const call = await ledger.call(holdId);
  if (call?.ending === undefined) throw new Error(`call ${holdId} has no ending`);
  const planned = repriced(call, call.ending, request);
  if (!request.apply) return planned;
  const [charge, vendorCost] = await Promise.all([
    applied(planned.charge, correctionOf(call, "charge", request), ledger),
    applied(planned.vendorCost, correctionOf(call, "cost", request), ledger),
  ]);
  return { ...planned, charge, vendorCost };
}

/** What the corrected version makes of a call. Pure. */
function repriced(call: LedgerCall, ending: Ending, request: RepriceRequest): RepricedCall {
  const { hold } = call;
  const { vendorCost } = ending;
  const recharged = rechargedBy(call, ending, request);
  return {
    holdId: hold.id,
    accountId: hold.accountId,
    charge:
      ending.kind === "settle"
        ? changeOf({ call, what: "charge", posted: ending.charge }, recharged, request)
        : null,
    vendorCost:
      vendorCost === null
        ? null
        : changeOf({ call, what: "cost", posted: vendorCost.total }, recharged, request),
  };
}

function rechargedBy(
  { hold }: LedgerCall,
  ending: Ending,
  { from, to }: RepriceRequest,
): Recharged | "not_priced" | "not_in_force" {
  if (hold.asOf < to.effectiveFrom) return "not_in_force";
  const by = (stored: StoredPrice) => (stored.id === from ? to : readStoredPrice(stored));
  const { echoedPrice: echoed } = ending;
  const echoedPrice = echoed === null ? undefined : by(echoed);
  return recharge(hold, ending, { price: by(hold.price), echoedPrice }) ?? "not_priced";
}

/** One figure of a call, as its ending posted it. */
type Figure = {
  readonly call: LedgerCall;
  readonly what: "charge" | "cost";
  readonly posted: PicoUsd;
};

function changeOf(
  figure: Figure,
  recharged: ReturnType<typeof rechargedBy>,
  request: RepriceRequest,
): Change {
  const { call, what, posted } = figure;
  const { corrects } = correctionOf(call, what, request);
  const corrections = call.corrections.filter((correction) => correction.corrects === corrects);
  const before = corrections.at(-1)?.after ?? posted;
  if (typeof recharged === "string") {
    return { change: "kept", before, after: null, because: recharged };
  }
  const after = what === "charge" ? recharged.charge : recharged.vendorCost;
  if (after === null) throw new Error(`call ${call.hold.id} has a ${what} and none again`);
  if (after === before) return { change: "none", before, after };
  const because = keptBecause({ ...figure, before, after, corrections }, request);
  return because === undefined
    ? { change: "correct", before, after }
    : { change: "kept", before, after, because };
}

function keptBecause(
  of: Figure & {
    readonly before: PicoUsd;
    readonly after: PicoUsd;
    /** Earlier ones of the same figure. */
    readonly corrections: readonly Correction[];
  },
  request: RepriceRequest,
): Kept | undefined {
  const { call, what, posted, before, after, corrections } = of;
  if (what === "charge" && after > before) return "would_rise";
  if (after >= USD_AMOUNT_LIMIT) return "range";
  const { entryId } = correctionOf(call, what, request);
  if (corrections.some((correction) => correction.entryId === entryId)) return "repriced_since";
  if (what === "charge") return undefined;
  if (posted === ZERO_USD) return "no_cost_posted";
  const ours = `${call.hold.id}${REPRICE}`;
  const byHand = corrections.some((correction) => !correction.entryId.startsWith(ours));
  return byHand ? "corrected_by_hand" : undefined;
}

/** The version to which a correction repriced a cost; undefined for a correction of another kind. */
export function repricedTo({ entryId }: Pick<Correction, "entryId">): string | undefined {
  const at = entryId.indexOf(REPRICE);
  if (at === -1 || !entryId.endsWith(".cost")) return undefined;
  return entryId.slice(at + REPRICE.length, -".cost".length);
}

/** What stands between a receipt's id and the version that it was repriced to, in the ids of corrections. */
const REPRICE = ".reprice.";

/** The correction that mends a figure, but for its amount. Its id follows from call and version: it is posted once. */
function correctionOf(
  { hold: { id } }: LedgerCall,
  what: Figure["what"],
  { from, to, actor }: RepriceRequest,
): Omit<CorrectionRequest, "amount"> {
  return {
    entryId: `${id}${REPRICE}${to.id}.${what}`,
    corrects: what === "charge" ? endingId(id) : `${id}.cost`,
    reason: `repriced from ${from} to ${to.id}, SHA-256 ${storedPrice(to).sha256}`,
    actor,
  };
}

/** Posts what is to be corrected; what the ledger refuses after all is kept. */
async function applied(
  change: Change | null,
  correction: Omit<CorrectionRequest, "amount">,
  ledger: Books,
): Promise<Change | null> {
  if (change?.change !== "correct") return change;
  const { before, after } = change;
  const result = await ledger.correct({ ...correction, amount: after });
  if (result.kind === "corrected") return { change: "correct", before: result.before, after };
  return { change: "kept", before: result.now ?? before, after, because: result.reason };
}
