import type { Job } from "./job.ts";
import type { Made } from "./made.ts";
import { blindPair, pairsOf } from "./pairs.ts";
import { choices } from "./votes.ts";

/** Why nobody votes on what an emulator drew. */
const SANDBOX_NOTICE =
  "SANDBOX: an emulator drew these pictures. They say nothing about any model, so no vote and no similarity is taken.";

/**
 * `proof.json`: what is shown, and nothing that says what it is of. Its file may be opened by whoever votes: no
 * candidate, price, seed or size of a file is in it.
 *
 * @param references files of each row's own pictures, in the proof's folder.
 */
export function blindProof(
  job: Job,
  made: readonly Made[],
  references: ReadonlyMap<string, readonly string[]>,
) {
  const pairs = pairsOf(job, made);
  const shown = new Set(pairs.map(({ row }) => row));
  return {
    object: "proof",
    format: 1,
    id: job.id,
    created: job.created,
    emulated: job.emulated,
    notice: job.emulated ? SANDBOX_NOTICE : null,
    choices: job.emulated ? [] : choices,
    rows: job.rows
      .filter(({ id }) => shown.has(id))
      .map(({ id, prompt }) => ({ id, prompt, references: references.get(id) ?? [] })),
    pairs: pairs.map(blindPair),
  };
}
export type BlindProof = ReturnType<typeof blindProof>;
