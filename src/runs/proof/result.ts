import { type KeptShare, keptShare } from "../../advisor/kept-share.ts";
import { type SignTest, signTest } from "../../advisor/sign-test.ts";
import { divideUp, type PicoUsd, parseUsd, sumUsd } from "../../money/pico-usd.ts";
import type { Job, JobCandidate } from "./job.ts";
import type { Made } from "./made.ts";
import { type Pair, pairsOf } from "./pairs.ts";
import { type Unseen, unseenBy } from "./unseen.ts";
import { type PairVerdict, standingVotes, type Vote, verdictOf } from "./votes.ts";

/** What a proof came to. */
export type ProofResult = {
  readonly pairs: number;
  readonly voted: number;
  readonly candidates: readonly CandidateResult[];
  readonly between: readonly PairResult[];
  /** By the candidate with the fewest judged pictures; undefined where one has none. */
  readonly unseen: Unseen | undefined;
  /** Everything that was charged, second tries and calls that failed included. */
  readonly charged: PicoUsd;
  /** The candidate that the figures speak for, and why; undefined where they speak for none. */
  readonly suggested: Suggestion | undefined;
};

export type CandidateResult = {
  readonly candidate: JobCandidate;
  /** Pictures of the first try: those that are voted on. */
  readonly made: number;
  /** Rows without a picture, by the code of the last failure. */
  readonly missing: ReadonlyMap<string, number>;
  /** Pictures by the price version that they were charged at. */
  readonly priceVersions: ReadonlyMap<string, number>;
  /** Undefined where nobody judged any. */
  readonly kept: KeptShare | undefined;
  /** Pictures that one vote would keep and another reject; they count as rejected. */
  readonly contradicted: number;
  /** Of the first try, calls that failed included. */
  readonly charged: PicoUsd;
  /** charged / made, rounded up to a picodollar. */
  readonly perImage: PicoUsd | undefined;
  /** charged / kept, rounded up to a picodollar; undefined where none was kept. */
  readonly perKept: PicoUsd | undefined;
  /** Of the pictures that were judged: receipt and whether it was kept. */
  readonly outcomes: readonly Outcome[];
};

/** What was said of one picture. */
export type Outcome = {
  readonly row: string;
  readonly receiptId: string;
  readonly kept: boolean;
};

/** Two candidates held against each other. */
export type PairResult = {
  readonly candidates: readonly [string, string];
  /** Pairs in which the first, the second or neither was liked more. */
  readonly first: number;
  readonly second: number;
  readonly neither: number;
  readonly test: SignTest;
};

export type Suggestion = { readonly candidate: string; readonly why: string };

/** Votes by pair; those of pairs that aren't there are left out. */
function verdictsOf(pairs: readonly Pair[], votes: readonly Vote[]): readonly PairVerdict[] {
  const standing = standingVotes(votes);
  return pairs.flatMap((pair) => {
    const choice = standing.get(pair.id);
    return choice === undefined ? [] : [verdictOf(pair, choice)];
  });
}

/** What a proof came to, by the votes that stand. */
export function resultOf(job: Job, made: readonly Made[], votes: readonly Vote[]): ProofResult {
  const pairs = pairsOf(job, made);
  const verdicts = verdictsOf(pairs, votes);
  const candidates = job.candidates.map((each) => candidateResult(each, { job, made, verdicts }));
  const between = betweenOf(job, verdicts);
  const judged = candidates.map(({ kept }) => Number(kept?.judged ?? 0n));
  const fewest = Math.min(...judged);
  return {
    pairs: pairs.length,
    voted: verdicts.length,
    candidates,
    between,
    unseen: fewest === 0 ? undefined : unseenBy(fewest),
    charged: sumUsd(made.map(({ charged }) => parseUsd(charged))),
    suggested: suggestion(candidates, between),
  };
}

