import type { Model, ReferenceLaw } from "./schema.ts";
import type { Problem } from "./source-text.ts";

/** What a row says of reference pictures and can't mean: a law without references, limits of no format. */
export function referenceProblems(model: Model): Problem[] {
  return [...limitProblems(model), ...(model.referenceLaw === undefined ? [] : lawProblems(model))];
}

function limitProblems({ capabilities, referenceLaw }: Model): Problem[] {
  const { references, background, mask } = capabilities;
  const problems: Problem[] = [];
  const complain = (message: string, ...path: string[]) =>
    problems.push({ path: ["capabilities", ...path], message });
  for (const format of references.opaqueFormats) {
    if (references.formats.includes(format)) continue;
    complain(`"${format}" is not one of its formats`, "references", "opaqueFormats");
  }
  if (references.max > 0) {
    if (references.formats.length === 0) complain("no format is taken", "references", "formats");
    if (referenceLaw === undefined) complain("references without a law of their count");
    return problems;
  }
  if (mask !== undefined) complain("a mask, but no references", "mask");
  if (background?.transparentOfAlphaReferences !== undefined) {
    complain("transparency of references, but it takes none", "background");
  }
  return problems;
}

function lawProblems({ capabilities, outputLaw, referenceLaw: law }: Model): Problem[] {
  const problems: Problem[] = [];
  const complain = (message: string, ...path: string[]) =>
    problems.push({ path: ["referenceLaw", ...path], message });
  if (capabilities.references.max === 0) complain("the model takes no references");
  const isPiece = law?.kind === "counted" || law?.kind === "free";
  if (isPiece !== (outputLaw.kind === "flat")) {
    complain(`${law?.kind} references on a ${outputLaw.kind} model`, "kind");
  }
  if (law?.kind === "constant" && law.expected > law.ceiling) {
    complain("expected is above the ceiling", "expected");
  }
  if (textAboveCeiling(law)) complain("first or further is above the ceiling", "text");
  return problems;
}

function textAboveCeiling(law: ReferenceLaw | undefined): boolean {
  if (law?.kind !== "patches" && law?.kind !== "tiles") return false;
  const { first, further, ceiling } = law.text;
  return first > ceiling || further > ceiling;
}
