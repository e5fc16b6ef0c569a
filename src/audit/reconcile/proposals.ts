import { marginOn } from "../../billing/margin.ts";
import { costId, endingId } from "../../ledger/journal.ts";
import {
  addUsd,
  formatUsd,
  type PicoUsd,
  subtractUsd,
  sumUsd,
  ZERO_USD,
} from "../../money/pico-usd.ts";
import { placesOf } from "./finding.ts";
import type { JournalCall } from "./journal-call.ts";
import type { Unit } from "./units.ts";

/** What is to be posted: an entry, what it stands at, and what it should. */
export type ProposedPosting = {
  readonly corrects: string;
  readonly of: "charge" | "cost" | "exposure";
  readonly before: PicoUsd;
  readonly after: PicoUsd;
};

/** What is to be done about a ceiling charge, an exposure or an overrun, and why. */
export type Proposal = {
  readonly receiptId: string;
  readonly accountId: string;
  readonly model: string;
  readonly of: "ceiling" | "exposure" | "overrun";
  /** `close` is a correction of an exposure that is still open. */
  readonly action: "correct" | "close" | "keep";
  readonly reason: string;
  /** The most that it was feared, or charged, to cost; of an overrun what was beyond the ceiling. */
  readonly atMost: PicoUsd;
  /** What the vendor billed for it; null where the bill doesn't tell. */
  readonly billed: PicoUsd | null;
  /** Empty where it is kept, and where it stands so already. */
  readonly postings: readonly ProposedPosting[];
  /** It stands as the bill says already. */
  readonly done: boolean;
  readonly from: string;
  readonly to: string;
  readonly lines: readonly string[];
};

/** What the bill says of the unsure part of a call. */
export type Told = {
  /** At list price: what an account pays by. */
  readonly list: PicoUsd;
  /** What the house pays. */
  readonly net: PicoUsd;
  readonly reason: string;
};

type Kind = "ceiling" | "exposure";

/** A charge at the ceiling comes down to what was billed, with the margin on it; never up. */
export function ceilingProposal(unit: Unit, call: JournalCall, told: Told): Proposal {
  const { ending, hold } = call.ledger;
  const atMost = mostOf(call, "ceiling");
  const lines = ending.kind === "settle" ? ending.lines : [];
  const posted = sumUsd(
    lines.filter(({ meter }) => meter !== "margin").map(({ amount }) => amount),
  );
  const base = addUsd(subtractUsd(posted, atMost), told.list);
  const target = addUsd(base, marginOn(base, hold.margin ?? null));
  const { charge } = call.standing;
  const known = sumUsd(call.known.map(({ amount }) => amount));
  return proposalOf(unit, call, {
    of: "ceiling",
    atMost,
    billed: told.net,
    reason: told.reason,
    postings: [
      ...(target < charge
        ? [
            {
              corrects: endingId(call.receiptId),
              of: "charge",
              before: charge,
              after: target,
            } as const,
          ]
        : []),
      ...costPosting(call, addUsd(known, told.net)),
    ],
    rest: target > charge ? "a charge is never raised" : undefined,
  });
}

/** An exposure is closed by what was billed, less what came late and is posted already. */
export function exposureProposal(unit: Unit, call: JournalCall, told: Told): Proposal {
  const { exposureBilled, vendorCost } = call.standing;
  const { ending } = call.ledger;
  const others = addUsd(costNow(call) ?? ZERO_USD, exposureBilled ?? ZERO_USD);
  const late = subtractUsd(vendorCost, others);
  const after = told.net > late ? subtractUsd(told.net, late) : ZERO_USD;
  const before = exposureBilled ?? ending.exposure?.amount ?? ZERO_USD;
  const stands = exposureBilled === after;
  const corrects = `${call.receiptId}.exposure`;
  return {
    ...proposalOf(unit, call, {
      of: "exposure",
      atMost: mostOf(call, "exposure"),
      billed: told.net,
      reason: told.reason,
      postings: stands ? [] : [{ corrects, of: "exposure", before, after }],
    }),
    action: exposureBilled === null ? "close" : stands ? "keep" : "correct",
  };
}

/** The vendor billed less than usage came to: the house's cost follows, and with it what the overrun was. */
export function overrunCorrection(unit: Unit, call: JournalCall, less: PicoUsd): Proposal {
  const now = costNow(call) ?? ZERO_USD;
  return proposalOf(unit, call, {
    of: "overrun",
    atMost: call.overrun,
    billed: subtractUsd(call.overrun, less),
    reason: `billed ${formatUsd(less)} USD less than its usage came to`,
    postings: costPosting(call, subtractUsd(now, less)),
  });
}

export function overrunKept(unit: Unit, call: JournalCall, agrees: boolean): Proposal {
  return proposalOf(unit, call, {
    of: "overrun",
    atMost: call.overrun,
    billed: agrees ? call.overrun : null,
    reason: agrees
      ? "billed as its usage said: the house pays what is above the ceiling"
      : "the bill of these days doesn't agree: see its findings",
    postings: [],
  });
}

/** Unsure calls of a unit of which the bill doesn't tell. */
export function keepAll(unit: Unit, why: string): Proposal[] {
  return unit.calls.flatMap((call) =>
    (["ceiling", "exposure"] as const)
      .filter((kind) => call.unsure.some(({ of }) => of === kind))
      .map((of) =>
        proposalOf(unit, call, {
          of,
          atMost: mostOf(call, of),
          billed: null,
          reason: why,
          postings: [],
        }),
      ),
  );
}

/** The most that the unsure parts of one kind come to, at list price. */
function mostOf(call: JournalCall, kind: Kind): PicoUsd {
  return sumUsd(
    call.unsure
      .filter(({ of }) => of === kind)
      .flatMap(({ most }) => most.map(({ amount }) => amount)),
  );
}

function proposalOf(
  { from, to, lines }: Unit,
  call: JournalCall,
  of: Pick<Proposal, "of" | "atMost" | "billed" | "postings" | "reason"> & {
    readonly rest?: string | undefined;
  },
): Proposal {
  const { postings, rest, reason, ...said } = of;
  const told = said.billed !== null;
  return {
    ...{ receiptId: call.receiptId, accountId: call.accountId, model: call.model },
    ...said,
    action: postings.length === 0 ? "keep" : "correct",
    reason: rest === undefined ? reason : `${reason}; ${rest}`,
    postings,
    done: told && postings.length === 0,
    ...{ from, to },
    lines: placesOf(lines),
  };
}

/** What the cost of a call stands at; undefined where none was posted. */
function costNow({ ledger: { ending, corrections } }: JournalCall): PicoUsd | undefined {
  const posted = ending.vendorCost?.total ?? ZERO_USD;
  if (posted === ZERO_USD) return undefined;
  const mended = corrections.findLast(({ corrects }) => corrects === costId(ending.holdId));
  return mended?.after ?? posted;
}

function costPosting(call: JournalCall, after: PicoUsd): ProposedPosting[] {
  const before = costNow(call);
  if (before === undefined || before === after) return [];
  return [{ corrects: costId(call.receiptId), of: "cost", before, after }];
}
