import { type PicoUsd, sumUsd, ZERO_USD } from "../money/pico-usd.ts";
import { type CanonicalValue, canonicalText, plainJson } from "./canonical-text.ts";
import type { Admission, Ending, HoldRequest, PostedLine, RowName, StoredPrice } from "./port.ts";

/**
 * What a hold or an ending comes to before it has a place in the journal: its long text written once, and
 * the few facts that rules, postings and projections need beside it. Made outside the store's critical
 * section, which decides, then adds place, time and chain. Pure; the journal's rules are in `journal.ts`.
 */

/** A hold, ready to be decided. */
export type HoldDraft = Pick<
  HoldRequest,
  "id" | "accountId" | "keyId" | "amount" | "vendor" | "connection" | "model" | "price" | "user"
> & {
  readonly vendorAmount: PicoUsd;
  readonly images: number;
  readonly qualityAsked: string | null;
  readonly size: string | null;
  readonly run: RowName | null;
  /** Canonical text. */
  readonly tags: string;
  readonly admission: Admission;
  /** The canonical text of what its entry records of the request. */
  readonly text: string;
};

/** An ending, ready to be posted. */
export type EndingDraft = Pick<Ending, "holdId" | "kind" | "exposure" | "echoedPrice"> & {
  readonly outcome: string;
  /** What the account pays: nothing for a void. */
  readonly charge: Itemised;
  /** What the vendor is known to bill the house; zero is not posted. */
  readonly cost: Itemised;
  readonly overrun: PicoUsd;
  readonly images: number;
  readonly qualityBilled: string | null;
  /** The canonical text of what its entry records. */
  readonly text: string;
};

/** An amount, and what its lines come to: the journal takes it only when they are the same. */
export type Itemised = { readonly total: PicoUsd; readonly lines: PicoUsd };

const NOTHING: Itemised = { total: ZERO_USD, lines: ZERO_USD };

export function holdDraft(request: HoldRequest): HoldDraft {
  const { id, accountId, keyId, amount, vendor, connection, model, price, user, facts } = request;
  return {
    ...{ id, accountId, keyId, amount, vendor, connection, model, price, user },
    vendorAmount: request.vendorAmount ?? amount,
    images: facts.n,
    qualityAsked: facts.qualityAsked ?? null,
    size: facts.size.pixels ?? facts.size.label ?? facts.size.asked,
    run: request.run ?? null,
    tags: canonicalText(request.tags),
    admission: request.admission ?? {},
    text: canonicalText(holdBody(request)),
  };
}

export function endingDraft(ending: Ending): EndingDraft {
  const { holdId, kind, exposure, echoedPrice, vendorCost } = ending;
  return {
    holdId,
    kind,
    exposure,
    echoedPrice,
    outcome: kind === "settle" ? "made" : ending.outcome,
    charge: kind === "settle" ? itemised(ending.charge, ending.lines) : NOTHING,
    cost: vendorCost === null ? NOTHING : itemised(vendorCost.total, vendorCost.lines),
    overrun: kind === "settle" ? ending.overrun : ZERO_USD,
    images: ending.imagesMade,
    qualityBilled: ending.qualityBilled ?? null,
    text: canonicalText(endingBody(ending)),
  };
}

function itemised(total: PicoUsd, lines: readonly PostedLine[]): Itemised {
  return { total, lines: sumUsd(lines.map((line) => line.amount)) };
}

function holdBody(request: HoldRequest): CanonicalValue {
  const { price, sent, resolved, admission: _, ...rest } = request;
  return {
    ...rest,
    price: referenceTo(price),
    sent: plainJson(sent),
    resolved: plainJson(resolved),
  };
}

/** What an ending's entry and the spool record of it. */
export function endingBody(ending: Ending): CanonicalValue {
  const { echoedPrice, ...rest } = ending;
  return { ...rest, echoedPrice: echoedPrice === null ? null : referenceTo(echoedPrice) };
}

function referenceTo({ id, sha256 }: StoredPrice): CanonicalValue {
  return { id, sha256 };
}
