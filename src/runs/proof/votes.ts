import { z } from "zod";
import { type JsonLines, readJsonLines } from "../../text/json-lines.ts";
import type { Pair } from "./pairs.ts";

/** What may be said of a pair. Saying that one is better says that both would do. */
export const choices = [
  "left",
  "right",
  "same",
  "reject_left",
  "reject_right",
  "reject_both",
] as const;
export type VoteChoice = (typeof choices)[number];

type Side = "left" | "right";

/** Every vote says of both pictures whether they would be kept, and which is liked more if any is. */
type Verdict = {
  readonly keeps: { readonly left: boolean; readonly right: boolean };
  readonly prefers: Side | undefined;
};

const verdicts: Readonly<Record<VoteChoice, Verdict>> = {
  left: { keeps: { left: true, right: true }, prefers: "left" },
  right: { keeps: { left: true, right: true }, prefers: "right" },
  same: { keeps: { left: true, right: true }, prefers: undefined },
  reject_left: { keeps: { left: false, right: true }, prefers: "right" },
  reject_right: { keeps: { left: true, right: false }, prefers: "left" },
  reject_both: { keeps: { left: false, right: false }, prefers: undefined },
};

/** One line of `votes.jsonl`: the last one of a pair stands; null takes it back. */
export const voteSchema = z.strictObject({
  pair: z.string(),
  choice: z.enum(choices).nullable(),
  at: z.iso.datetime(),
});
export type Vote = z.infer<typeof voteSchema>;

/** What the page exports. */
export const votesFileSchema = z.object({
  object: z.literal("proof.votes"),
  proof: z.string(),
  votes: z.array(voteSchema),
});

export function readVotes(text: string): JsonLines<Vote> {
  return readJsonLines(text, voteSchema, "a vote");
}

/** What stands in the end: pair -> choice. */
export function standingVotes(votes: readonly Vote[]): ReadonlyMap<string, VoteChoice> {
  const standing = new Map<string, VoteChoice>();
  for (const { pair, choice } of votes) {
    if (choice === null) standing.delete(pair);
    else standing.set(pair, choice);
  }
  return standing;
}

/** What a vote says of the two candidates of its pair, in the pair's own order. */
export type PairVerdict = {
  readonly pair: Pair;
  readonly keeps: readonly [boolean, boolean];
  /** 0 or 1: which candidate of the pair is liked more; undefined: neither. */
  readonly prefers: 0 | 1 | undefined;
};

export function verdictOf(pair: Pair, choice: VoteChoice): PairVerdict {
  const { keeps, prefers } = verdicts[choice];
  const [first, second]: readonly [Side, Side] = pair.swapped
    ? ["right", "left"]
    : ["left", "right"];
  return {
    pair,
    keeps: [keeps[first], keeps[second]],
    prefers: prefers === undefined ? undefined : prefers === first ? 0 : 1,
  };
}
