import { type Catalog, findModel, nearestName } from "../../catalog/find.ts";
import type { Model } from "../../catalog/schema.ts";

/** One of the ways to make a picture that a proof holds against each other. */
export type Candidate = {
  /** `model` or `model:tier`. */
  readonly name: string;
  readonly model: Model;
  /** Null where the model has no tiers. */
  readonly quality: string | null;
};

/** A list of candidates that can't be taken: said of `--at`. */
export class BadCandidates extends Error {
  override readonly name = "BadCandidates";
}

/** With n candidates a row is n (n - 1) / 2 pairs: nobody votes on more. */
const CANDIDATES_MAX = 6;

/**
 * Candidates as they are named, with commas between: a model, at a tier where it has some.
 *
 * @throws BadCandidates
 */
export function readCandidates(text: string, catalog: Catalog): readonly Candidate[] {
  const candidates = text.split(",").map((name) => readCandidate(name.trim(), catalog));
  const names = candidates.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new BadCandidates(`${twice} is named twice`);
  if (candidates.length < 2) throw new BadCandidates("a proof is of at least two candidates");
  if (candidates.length > CANDIDATES_MAX) {
    throw new BadCandidates(`${candidates.length} candidates: at most ${CANDIDATES_MAX}`);
  }
  return candidates;
}

function readCandidate(text: string, catalog: Catalog): Candidate {
  const colon = text.lastIndexOf(":");
  const [named, tier] = colon === -1 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
  const model = findModel(catalog, named);
  if (model === undefined) {
    const nearest = nearestName(catalog, named);
    const hint =
      nearest === undefined ? "spotmeter models lists them" : `the nearest is ${nearest}`;
    throw new BadCandidates(`${text}: no such model; ${hint}`);
  }
  if (model.snapshots?.some((snapshot) => named.endsWith(snapshot)) === true) {
    const why = `a snapshot can't be what auto chooses; ${model.id} can`;
    throw new BadCandidates(`${text}: ${why}`);
  }
  const { tiers = [] } = model.capabilities.quality ?? {};
  if (tier === null ? tiers.length === 0 : tiers.includes(tier)) {
    return { name: candidateName(model.id, tier), model, quality: tier };
  }
  throw new BadCandidates(
    tiers.length === 0
      ? `${text}: ${model.id} has no tiers`
      : `${text}: must be one of ${tiers.map((each) => candidateName(model.id, each)).join(", ")}`,
  );
}

/** A candidate's name: `model`, or `model:tier`. */
function candidateName(model: string, quality: string | null): string {
  return quality === null ? model : `${model}:${quality}`;
}
