import { createHash } from "node:crypto";
import { addDays, beginOfDay } from "../../bills/day.ts";
import type { BillRead } from "../../bills/read-bill.ts";
import type { CorrectionResult } from "../../ledger/accounts-port.ts";
import type { Ledger } from "../../ledger/port.ts";
import { addUsd, type PicoUsd, subtractUsd, sumUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { type FindVersion, type JournalCall, journalCall } from "./journal-call.ts";
import { daysOf, type Matching, matchBill } from "./match.ts";
import { MIDNIGHT_MS } from "./moved.ts";
import type { Proposal, ProposedPosting } from "./proposals.ts";

/**
 * Compares what a vendor says it billed with the journal of one connection, and posts what that says of charges
 * at the ceiling, exposures and overruns. Corrections go through the ledger like anybody's: a charge only
 * becomes less, an exposure is closed by what was billed (MONEY §4).
 */

export type ReconcileRequest = {
  readonly connection: string;
  readonly bills: readonly [BillRead, ...BillRead[]];
  /** Days of the vendor's zone; where they are left out: those of the bill. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly factor: bigint;
  readonly projects: readonly string[];
  /** False: nothing is posted. */
  readonly apply: boolean;
  readonly actor: string;
};

export type Reconciled = Omit<Matching, "proposals"> & {
  readonly period: { readonly from: string; readonly to: string };
  readonly proposals: readonly ReconciledProposal[];
  readonly applied: {
    readonly posted: number;
    /** What accounts got back. */
    readonly givenBack: PicoUsd;
    /** By how much the house's cost changed. */
    readonly costChanged: PicoUsd;
  };
};

export type ReconciledProposal = Proposal & {
  readonly posted: boolean;
  /** Why the ledger refused it after all. */
  readonly refused: Extract<CorrectionResult, { kind: "refused" }>["reason"] | null;
};

/** The bill has no day, and none was given. */
export class NoPeriod extends Error {
  override readonly name = "NoPeriod";
}

type Books = Pick<Ledger, "connectionCalls" | "call" | "correct">;

/** Calls read at a time: each is two short reads. */
const READ_AT_ONCE = 50;

/** @throws NoPeriod for a bill without a day where none is given. */
export async function reconcile(
  request: ReconcileRequest,
  ledger: Books,
  findVersion: FindVersion,
): Promise<Reconciled> {
  const { bills, factor, projects } = request;
  const lines = bills.flatMap((bill) => bill.lines);
  const counts = bills.flatMap((bill) => bill.counts);
  const days = daysOf([...lines, ...counts]);
  const [from, to] = [request.from ?? days?.from, request.to ?? days?.to];
  if (from === undefined || to === undefined) throw new NoPeriod("the bill has no day");
  const zone = bills[0].zone.name;
  const calls = await callsOf(request.connection, { from, to, zone }, { ledger, findVersion });
  const period = { from, to };
  const matching = matchBill({ lines, counts, calls, period, zone, factor, projects });
  const proposals: ReconciledProposal[] = [];
  for (const proposal of matching.proposals) {
    proposals.push(await posted(proposal, request, ledger));
  }
  return { ...matching, period, proposals, applied: appliedOf(proposals) };
}

/** All ended calls of the period, and those so near to it that the vendor may count them in it. */
async function callsOf(
  connection: string,
  { from, to, zone }: { readonly from: string; readonly to: string; readonly zone: string },
  by: { readonly ledger: Books; readonly findVersion: FindVersion },
): Promise<JournalCall[]> {
  const { ledger, findVersion } = by;
  const fromMs = beginOfDay(from, zone) - MIDNIGHT_MS;
  const beforeMs = beginOfDay(addDays(to, 1), zone) + MIDNIGHT_MS;
  const calls: JournalCall[] = [];
  let after: string | undefined;
  do {
    const slice = await ledger.connectionCalls({ connection, fromMs, beforeMs, after });
    for (let index = 0; index < slice.calls.length; index += READ_AT_ONCE) {
      const read = await Promise.all(
        slice.calls.slice(index, index + READ_AT_ONCE).map(async (standing) => {
          const call = await ledger.call(standing.holdId);
          return call === undefined ? undefined : journalCall(call, standing, findVersion);
        }),
      );
      calls.push(...read.flatMap((call) => call ?? []));
    }
    after = slice.next ?? undefined;
  } while (after !== undefined);
  return calls;
}

async function posted(
  proposal: Proposal,
  { apply, actor, bills }: ReconcileRequest,
  ledger: Books,
): Promise<ReconciledProposal> {
  if (!apply || proposal.postings.length === 0)
    return { ...proposal, posted: false, refused: null };
  const bill = billName(bills);
  const call = await ledger.call(proposal.receiptId);
  for (const posting of proposal.postings) {
    const mended = call?.corrections.filter(({ corrects }) => corrects === posting.corrects);
    const result = await ledger.correct({
      // Whoever repeats this from the same state, a crash or another process between, posts the same entry.
      entryId: `${proposal.receiptId}.reconcile.${bill}.${posting.of}.${mended?.length ?? 0}`,
      corrects: posting.corrects,
      amount: posting.after,
      reason: `reconciled with the vendor's bill ${bill}: ${proposal.reason}`,
      actor,
    });
    if (result.kind === "refused") return { ...proposal, posted: false, refused: result.reason };
  }
  return { ...proposal, posted: true, refused: null };
}

/** The same files post the same entries: what was posted once is not posted again. */
function billName(bills: ReconcileRequest["bills"]): string {
  const sums = bills.map(({ sha256 }) => sha256).toSorted();
  return createHash("sha256").update(sums.join("\n")).digest("hex").slice(0, 16);
}

function appliedOf(proposals: readonly ReconciledProposal[]): Reconciled["applied"] {
  const postings = proposals.filter((each) => each.posted).flatMap((each) => each.postings);
  const sum = (of: (posting: ProposedPosting) => PicoUsd): PicoUsd => sumUsd(postings.map(of));
  return {
    posted: postings.length,
    givenBack: sum(({ of, before, after }) =>
      of === "charge" ? subtractUsd(before, after) : ZERO_USD,
    ),
    costChanged: sum((posting) => {
      if (posting.of === "charge") return ZERO_USD;
      // An open exposure has moved nothing yet.
      if (posting.of === "exposure") return posting.after;
      return subtractUsd(posting.after, posting.before);
    }),
  };
}

/** What accounts would get back by what is proposed. */
export function proposedBack(proposals: readonly Proposal[]): PicoUsd {
  return proposals
    .flatMap((proposal) => proposal.postings)
    .reduce(
      (sum, { of, before, after }) =>
        of === "charge" ? addUsd(sum, subtractUsd(before, after)) : sum,
      ZERO_USD,
    );
}
