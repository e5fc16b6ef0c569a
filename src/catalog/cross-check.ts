import { priceProblems } from "./price-coverage.ts";
import { referenceProblems } from "./references.ts";
import type { Capabilities, Model, OutputLaw } from "./schema.ts";
import { sizeProblems } from "./sizes.ts";
import type { Problem } from "./source-text.ts";

/** What the schema can't see in one row: fields that contradict each other, units without a price. */
export function rowProblems(model: Model): Problem[] {
  return [
    ...aliasProblems(model),
    ...surfaceProblems(model),
    ...formatProblems(model),
    ...sizeProblems(model),
    ...lawProblems(model),
    ...referenceProblems(model),
    ...versionProblems(model),
    ...priceProblems(model),
  ];
}

/** What can only be seen with every row in hand: names taken twice, replacements that don't exist. */
export function catalogProblems(
  models: readonly Model[],
): readonly { readonly model: Model; readonly problem: Problem }[] {
  const owners = new Map<string, Model>();
  const found: { model: Model; problem: Problem }[] = [];
  const claim = (model: Model, name: string, path: Problem["path"]) => {
    const owner = owners.get(name);
    if (owner === undefined) owners.set(name, model);
    else found.push({ model, problem: { path, message: `"${name}" is taken by ${owner.id}` } });
  };
  for (const model of models) claim(model, model.id, ["id"]);
  for (const model of models) {
    for (const [index, alias] of model.aliases.entries()) claim(model, alias, ["aliases", index]);
    const { replacement } = model.lifeCycle;
    if (replacement === undefined) continue;
    const path = ["lifeCycle", "replacement"];
    if (replacement === model.id) {
      found.push({ model, problem: { path, message: "a model can't replace itself" } });
    } else if (!models.some(({ id }) => id === replacement)) {
      found.push({ model, problem: { path, message: `there is no model "${replacement}"` } });
    }
  }
  return found;
}

function surfaceProblems(model: Model): Problem[] {
  const problems: Problem[] = [];
  const { references } = model.capabilities;
  const path = ["capabilities", "references"];
  if (references.min > references.max) problems.push({ path, message: "min is above max" });
  const edits = model.surfaces.includes("edits");
  const generations = model.surfaces.includes("generations");
  if (edits && references.max === 0) {
    problems.push({ path, message: "edits need at least one reference, max is 0" });
  }
  if (edits && !generations && references.min === 0) {
    problems.push({ path, message: "an edit-only model needs min 1" });
  }
  if (generations && references.min > 0) {
    problems.push({ path, message: "generations have no references, min is above 0" });
  }
  if (model.served && model.surfaces.length === 0) {
    problems.push({ path: ["surfaces"], message: "a served model needs a surface" });
  }
  if (model.served === (model.notServedBecause !== undefined)) {
    problems.push({
      path: ["served"],
      message: "notServedBecause stands where served is false, and only there",
    });
  }
  return problems;
}

function aliasProblems(model: Model): Problem[] {
  const problems: Problem[] = [];
  for (const [index, alias] of model.aliases.entries()) {
    if (!alias.includes("/")) continue;
    problems.push({
      path: ["aliases", index],
      message: "vendor/id is an alias without being listed",
    });
  }
  for (const [index, snapshot] of (model.snapshots ?? []).entries()) {
    if (model.aliases.includes(snapshot)) continue;
    problems.push({ path: ["snapshots", index], message: `"${snapshot}" is not an alias` });
  }
  return problems;
}

function formatProblems({ capabilities }: Model): Problem[] {
  const problems: Problem[] = [];
  const { outputFormats, outputCompression, background } = capabilities;
  const complain = (message: string, ...path: string[]) =>
    problems.push({ path: ["capabilities", ...path], message });
  const unknown = (formats: readonly string[]) =>
    formats.filter((format) => !outputFormats.values.includes(format)).join(", ");
  if (!outputFormats.values.includes(outputFormats.omitted)) {
    complain(`"${outputFormats.omitted}" is not one of its values`, "outputFormats", "omitted");
  }
  if (!outputFormats.selectable && outputFormats.values.length > 1) {
    complain("not selectable, so only one value can be made", "outputFormats", "values");
  }
  if (outputCompression !== undefined && unknown(outputCompression.formats) !== "") {
    complain(`not made: ${unknown(outputCompression.formats)}`, "outputCompression", "formats");
  }
  if (background === undefined) return problems;
  if (unknown(background.transparentFormats) !== "") {
    complain(`not made: ${unknown(background.transparentFormats)}`, "background");
  }
  if (background.values.includes("transparent") !== background.transparentFormats.length > 0) {
    complain("transparent goes with transparentFormats, and only then", "background");
  }
  return problems;
}

