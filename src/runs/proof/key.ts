import { formatUsd } from "../../money/pico-usd.ts";
import type { Job } from "./job.ts";
import type { Made } from "./made.ts";
import { pairsOf } from "./pairs.ts";
import { resultOf } from "./result.ts";
import { unseenBy, unseenText } from "./unseen.ts";

/**
 * `key.js`: what each side is, and what it cost. The page loads it when the last vote is in, never before. It is a
 * script because a page that was opened from the disk may load no other kind of file.
 */
export function keyScript(job: Job, made: readonly Made[]): string {
  const { candidates, charged } = resultOf(job, made, []);
  const fewest = Math.min(...candidates.map((each) => each.made));
  const key = {
    candidates: candidates.map(({ candidate, made: pictures, perImage, charged: own }) => ({
      name: candidate.name,
      price_version: candidate.price_version,
      pictures,
      charged: formatUsd(own),
      per_image: perImage === undefined ? null : formatUsd(perImage),
    })),
    charged: formatUsd(charged),
    unseen: fewest === 0 ? [] : unseenText(unseenBy(fewest)),
    sides: Object.fromEntries(
      pairsOf(job, made).map(({ id, candidates: [one, other], swapped }) => [
        id,
        swapped ? [other, one] : [one, other],
      ]),
    ),
  };
  return `globalThis.spotmeterProofKey = ${JSON.stringify(key)};\n`;
}
