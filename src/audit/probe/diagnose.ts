import { type CallRecord, isMade, type ModelEvidence, type Pixels } from "./evidence.ts";
import { isOn, type Law, lawOf, makesText } from "./laws.ts";

/** What the output tokens of one call are explained by. */
export type Diagnosis =
  | { readonly kind: "as_asked" }
  /** Another tier of the same model ran. */
  | { readonly kind: "other_tier"; readonly tier: string }
  /** Only models other than the one asked for come to it; all that do. */
  | { readonly kind: "other_model"; readonly models: readonly string[] }
  | { readonly kind: "unexplained" }
  /** No usage, no size, no published law. */
  | { readonly kind: "unknown" };

/** The pixels that were made: by the first picture's bytes, else as the answer says. */
export function madeSize({ answer }: CallRecord): Pixels | undefined {
  const seen = answer.pictures[0]?.size;
  if (seen !== null && seen !== undefined) return seen;
  const [, width = "", height = ""] = /^(\d{1,5})x(\d{1,5})$/.exec(answer.echo["size"] ?? "") ?? [];
  return width === "" ? undefined : { width: Number(width), height: Number(height) };
}

/** What the laws of the model asked for give for what was really made. */
export function lawOfMade(record: CallRecord, evidence: ModelEvidence): Law | undefined {
  return lawFor(record, evidence.model, record.call.asked.quality);
}

/** The output tokens of a made call against the laws of all models that are known. */
export function diagnose(record: CallRecord, evidence: ModelEvidence): Diagnosis {
  const { usage } = record.answer;
  const law = lawOfMade(record, evidence);
  if (!isMade(record) || usage === undefined || law?.imageOut === undefined) {
    return { kind: "unknown" };
  }
  if (!usage.split && makesText(evidence.model)) return { kind: "unknown" };
  const fits = (each: Law | undefined): boolean =>
    each?.imageOut !== undefined && isOn(each.imageOut, usage.imageOut, each.multiples);
  if (fits(law)) return { kind: "as_asked" };
  const { quality } = record.call.asked;
  const { tiers = [] } = evidence.model.capabilities.quality ?? {};
  const tier = tiers.find((each) => fits(lawFor(record, evidence.model, each)));
  const models = evidence.known
    .filter(({ id }) => id !== evidence.model.id)
    .filter((model) => fits(lawFor(record, model, quality)));
  const others: Diagnosis = { kind: "other_model", models: models.map(({ id }) => id) };
  // Both may be true of one figure; then the answer's own word for its tier decides.
  const saysAsked = quality !== undefined && record.answer.echo["quality"] === quality;
  if (tier !== undefined && !(saysAsked && models.length > 0)) return { kind: "other_tier", tier };
  return models.length > 0 ? others : { kind: "unexplained" };
}

/**
 * Models that come to the tokens of every call, where the one asked for does not; empty when that one does, or no
 * single other one explains them all.
 */
export function swappedTo(evidence: ModelEvidence): readonly string[] {
  const made = evidence.records
    .filter(({ call }) => call.asked.n === 1)
    .map((record) => ({ record, found: diagnose(record, evidence) }))
    .filter(({ found }) => found.kind !== "unknown");
  const others = made.flatMap(({ found }) => (found.kind === "other_model" ? [found.models] : []));
  const [first = []] = others;
  return first.filter((id) => {
    const model = evidence.known.find((each) => each.id === id);
    return model !== undefined && made.every(({ record }) => fitsModel(record, model));
  });
}

function fitsModel(record: CallRecord, model: ModelEvidence["model"]): boolean {
  const law = lawFor(record, model, record.call.asked.quality);
  const { usage } = record.answer;
  return law?.imageOut !== undefined && usage !== undefined && isOn(law.imageOut, usage.imageOut);
}

function lawFor(
  record: CallRecord,
  model: ModelEvidence["model"],
  quality: string | undefined,
): Law | undefined {
  const { call, answer } = record;
  return lawOf(model, {
    n: answer.pictures.length,
    size: madeSize(record),
    quality,
    prompt: call.asked.prompt,
    imageEdge: call.files?.imageEdge,
  });
}
