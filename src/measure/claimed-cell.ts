import type { Unknown } from "../advisor/claims/judge.ts";
import type { ClaimedOrder } from "../catalog/claims.ts";
import type { SweepName } from "./cell.ts";
import { type CellMeasured, descriptorOf, type Measured } from "./measured.ts";
import { type PromptName, promptNames, type Standard } from "./standard.ts";

type Where = {
  /** The claim's own experiment, looked at first. */
  readonly sweep: SweepName | undefined;
  readonly measured: Measured;
  readonly standard: Standard;
};

/**
 * The cell that measured a claimed order. A claim counts a prompt in tokens; a run knows its four prompts. In its own
 * sweep a claim's usual prompt is the sweep's: the edit prompt beside references, the count prompt beside n.
 */
export function findCell(order: ClaimedOrder, where: Where): CellMeasured | Unknown {
  const { measured, sweep } = where;
  if (order.serviceTier !== undefined)
    return missing(order, `the ${order.serviceTier} tier is not measured`);
  const exact = promptOf(order.promptTokens, where);
  const usual = order.references > 0 ? "edit" : sweep === "count" ? "count" : undefined;
  const prompts: readonly (PromptName | undefined)[] = [
    exact,
    exact === "product" ? usual : undefined,
  ];
  const own = measured.cells.filter((each) => each.sweep === sweep);
  const found =
    prompts
      .map((prompt) => pick(own, order, prompt, measured))
      .find((each) => each !== undefined) ??
    prompts
      .map((prompt) => pick(measured.cells, order, prompt, measured))
      .find((each) => each !== undefined);
  return found ?? missing(order, "not measured in this run");
}

function missing(order: ClaimedOrder, why: string): Unknown {
  const { model, quality, size, n, references, promptTokens } = order;
  const parts = [
    ...[model, quality, size],
    n === 1 ? undefined : `n=${n}`,
    references === 0 ? undefined : `${references} of ${order.referenceSize}`,
    `a prompt of ${promptTokens} tokens`,
  ];
  return {
    kind: "unknown",
    why: `${parts.filter((part) => part !== undefined).join(", ")}: ${why}`,
  };
}

/** Only the standard prompts have known counts: an own prompt is no prompt of the claim's. */
function promptOf(tokens: number, { measured, standard }: Where): PromptName | undefined {
  return promptNames.find(
    (name) =>
      measured.run.prompts[name] === standard.prompts[name] &&
      standard.promptTokens[name].includes(tokens),
  );
}

function pick(
  cells: readonly CellMeasured[],
  order: ClaimedOrder,
  prompt: PromptName | undefined,
  measured: Measured,
): CellMeasured | undefined {
  if (prompt === undefined) return undefined;
  const fits = cells.filter(({ cell }) => {
    const { model, size, n, references, reference_size: of } = cell;
    return (
      model === order.model &&
      cell.prompt === prompt &&
      n === order.n &&
      references === order.references &&
      (references === 0 || of === order.referenceSize) &&
      (size === order.size || labelled(order, size, measured))
    );
  });
  return fits.find(({ cell }) => cell.quality === (order.quality ?? null));
}

/** A claim may say 4K where the run asked for its square pixels. */
function labelled(order: ClaimedOrder, size: string | null, measured: Measured): boolean {
  const labels = descriptorOf(measured, order.model)?.capabilities.sizes.labels ?? {};
  return size !== null && labels[order.size]?.by_ratio["1:1"] === size;
}
