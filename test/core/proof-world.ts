import type { Job } from "../../src/runs/proof/job.ts";
import type { Made } from "../../src/runs/proof/made.ts";
import type { Pair } from "../../src/runs/proof/pairs.ts";
import type { Vote, VoteChoice } from "../../src/runs/proof/votes.ts";

/** A proof of a few rows at two candidates, `cheap` and `dear`, made of nothing. */

const hex = (digit: string): string => digit.repeat(64);

export function jobOf(rows: number, more: Partial<Job> = {}): Job {
  const candidate = (name: string) => ({
    ...{ name, model: name, quality: null, price_version: `${name}@2026-06-19` },
    ...{ model_sha256: hex("a"), expected: "0.01", ceiling: "0.02" },
  });
  return {
    ...{ object: "proof.job", format: 1, id: `proof_${"0".repeat(26)}` },
    ...{ created: "2026-11-26T20:00:00.000Z", version: "0.1.0", emulated: false },
    ...{ as_of: "2026-11-26", file: "shop.csv", file_rows: 60, seed: "s", drawn: "by_seed" },
    ...{ secret: "0".repeat(32), template: null, left_out: [], tries: 1 },
    candidates: [candidate("cheap"), candidate("dear")],
    rows: Array.from({ length: rows }, (_, index) => ({
      ...{ id: `row-${index}`, line: index + 2, prompt: `Mug ${index}`, parameters: {} },
      ...{ references: [], mask: null },
    })),
    ...more,
  };
}

export function madeOf(row: string, candidate: string, more: Partial<Made> = {}): Made {
  return {
    ...{ row, candidate, try: 1, attempt: 0, at: "2026-11-26T20:01:00.000Z", status: "made" },
    ...{
      receipt_id: `rcpt_${row}_${candidate}`,
      charged: candidate === "cheap" ? "0.005" : "0.05",
    },
    ...{ price_version: `${candidate}@2026-06-19`, served_model: null, error: null, ms: 1 },
    picture: {
      ...{ file: `pictures/${row.length}${candidate.length}${row}`, sha256: hex("b") },
      ...{ bytes: 10, width: 8, height: 8, format: "png" },
    },
    ...more,
  };
}

/** Every row at both candidates. */
export function allMade({ rows }: Job): Made[] {
  return rows.flatMap(({ id }) => [madeOf(id, "cheap"), madeOf(id, "dear")]);
}

/** A vote said of candidates; the page says it of sides. */
export function voteFor(
  pair: Pair,
  said: "cheap" | "dear" | "same" | "no_cheap" | "no_dear" | "none",
): Vote {
  const sides = pair.swapped ? { cheap: "right", dear: "left" } : { cheap: "left", dear: "right" };
  const choices: Readonly<Record<typeof said, string>> = {
    cheap: sides.cheap,
    dear: sides.dear,
    same: "same",
    no_cheap: `reject_${sides.cheap}`,
    no_dear: `reject_${sides.dear}`,
    none: "reject_both",
  };
  return { pair: pair.id, choice: choices[said] as VoteChoice, at: "2026-11-26T20:02:00.000Z" };
}
