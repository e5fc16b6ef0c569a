import { noFigures } from "../../runs/proof/figures-file.ts";
import { type ProofResult, resultOf } from "../../runs/proof/result.ts";
import { type ResultJson, resultJson } from "../../runs/proof/result-json.ts";
import type { Vote } from "../../runs/proof/votes.ts";
import { refused } from "../failures.ts";
import { proofDigest, readFigures, type StoredProof, writeResult } from "./folder.ts";

/** A proof's result, as it is kept beside it from now on. */
export type FoundResult = { readonly result: ProofResult; readonly json: ResultJson };

/**
 * What a proof came to by these votes; kept in `result.json`.
 *
 * @throws Refused `sandbox` for pictures that an emulator drew; `proof_incomplete` where a pair has no vote, unless
 * that is asked for.
 */
export async function foundResult(
  proof: StoredProof,
  votes: readonly Vote[],
  { partial }: { readonly partial: boolean },
): Promise<FoundResult> {
  const { job, made } = proof;
  if (job.emulated) {
    throw refused(
      "sandbox",
      "an emulator of the sandbox drew these pictures: no vote and no similarity is taken on them, so that there is no result. A live gateway's proof has one.",
    );
  }
  const result = resultOf(job, made, votes);
  if (result.voted === 0) {
    throw refused("proof_incomplete", `no pair has a vote: open ${proof.path}/proof.html`);
  }
  if (result.voted < result.pairs && !partial) {
    throw refused(
      "proof_incomplete",
      `${result.pairs - result.voted} of ${result.pairs} pairs have no vote yet: names would be shown before their time. --partial shows them all the same`,
    );
  }
  const figures = (await readFigures(proof.path)) ?? noFigures(job, "figures.json is missing");
  const json = resultJson(job, result, { figures, sha256: await proofDigest(proof, votes) });
  await writeResult(proof.path, json);
  return { result, json };
}
