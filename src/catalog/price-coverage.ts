import { divideExact, parseUsd } from "../money/pico-usd.ts";
import type { Meter, Model, PriceVersion, ReferenceLaw, Term } from "./schema.ts";
import { areaOf } from "./sizes.ts";
import type { Problem } from "./source-text.ts";

/** One way in which an image of a model can come out, as far as prices tell ways apart. */
type Case = {
  readonly quality: string | undefined;
  readonly size: string | undefined;
  readonly area: bigint;
  readonly promptExtend: boolean;
  readonly serviceTier: string | undefined;
};

/**
 * Proves of every price version that each unit a model can produce has exactly one price in each case:
 * an unpriced unit would be free, one priced twice would be a coin toss. Reference images go unpriced only
 * where the row's law says that they are free; an owner's own price may charge for them all the same.
 */
export function priceProblems(model: Model): Problem[] {
  return model.rateCard.flatMap((version, index) => {
    const at = (...path: (string | number)[]) => ["rateCard", index, ...path];
    return [
      ...version.terms.flatMap((term, k) =>
        termProblems(model, term).map((message) => ({ path: at("terms", k), message })),
      ),
      ...coverageProblems(model, version).map((message) => ({ path: at("terms"), message })),
    ];
  });
}

function termProblems(model: Model, term: Term): string[] {
  const problems: string[] = [];
  try {
    divideExact(parseUsd(term.usd), BigInt(term.per));
  } catch (error) {
    // Only the two money errors can land here; their text says what doesn't divide.
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (![...requiredMeters(model), ...optionalMeters(model)].includes(term.meter)) {
    problems.push(`${model.outputLaw.kind} models have no ${term.meter}`);
  }
  const tiers = model.capabilities.quality?.tiers ?? [];
  for (const quality of term.when?.quality ?? []) {
    if (!tiers.includes(quality)) problems.push(`quality "${quality}" is not a tier of this model`);
  }
  for (const size of term.when?.sizes ?? []) {
    if (!listedSizes(model).includes(size)) problems.push(`size ${size} is not in its list`);
  }
  if (term.when?.promptExtend !== undefined && !model.capabilities.promptExtend) {
    problems.push("a price by promptExtend, but the model has no such parameter");
  }
  return problems;
}

function coverageProblems(model: Model, version: PriceVersion): string[] {
  const problems = new Set<string>();
  const tiers = [undefined, ...new Set(version.terms.flatMap((term) => serviceTierOf(term) ?? []))];
  for (const each of cases(model, version, tiers)) {
    for (const meter of requiredMeters(model)) {
      const count = version.terms.filter((term) => applies(term, meter, each)).length;
      if (count !== 1) problems.add(`${meter}: ${count} prices for ${nameOf(each)}, not 1`);
    }
    for (const meter of optionalMeters(model)) {
      const count = version.terms.filter((term) => applies(term, meter, each)).length;
      if (count > 1) problems.add(`${meter}: ${count} prices for ${nameOf(each)}, not 0 or 1`);
    }
  }
  return [...problems];
}

/** What a quote or a usage of this model always counts. */
function requiredMeters({ outputLaw, referenceLaw }: Model): readonly Meter[] {
  const output: readonly Meter[] =
    outputLaw.kind === "flat"
      ? ["output_images"]
      : ["text_input_tokens", "image_output_tokens", "text_output_tokens"];
  const reference = referenceMeter(referenceLaw);
  return reference === undefined ? output : [...output, reference];
}

function referenceMeter(law: ReferenceLaw | undefined): Meter | undefined {
  switch (law?.kind) {
    case "patches":
    case "tiles":
    case "constant":
      return "image_input_tokens";
    case "counted":
      return "reference_images";
    case undefined:
    case "free":
      return undefined;
    default:
      return law satisfies never;
  }
}

function optionalMeters({ outputLaw, referenceLaw }: Model): readonly Meter[] {
  if (outputLaw.kind === "flat") return referenceLaw?.kind === "free" ? ["reference_images"] : [];
  return ["cached_text_input_tokens", "cached_image_input_tokens", "search_queries"];
}

function cases(model: Model, version: PriceVersion, serviceTiers: (string | undefined)[]): Case[] {
  const { quality, promptExtend } = model.capabilities;
  const qualities = quality?.tiers ?? [undefined];
  const extend = promptExtend ? [true, false] : [false];
  return outputs(model, version).flatMap((output) =>
    qualities.flatMap((tier) =>
      extend.flatMap((extended) =>
        serviceTiers.map((serviceTier) => ({
          ...output,
          quality: tier,
          promptExtend: extended,
          serviceTier,
        })),
      ),
    ),
  );
}

/** Every listed size; for free sizes one area on each side of every price boundary. */
function outputs(model: Model, version: PriceVersion): Pick<Case, "size" | "area">[] {
  const sizes = listedSizes(model);
  if (sizes.length > 0) return sizes.map((size) => ({ size, area: areaOf(size) }));
  const boundaries = version.terms.flatMap(({ when }) => [
    ...(when?.areaUpTo === undefined ? [] : [when.areaUpTo]),
    ...(when?.areaAbove === undefined ? [] : [when.areaAbove]),
  ]);
  const areas = new Set([1n, ...boundaries.map(BigInt).flatMap((edge) => [edge, edge + 1n])]);
  return [...areas].map((area) => ({ size: undefined, area }));
}

function listedSizes({ capabilities: { sizes } }: Model): readonly string[] {
  return sizes.exact.kind === "list" ? sizes.exact.values : [];
}

function applies({ meter, when = {} }: Term, wanted: Meter, each: Case): boolean {
  return (
    meter === wanted &&
    when.serviceTier === each.serviceTier &&
    (when.quality === undefined ||
      (each.quality !== undefined && when.quality.includes(each.quality))) &&
    (when.sizes === undefined || (each.size !== undefined && when.sizes.includes(each.size))) &&
    (when.areaUpTo === undefined || each.area <= when.areaUpTo) &&
    (when.areaAbove === undefined || each.area > when.areaAbove) &&
    (when.promptExtend === undefined || when.promptExtend === each.promptExtend)
  );
}

function serviceTierOf({ when }: Term): string | undefined {
  return when?.serviceTier;
}

function nameOf({ quality, size, area, promptExtend, serviceTier }: Case): string {
  const parts = [
    ...(quality === undefined ? [] : [`quality ${quality}`]),
    size ?? `area ${area}`,
    ...(promptExtend ? ["prompt_extend true"] : []),
    serviceTier ?? "standard tier",
  ];
  return parts.join(", ");
}
