import { z } from "zod";
import type { World } from "../ledger/open.ts";
import type { Outcome } from "../ledger/outcomes-port.ts";
import type { Ending, LedgerCall } from "../ledger/port.ts";
import type { Correction } from "../ledger/reports-port.ts";
import type { ReferenceFacts } from "../ledger/request-facts.ts";
import { formatUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import { clientLines, linesJson } from "./money-json.ts";
import { routeJson } from "./route-json.ts";

/** What of a stored price version a receipt cites. */
const citedPrice = z.object({ source: z.string(), checkedOn: z.string() });

/**
 * The receipt of a call (DESIGN §8, `receipt`), as its own caller may see it: what was reserved, what was
 * charged, on what evidence. Built from the journal alone.
 */
export function receiptJson(call: LedgerCall, world: World) {
  const { hold, ending } = call;
  const cited = citedPrice.parse(JSON.parse(hold.price.json));
  return {
    object: "receipt",
    id: hold.id,
    request_id: hold.requestId,
    created: Math.floor(hold.createdMs / 1_000),
    account_id: hold.accountId,
    key_id: hold.keyId,
    status: statusOf(ending),
    surface: hold.facts.surface,
    references: (hold.facts.references ?? []).map(referenceJson),
    mask: hold.facts.mask === undefined ? null : referenceJson(hold.facts.mask),
    model: hold.model,
    served_model: ending?.servedModel ?? null,
    vendor: hold.vendor,
    connection: hold.connection,
    price_version: hold.price.id,
    source: cited.source,
    checked_on: cited.checkedOn,
    as_of: hold.asOf,
    emulated: world === "sandbox",
    currency: "USD",
    expected: formatUsd(hold.expected),
    ceiling: formatUsd(hold.amount),
    ...endingJson(call),
    ...correctedJson(call.corrections),
    outcomes: call.outcomes.map(outcomeJson),
    resolved: hold.resolved,
    route: routeJson(hold.facts.route),
    sent: hold.sent,
    warnings: hold.warnings,
    tags: hold.tags,
    user: hold.user,
    run: hold.run ?? null,
    marks: hold.marks,
    chain: ending?.chain ?? null,
  };
}

/** A picture that the caller sent, by what it was; its bytes are kept nowhere. */
function referenceJson({ width, height, format, bytes, sha256 }: ReferenceFacts) {
  return { width, height, format, bytes, sha256 };
}

/** The same receipt with what only the house may see: margin, vendor cost, exposure, every attempt. */
export function houseReceiptJson(call: LedgerCall, world: World) {
  const { hold, ending } = call;
  return {
    ...receiptJson(call, world),
    lines: ending?.kind === "settle" ? linesJson(ending.lines) : [],
    vendor_ceiling: formatUsd(hold.vendorAmount ?? hold.amount),
    margin:
      hold.margin == null
        ? null
        : { basis_points: hold.margin.basisPoints, fixed: formatUsd(hold.margin.fixed) },
    vendor_cost:
      ending?.vendorCost == null
        ? null
        : {
            total: formatUsd(ending.vendorCost.total),
            lines: linesJson(ending.vendorCost.lines),
          },
    exposure:
      ending?.exposure == null
        ? null
        : { amount: formatUsd(ending.exposure.amount), reason: ending.exposure.reason },
    attempts: (ending?.attempts ?? []).map((attempt) => ({
      vendor_request_id: attempt.vendorRequestId,
      status: attempt.status,
      outcome: attempt.outcome,
      ms: attempt.ms,
    })),
    corrections: call.corrections.map((correction) => ({
      ...correctionJson(correction),
      of: correction.of,
      corrects: correction.corrects,
      actor: correction.actor,
    })),
    outcomes: call.outcomes.map((outcome) => ({
      ...outcomeJson(outcome),
      actor: outcome.actor,
      revision: outcome.revision,
    })),
    task_id: call.taskId,
    hold_chain: hold.chain,
  };
}

/**
 * What became of the charge afterwards: `total` and `lines` stay as they were posted, `corrected_total` is
 * what is owed now; null while nothing was mended.
 */
function correctedJson(corrections: readonly Correction[]) {
  const ofCharge = corrections.filter((correction) => correction.of === "charge");
  const last = ofCharge.at(-1);
  return {
    corrected_total: last === undefined ? null : formatUsd(last.after),
    corrections: ofCharge.map(correctionJson),
  };
}

function correctionJson(correction: Correction) {
  return {
    entry_id: correction.entryId,
    before: formatUsd(correction.before),
    after: formatUsd(correction.after),
    reason: correction.reason,
    created: Math.floor(correction.createdMs / 1_000),
  };
}

/** The verdict that counts of a picture, as whoever asks for the receipt may see it. */
export function outcomeJson({ image, kept, reason, createdMs }: Outcome) {
  return { image, kept, reason, created: Math.floor(createdMs / 1_000) };
}

function statusOf(ending: Ending | undefined): "settled" | "voided" | "posting" {
  if (ending === undefined) return "posting";
  return ending.kind === "settle" ? "settled" : "voided";
}

function endingJson({ hold, ending }: LedgerCall) {
  const shared = {
    usage: ending?.usage == null ? null : (JSON.parse(ending.usage) as unknown),
    images_made: ending?.imagesMade ?? 0,
    images_delivered: ending?.imagesDelivered ?? 0,
    flags: ending?.flags ?? [],
  };
  if (ending?.kind !== "settle") {
    return {
      basis: "none",
      reason: null,
      code: ending?.code ?? null,
      total: formatUsd(ZERO_USD),
      released: formatUsd(ending === undefined ? ZERO_USD : hold.amount),
      overrun: formatUsd(ZERO_USD),
      lines: [],
      images: [],
      ...shared,
    };
  }
  return {
    basis: ending.basis,
    reason: ending.reason,
    code: null,
    total: formatUsd(ending.charge),
    released: formatUsd(subtractUsd(hold.amount, ending.charge)),
    overrun: formatUsd(ending.overrun),
    lines: clientLines({ lines: ending.lines, total: ending.charge, margin: hold.margin }),
    images: ending.images.map((image) => ({
      width: image.width,
      height: image.height,
      format: image.format,
      bytes: image.bytes,
      sha256: image.sha256,
      content_credentials: image.contentCredentials,
      flags: image.flags,
    })),
    ...shared,
  };
}
