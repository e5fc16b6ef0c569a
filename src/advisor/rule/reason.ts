import { formatUsd, subtractUsd } from "../../money/pico-usd.ts";
import type { Candidate } from "../candidates.ts";
import type { Evidence } from "../evidence.ts";
import type { Cut, Decision, PassedOver } from "./decide.ts";
import { runnerUp } from "./rule.ts";

/** Why a cell is decided as it is, in a sentence. */

/** So many of those that were cheaper and may not win are named. */
const NAMED_MAX = 3;

/** A model with its tier, where it has some. */
export function choiceName({ model, quality }: Pick<Candidate, "model" | "quality">): string {
  return quality === null ? model.id : `${model.id} ${quality}`;
}

/** The expected price of a candidate as text; empty where it has none. */
export function totalText({ priced }: Candidate): string {
  return priced === undefined ? "" : formatUsd(priced.quote.expected.total);
}

/** A rating as it is cited: score, interval, table's day, and what it was earned by. */
export function ratingText({ rating, atLeast }: Evidence): string {
  const interval = rating.ci === null ? "" : ` ± ${rating.ci}`;
  const least = atLeast ? "at least " : "";
  return `${least}${rating.score}${interval} on ${rating.snapshot}`;
}

export function reasonOf(decision: Decision, by: Cut): string {
  const { ranked, passedOver } = decision;
  const [winner] = ranked;
  if (winner === undefined) return `nothing can win: ${blockedText(decision)}`;
  const models = new Set(ranked.map(({ model }) => model.id)).size;
  const parts = [
    models === 1 ? "the only one that can" : `cheapest of ${models} models that can`,
    ...(marginText(decision) ?? []),
    ...(by === "evidence" && winner.evidence?.uncounted === undefined && winner.evidence
      ? [`rated ${ratingText(winner.evidence)}`]
      : []),
    ...(passedOver.length === 0 ? [] : [passedText(passedOver)]),
  ];
  return parts.join("; ");
}

function marginText(decision: Decision): readonly string[] | undefined {
  const [winner] = decision.ranked;
  const next = runnerUp(decision);
  if (winner?.priced === undefined || next?.priced === undefined) return undefined;
  const difference = subtractUsd(
    next.priced.quote.expected.total,
    winner.priced.quote.expected.total,
  );
  return [
    difference === 0n
      ? `${choiceName(next)} costs the same`
      : `${choiceName(next)} costs ${formatUsd(difference)} more`,
  ];
}

function passedText(passedOver: readonly PassedOver[]): string {
  const named = passedOver.slice(0, NAMED_MAX).map(({ candidate, blocker }) => {
    return `${choiceName(candidate)} ${totalText(candidate)} (${blocker.why})`;
  });
  const rest = passedOver.length - named.length;
  return `cheaper, but passed over: ${named.join(", ")}${rest === 0 ? "" : ` and ${rest} more`}`;
}

/** How many choices are kept out by what. */
function blockedText({ passedOver, blocked }: Decision): string {
  const counts = new Map<string, number>();
  for (const { blocker } of [...passedOver, ...blocked]) {
    counts.set(blocker.code, (counts.get(blocker.code) ?? 0) + 1);
  }
  const parts = [...counts].map(([code, count]) => `${count} ${code}`);
  return parts.length === 0 ? "nothing stands in this row" : parts.join(", ");
}
