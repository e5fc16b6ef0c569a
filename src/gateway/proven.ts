import type { Constraints, Proven } from "../advisor/constraints.ts";
import { type Catalog, findModel, lifeCycleAt, priceAt } from "../catalog/find.ts";
import type { ProvenAsked, ProvenCandidate } from "../gates/order.ts";
import { modelDigest } from "../runs/proof/model-digest.ts";

/** What is known of a preset's candidates as of a day. */
type Known = {
  readonly catalog: Catalog;
  /** YYYY-MM-DD */
  readonly asOf: string;
};

/** A preset's proof with all that changed since it was made. */
export function provenAt(asked: ProvenAsked, known: Known): Proven {
  const { preset, proof, day, candidates } = asked;
  return { preset, proof, day, candidates, stale: staleSince(asked, known) };
}

/**
 * Why a proof no longer says what it said: another price version, another model behind the name, another template.
 * Empty where nothing changed.
 */
export function staleSince(
  { candidates, changed }: Pick<ProvenAsked, "candidates" | "changed">,
  known: Known,
): readonly string[] {
  const own = candidates.flatMap((candidate) => candidateChanged(candidate, known));
  return [...new Set([...own, ...changed])];
}

function candidateChanged(candidate: ProvenCandidate, { catalog, asOf }: Known): readonly string[] {
  const { model: id, priceVersion, modelSha256 } = candidate;
  const model = findModel(catalog, id);
  if (model === undefined) return [`${id} is no model any more`];
  if (!model.served) return [`${id} is not served any more`];
  if (lifeCycleAt(model, asOf).state === "retired") return [`${id} was shut down`];
  const price = priceAt(model, asOf)?.id;
  return [
    ...(price === priceVersion
      ? []
      : [`the price of ${id} is ${price ?? "unknown"}, the proof was made at ${priceVersion}`]),
    ...(modelDigest(model) === modelSha256 ? [] : [`${id} is another model now than it was`]),
  ];
}

/** What has to be said with every use of a preset whose proof is stale; the choice stays what it was. */
export function staleWarnings(constraints: Constraints | undefined): readonly string[] {
  const { proven } = constraints ?? {};
  if (proven === undefined || proven.stale.length === 0) return [];
  const { preset, proof, day, stale } = proven;
  return [
    `preset ${preset} is stale: ${stale.join("; ")} (proof ${proof}, ${day}); it still chooses as it did`,
  ];
}