function lawProblems({ capabilities, outputLaw }: Model): Problem[] {
  const tiers = capabilities.quality?.tiers ?? [];
  const auto = capabilities.quality?.autoExpected;
  const problems: Problem[] = [];
  if (auto !== undefined && !tiers.includes(auto)) {
    const path = ["capabilities", "quality", "autoExpected"];
    problems.push({ path, message: `"${auto}" is not a tier` });
  }
  switch (outputLaw.kind) {
    case "flat":
      return problems;
    case "factor_grid":
      return [...problems, ...gridProblems(outputLaw, tiers)];
    case "table":
      return [...problems, ...tableProblems(outputLaw, tiers, capabilities)];
    case "label_constant":
      return [...problems, ...labelProblems(outputLaw, capabilities)];
    default:
      return outputLaw satisfies never;
  }
}

type Law<Kind extends OutputLaw["kind"]> = Extract<OutputLaw, { kind: Kind }>;

function gridProblems(law: Law<"factor_grid">, tiers: readonly string[]): Problem[] {
  const problems = nameProblems(law.factors, tiers, "factors");
  if (law.ceilingTier === undefined || tiers.includes(law.ceilingTier)) return problems;
  const path = ["outputLaw", "ceilingTier"];
  return [...problems, { path, message: `"${law.ceilingTier}" is not a tier` }];
}

function tableProblems(
  law: Law<"table">,
  tiers: readonly string[],
  { sizes }: Capabilities,
): Problem[] {
  const problems = [
    ...nameProblems(law.tokens, sizes.exact.kind === "list" ? sizes.exact.values : [], "tokens"),
    ...Object.entries(law.tokens).flatMap(([size, byTier]) =>
      nameProblems(byTier, tiers, "tokens", size),
    ),
  ];
  if (law.tokens[law.autoSizeExpected] !== undefined) return problems;
  const path = ["outputLaw", "autoSizeExpected"];
  return [...problems, { path, message: "is not in the table" }];
}

function labelProblems(law: Law<"label_constant">, { sizes }: Capabilities): Problem[] {
  const cheaper = Object.entries(law.ceilingImageTokens).filter(
    ([label, tokens]) => tokens < (law.imageTokens[label] ?? tokens + 1),
  );
  return [
    ...nameProblems(law.imageTokens, Object.keys(sizes.labels), "imageTokens"),
    ...cheaper.map(([label]) => ({
      path: ["outputLaw", "ceilingImageTokens", label],
      message: "must be the dearer count of one of its labels",
    })),
  ];
}

function nameProblems(names: object, wanted: readonly string[], ...path: string[]): Problem[] {
  const found = Object.keys(names);
  if (sameNames(found, wanted)) return [];
  const message = `has ${found.join(", ")}; expected ${wanted.join(", ")}`;
  return [{ path: ["outputLaw", ...path], message }];
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

function versionProblems({ id, rateCard }: Model): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  let last = "";
  for (const [index, version] of rateCard.entries()) {
    const complain = (message: string, field: string) =>
      problems.push({ path: ["rateCard", index, field], message });
    const [model, date] = version.id.split("@");
    if (model !== id) complain(`"${version.id}" belongs to another model than ${id}`, "id");
    if (date?.slice(0, 10) !== version.effectiveFrom) {
      complain(`"${version.id}" does not carry its date ${version.effectiveFrom}`, "id");
    }
    if (seen.has(version.id)) complain(`"${version.id}" stands twice`, "id");
    if (version.effectiveFrom < last) {
      complain(`${version.effectiveFrom} comes after ${last}`, "effectiveFrom");
    }
    seen.add(version.id);
    last = version.effectiveFrom;
  }
  return problems;
}