function candidateResult(
  candidate: JobCandidate,
  of: {
    readonly job: Job;
    readonly made: readonly Made[];
    readonly verdicts: readonly PairVerdict[];
  },
): CandidateResult {
  const calls = of.made.filter((each) => each.candidate === candidate.name && each.try === 1);
  const pictures = calls.filter(({ status }) => status === "made");
  const missing = new Map<string, number>();
  for (const { id } of of.job.rows) {
    const last = calls.findLast(({ row }) => row === id);
    if (last === undefined || last.status === "made") continue;
    const code = last.error?.code ?? "failed";
    missing.set(code, (missing.get(code) ?? 0) + 1);
  }
  const priceVersions = new Map<string, number>();
  for (const { price_version: version } of pictures) {
    if (version !== null) priceVersions.set(version, (priceVersions.get(version) ?? 0) + 1);
  }
  const said = judgements(candidate.name, of.verdicts);
  const outcomes = pictures.flatMap(({ row, receipt_id: receiptId }): Outcome[] => {
    const keeps = said.get(row);
    if (keeps === undefined || receiptId === null) return [];
    return [{ row, receiptId, kept: keeps.every(Boolean) }];
  });
  const kept = outcomes.filter((outcome) => outcome.kept).length;
  const charged = sumUsd(calls.map((each) => parseUsd(each.charged)));
  return {
    candidate,
    made: pictures.length,
    missing,
    priceVersions,
    kept: outcomes.length === 0 ? undefined : keptShare(BigInt(kept), BigInt(outcomes.length)),
    contradicted: [...said.values()].filter((keeps) => new Set(keeps).size > 1).length,
    charged,
    perImage: pictures.length === 0 ? undefined : divideUp(charged, BigInt(pictures.length)),
    perKept: kept === 0 ? undefined : divideUp(charged, BigInt(kept)),
    outcomes,
  };
}

/** All that was said of a candidate's pictures: row -> kept or not, a vote each. */
function judgements(
  name: string,
  verdicts: readonly PairVerdict[],
): ReadonlyMap<string, readonly boolean[]> {
  const said = new Map<string, boolean[]>();
  for (const { pair, keeps } of verdicts) {
    const place = pair.candidates.indexOf(name);
    const kept = keeps[place];
    if (kept === undefined) continue;
    said.set(pair.row, [...(said.get(pair.row) ?? []), kept]);
  }
  return said;
}

function betweenOf(job: Job, verdicts: readonly PairVerdict[]): readonly PairResult[] {
  const names = job.candidates.map(({ name }) => name);
  return names.flatMap((one, place) =>
    names.slice(place + 1).map((other): PairResult => {
      const own = verdicts.filter(
        ({ pair: { candidates } }) => candidates[0] === one && candidates[1] === other,
      );
      const count = (prefers: PairVerdict["prefers"]): number =>
        own.filter((verdict) => verdict.prefers === prefers).length;
      const [first, second] = [count(0), count(1)];
      return {
        candidates: [one, other],
        first,
        second,
        neither: count(undefined),
        test: signTest({ first: BigInt(first), second: BigInt(second) }),
      };
    }),
  );
}

/** Below this the sign test counts as having told a difference. */
const TOLD_PARTS_PER_MILLION = 50_000n;

/** Whether one of a pair was liked more, more often than chance would have it. */
export function preferredOf({ candidates, first, second, test }: PairResult): string | undefined {
  if (test.partsPerMillion >= TOLD_PARTS_PER_MILLION) return undefined;
  return first > second ? candidates[0] : candidates[1];
}

/**
 * The cheapest for a kept picture among those that no other one was preferred to. Where each lost to another,
 * among all.
 */
function suggestion(
  candidates: readonly CandidateResult[],
  between: readonly PairResult[],
): Suggestion | undefined {
  const losers = new Set(
    between.flatMap((pair) => {
      const winner = preferredOf(pair);
      return winner === undefined ? [] : pair.candidates.filter((name) => name !== winner);
    }),
  );
  const keeping = candidates.flatMap(({ candidate: { name }, perKept }) =>
    perKept === undefined ? [] : [{ name, perKept }],
  );
  const unbeaten = keeping.filter(({ name }) => !losers.has(name));
  const [best] = (unbeaten.length === 0 ? keeping : unbeaten).toSorted((left, right) =>
    left.perKept < right.perKept ? -1 : 1,
  );
  if (best === undefined) return undefined;
  const among =
    unbeaten.length === 0
      ? "of all, each of which lost to another"
      : "of those that no other was preferred to";
  return { candidate: best.name, why: `the cheapest for a kept picture ${among}` };
}
