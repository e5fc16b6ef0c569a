import { type Cell, type PlannedCell, type SweepName, sweepNames } from "./cell.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Standard } from "./standard.ts";

/** What a run is asked to do. */
export type SweepChoice = {
  readonly sweeps: readonly SweepName[];
  /** In place of each sweep's own models. */
  readonly models: readonly string[] | undefined;
  /** How often each cell is asked, at least 1. */
  readonly repeats: number;
};

/**
 * The cells of the chosen sweeps, in the order in which they run. Sizes, tiers and counts that a model does not
 * offer are asked for all the same: the gateway's gate refuses them before any money, and the report says so.
 */
export function planCells(
  choice: SweepChoice,
  standard: Standard,
  models: readonly Descriptor[],
): PlannedCell[] {
  return sweepNames
    .filter((sweep) => choice.sweeps.includes(sweep))
    .flatMap((sweep) => {
      const { repeats } = choice;
      // A cache shows from the second call on.
      const times = sweep === "cache" ? Math.max(repeats, standard.sweeps.cache.calls) : repeats;
      const ids = choice.models ?? standard.sweeps[sweep].models;
      return ids.flatMap((id) => {
        const model = models.find((each) => each.id === id || each.aliases.includes(id));
        return cellsOf[sweep]({ id: model?.id ?? id, model, standard }).map((cell) => ({
          sweep,
          cell,
          repeats: times,
        }));
      });
    });
}

/** The cells of the daily look: each model once, at its cheapest tier. */
export function watchCells(
  ids: readonly string[],
  standard: Standard,
  models: readonly Descriptor[],
): PlannedCell[] {
  return ids.map((id) => {
    const model = models.find((each) => each.id === id || each.aliases.includes(id));
    const cell = base({ id: model?.id ?? id, model, standard });
    return { sweep: "watch", cell, repeats: 1 };
  });
}

/** The names of models that no row of the list has. */
export function unknownModels(ids: readonly string[], models: readonly Descriptor[]): string[] {
  return ids.filter((id) => !models.some((each) => each.id === id || each.aliases.includes(id)));
}

type Given = {
  readonly id: string;
  /** Undefined for a model that the gateway does not know: its refusal is recorded. */
  readonly model: Descriptor | undefined;
  readonly standard: Standard;
};

/** What a cell is unless its sweep varies it: the product prompt, once, at the cheapest tier. */
function base({ id, model, standard }: Given): Cell {
  return {
    model: id,
    size: standard.size,
    quality: tiersOf(model)[0] ?? null,
    n: 1,
    references: 0,
    reference_size: null,
    prompt: "product",
  };
}

const cellsOf: Readonly<Record<SweepName, (given: Given) => readonly Cell[]>> = {
  // "Default quality" is what the vendor makes of nothing: the parameter is left out.
  model: (given) => [{ ...base(given), quality: null }],
  resolution: (given) =>
    sizesAsked(given, given.standard.sweeps.resolution.sizes).map((size) => ({
      ...base(given),
      size,
    })),
  quality: (given) =>
    given.standard.sweeps.quality.sizes.flatMap((size) =>
      (given.model === undefined ? [null] : tiersOf(given.model)).map((quality) => ({
        ...base(given),
        size,
        quality,
      })),
    ),
  count: (given) =>
    (["count", "brand"] as const).flatMap((prompt) =>
      given.standard.sweeps.count.counts.map((n) => ({ ...base(given), prompt, n })),
    ),
  references: (given) => {
    const { max, sizes } = given.standard.sweeps.references;
    const edit = (references: number, size: string): Cell => ({
      ...base(given),
      references,
      reference_size: size,
      prompt: "edit",
    });
    return [
      base(given),
      ...Array.from({ length: max }, (_, index) => edit(index + 1, given.standard.size)),
      ...sizes.map((size) => edit(1, size)),
    ];
  },
  cache: (given) => [{ ...base(given), prompt: "brand" }],
};

function tiersOf(model: Descriptor | undefined): readonly string[] {
  return model?.capabilities.quality?.tiers ?? [];
}

/** The given sizes, then the model's own where it has words or a list for them. */
function sizesAsked({ model }: Given, sizes: readonly string[]): string[] {
  const own = model === undefined ? [] : ownSizes(model);
  return [...new Set([...sizes, ...own])];
}

function ownSizes({ capabilities }: Descriptor): string[] {
  const { exact, labels } = capabilities.sizes;
  if (exact.kind === "list") return exact.values;
  if (exact.kind === "none") return Object.keys(labels);
  if (exact.kind === "rule") return [];
  const tables = Object.values(labels).map((label) => label.by_ratio);
  const squares = tables.map((byRatio) => byRatio["1:1"]);
  // Two other shapes, at the smallest label: whether the shape alone changes anything.
  const shapes = [tables[0]?.["16:9"], tables[0]?.["2:3"]];
  return [...shapes, ...squares].filter((size) => typeof size === "string");
}
