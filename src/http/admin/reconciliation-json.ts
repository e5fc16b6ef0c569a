import type { Confirmation } from "../../audit/reconcile/confirmations.ts";
import type { Finding } from "../../audit/reconcile/finding.ts";
import { isDrift } from "../../audit/reconcile/finding.ts";
import type { Outside } from "../../audit/reconcile/match.ts";
import type { Reconciled, ReconciledProposal } from "../../audit/reconcile/reconcile.ts";
import { proposedBack } from "../../audit/reconcile/reconcile.ts";
import type { BillRead } from "../../bills/read-bill.ts";
import { addUsd, formatUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";

/** A reconciliation as it is answered and kept. */

/** Items that an answer lists one by one; its sums are over all. */
const LISTED_MAX = 1_000;

export type ReconciliationFacts = {
  readonly id: string;
  readonly createdMs: number;
  readonly connection: string;
  readonly vendor: string;
  readonly bills: readonly [BillRead, ...BillRead[]];
  /** As asked; null where no discount was accepted. */
  readonly discountAccepted: string | null;
  readonly apply: boolean;
  readonly confirmations: readonly Confirmation[];
  readonly emulated: boolean;
};

export function reconciliationJson(reconciled: Reconciled, facts: ReconciliationFacts) {
  const { sums, period, proposals, findings, counts, outside } = reconciled;
  const [{ zone }] = facts.bills;
  return {
    object: "reconciliation",
    id: facts.id,
    created: Math.floor(facts.createdMs / 1_000),
    connection: facts.connection,
    vendor: facts.vendor,
    currency: "USD",
    period,
    time_zone: {
      name: zone.name,
      source: zone.source,
      checked_on: zone.checkedOn,
      mark: zone.mark,
    },
    bills: facts.bills.map(billJson),
    billed: formatUsd(reconciled.billed),
    explained_percent: explainedPercent(reconciled),
    matched: formatUsd(sums.matched),
    settled: formatUsd(sums.settled),
    ours_only: formatUsd(sums.oursOnly),
    theirs_only: formatUsd(sums.theirsOnly),
    price_differs: formatUsd(sums.priceDiffers),
    rounding: formatUsd(sums.rounding),
    tax: formatUsd(reconciled.tax),
    credits: formatUsd(reconciled.credits),
    discount: formatUsd(sums.discount),
    discount_accepted: facts.discountAccepted,
    outside: formatUsd(sums.outside),
    outside_lines: outside.slice(0, LISTED_MAX).map(outsideJson),
    findings: findings.slice(0, LISTED_MAX).map(findingJson),
    findings_left_out: Math.max(0, findings.length - LISTED_MAX),
    proposals: proposals.slice(0, LISTED_MAX).map(proposalJson),
    proposals_left_out: Math.max(0, proposals.length - LISTED_MAX),
    to_give_back: formatUsd(proposedBack(proposals)),
    applied: facts.apply
      ? {
          posted: reconciled.applied.posted,
          given_back: formatUsd(reconciled.applied.givenBack),
          cost_changed: formatUsd(reconciled.applied.costChanged),
        }
      : null,
    confirmations: facts.confirmations,
    counts: {
      lines: counts.lines,
      calls: counts.calls,
      lines_left_out: counts.leftOut.lines,
      left_out: formatUsd(counts.leftOut.amount),
    },
    drift: reconciled.drift,
    emulated: facts.emulated,
  };
}

/**
 * Of what was billed, how much is explained: in hundredths of a percent, rounded down, so that 100 means all of
 * it. What was billed and isn't in the journal, or is at another price, is not.
 */
function explainedPercent({ billed, sums }: Reconciled): string {
  const open = addUsd(sizeOf(sums.theirsOnly), sizeOf(sums.priceDiffers));
  const whole = sizeOf(billed);
  if (whole === ZERO_USD) return open === ZERO_USD ? "100" : "0";
  const explained = subtractUsd(whole, open);
  if (explained <= ZERO_USD) return "0";
  const hundredths = (explained * 10_000n) / whole;
  const [all, part] = [hundredths / 100n, hundredths % 100n];
  return part === 0n ? String(all) : `${all}.${String(part).padStart(2, "0").replace(/0$/, "")}`;
}

function sizeOf(amount: PicoUsd): PicoUsd {
  return amount < ZERO_USD ? subtractUsd(ZERO_USD, amount) : amount;
}

function billJson({ file, sha256, bytes, encoding, format, lines, counts, notes }: BillRead) {
  return {
    ...{ file, sha256, bytes, encoding, format, notes },
    lines: lines.length,
    image_counts: counts.length,
  };
}

function outsideJson({ label, why, amount, lines }: Outside) {
  return { label, why, amount: formatUsd(amount), lines };
}

function findingJson(finding: Finding) {
  const { kind, model, from, to, meter, quantity, amount, text, lines, receipts } = finding;
  return {
    ...{ kind, model, from, to, meter },
    quantity:
      quantity === null
        ? null
        : { expected: String(quantity.expected), billed: String(quantity.billed) },
    amount: formatUsd(amount),
    ...{ text, lines, receipts },
    drift: isDrift(finding),
  };
}

function proposalJson(proposal: ReconciledProposal) {
  const { receiptId, accountId, model, of, action, reason, atMost, billed, postings } = proposal;
  return {
    receipt_id: receiptId,
    account_id: accountId,
    ...{ model, of, action, reason },
    at_most: formatUsd(atMost),
    billed: billed === null ? null : formatUsd(billed),
    postings: postings.map(({ corrects, of: what, before, after }) => ({
      ...{ corrects, of: what },
      before: formatUsd(before),
      after: formatUsd(after),
    })),
    done: proposal.done,
    posted: proposal.posted,
    refused: proposal.refused,
    ...{ from: proposal.from, to: proposal.to, lines: proposal.lines },
  };
}

/** What a list tells of each: everything but the lists inside. */
export function reconciliationSummary(kept: { readonly [field: string]: unknown }) {
  const { findings, proposals, outside_lines: _, ...rest } = kept;
  const count = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
  return { ...rest, findings: count(findings), proposals: count(proposals) };
}
