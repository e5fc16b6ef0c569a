import type { Model, SizeRule, Sizes } from "./schema.ts";
import type { FieldPath, Problem } from "./source-text.ts";

/** The pixels of a `WxH` text. */
export function areaOf(size: string): bigint {
  const { width, height } = edgesOf(size);
  return width * height;
}

/** Checks that the sizes of a row fit each other: labels inside the rule, defaults inside the list. */
export function sizeProblems({ capabilities, surfaces }: Model): Problem[] {
  const { sizes, sizesWithReferences } = capabilities;
  const problems = problemsOf(sizes, ["capabilities", "sizes"]);
  if (sizesWithReferences === undefined) return problems;
  const path = ["capabilities", "sizesWithReferences"];
  if (!surfaces.includes("edits")) {
    problems.push({ path, message: "sizes with references, but the model takes no edits" });
  }
  return [...problems, ...problemsOf(sizesWithReferences, path)];
}

function problemsOf(sizes: Sizes, path: FieldPath): Problem[] {
  const at = ({ path: inside, message }: Problem) => ({ path: [...path, ...inside], message });
  return [...boundProblems(sizes), ...labelProblems(sizes), ...defaultProblems(sizes)].map(at);
}

function boundProblems({ exact, labels }: Sizes): Problem[] {
  if (exact.kind === "cells" && Object.keys(labels).length === 0) {
    const message = "sizes are the cells of the label table, but there is none";
    return [{ path: ["exact"], message }];
  }
  if (exact.kind !== "rule") return [];
  const { edgeMin = 1, edgeMax = edgeMin, areaMin = 1, areaMax = areaMin } = exact.rule;
  const problems: Problem[] = [];
  if (edgeMin > edgeMax) problems.push({ path: ["exact"], message: "edgeMin is above edgeMax" });
  if (areaMin > areaMax) problems.push({ path: ["exact"], message: "areaMin is above areaMax" });
  return problems;
}

function labelProblems(sizes: Sizes): Problem[] {
  return Object.entries(sizes.labels).flatMap(([label, { byRatio }]) =>
    Object.entries(byRatio).flatMap(([ratio, pixels]) => {
      const message = cellProblem(sizes, pixels);
      return message === undefined ? [] : [{ path: ["labels", label, "byRatio", ratio], message }];
    }),
  );
}

function cellProblem(sizes: Sizes, pixels: string | null): string | undefined {
  if (pixels !== null) {
    return isExactSize(sizes, pixels) ? undefined : `${pixels} is not a legal size here`;
  }
  return sizes.exact.kind === "cells" ? "a cell of the label table needs its pixels" : undefined;
}

function defaultProblems(sizes: Sizes): Problem[] {
  const { pixels, label } = sizes.omitted;
  const problems: Problem[] = [];
  if (label !== undefined && sizes.labels[label] === undefined) {
    problems.push({ path: ["omitted", "label"], message: `"${label}" is not one of its labels` });
  }
  if (pixels !== undefined && !isExactSize(sizes, pixels)) {
    const message = `${pixels} is not a legal size here`;
    problems.push({ path: ["omitted", "pixels"], message });
  }
  return problems;
}

function isExactSize({ exact, labels }: Sizes, size: string): boolean {
  switch (exact.kind) {
    case "list":
      return exact.values.includes(size);
    case "rule":
      return followsRule(exact.rule, size);
    case "cells":
      return Object.values(labels).some(({ byRatio }) => Object.values(byRatio).includes(size));
    case "none":
      return false;
    default:
      return exact satisfies never;
  }
}

function followsRule(rule: SizeRule, size: string): boolean {
  const { width, height } = edgesOf(size);
  const [short, long] = width < height ? [width, height] : [height, width];
  const area = width * height;
  return (
    (rule.edgeMultiple === undefined ||
      (width % BigInt(rule.edgeMultiple) === 0n && height % BigInt(rule.edgeMultiple) === 0n)) &&
    (rule.edgeMin === undefined || short >= rule.edgeMin) &&
    (rule.edgeMax === undefined || long <= rule.edgeMax) &&
    (rule.ratioMax === undefined || long <= short * BigInt(rule.ratioMax)) &&
    (rule.areaMin === undefined || area >= rule.areaMin) &&
    (rule.areaMax === undefined || area <= rule.areaMax)
  );
}

function edgesOf(size: string): { readonly width: bigint; readonly height: bigint } {
  const [width = "0", height = "0"] = size.split("x");
  return { width: BigInt(width), height: BigInt(height) };
}
