import { cellText } from "./cell.ts";
import { type Descriptor, sizesText } from "./descriptor.ts";
import { groupBy } from "./group.ts";
import type { CellMeasured, Measured } from "./measured.ts";
import { usageText } from "./sections/predicted.ts";
import { shapeOf } from "./shape.ts";

/** One thing that is otherwise in the later run. */
export type Change = {
  readonly kind:
    | "model"
    | "rate"
    | "tier"
    | "size"
    | "limit"
    | "life_cycle"
    | "tokens"
    | "price"
    | "refusal"
    | "failure"
    | "usage_form";
  readonly model: string;
  /** The cell, meter or field. */
  readonly what: string;
  readonly before: string;
  readonly after: string;
};

export type RunDifference = {
  readonly changes: readonly Change[];
  /** Cells that both runs have, and that came to the same. */
  readonly same: number;
  /** Cells that only one of them has: nothing is said of them. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
};

/** What changed between two runs: in the gateway's list, and in what was measured. */
export function diffRuns(before: Measured, after: Measured): RunDifference {
  const later = new Map(after.cells.map((cell) => [cell.key, cell]));
  const shared = before.cells.flatMap((cell) => {
    const other = later.get(cell.key);
    return other === undefined ? [] : [{ cell, other }];
  });
  const cellChanges = shared.map(({ cell, other }) => compareCells(cell, other));
  const keys = new Set(shared.map(({ cell }) => cell.key));
  const alone = ({ cells }: Measured): string[] =>
    cells.map(({ key }) => key).filter((key) => !keys.has(key));
  return {
    changes: [...compareModels(before, after), ...cellChanges.flat()],
    same: cellChanges.filter((changes) => changes.length === 0).length,
    onlyBefore: alone(before),
    onlyAfter: alone(after),
  };
}

function compareCells(before: CellMeasured, after: CellMeasured): Change[] {
  const { model } = before.cell;
  const what = `${before.sweep}: ${cellText(before.cell)}`;
  const change = (kind: Change["kind"], was: string, is: string): Change[] =>
    was === is ? [] : [{ kind, model, what, before: was, after: is }];
  const [was, is] = [stateText(before), stateText(after)];
  if (before.ok.length === 0 || after.ok.length === 0) {
    const kind =
      before.refused !== undefined || after.refused !== undefined ? "refusal" : "failure";
    return change(kind, was, is);
  }
  return [
    ...change("tokens", usagesText(before), usagesText(after)),
    ...change("price", totalsText(before), totalsText(after)),
    ...change("usage_form", shapesText(before), shapesText(after)),
  ];
}

function stateText({ ok, last, refused }: CellMeasured): string {
  if (refused !== undefined) return `refused: ${refused.error?.code ?? "no code"}`;
  if (ok.length > 0) return "made";
  const codes = new Set(last.map(({ error }) => error?.code ?? "no code"));
  return last.length === 0 ? "not measured" : `failed: ${[...codes].join(", ")}`;
}

/** The different values of all repeats: a run of one repeat and one of five are the same when all agree. */
function distinct(values: readonly string[]): string {
  return [...new Set(values)].toSorted().join(" or ");
}

function usagesText({ ok }: CellMeasured): string {
  return distinct(ok.map(({ measured }) => usageText(measured.usage)));
}

function totalsText({ ok }: CellMeasured): string {
  return distinct(ok.map(({ measured }) => `${measured.total} USD (${measured.basis})`));
}

function shapesText({ ok }: CellMeasured): string {
  return distinct(ok.map(({ measured }) => shapeOf(measured.reported)));
}

function compareModels(before: Measured, after: Measured): Change[] {
  const [was, is] = [before, after].map(
    ({ run }) => new Map(run.models.map((each) => [each.id, each])),
  );
  const ids = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].toSorted();
  return ids.flatMap((id) => {
    const [old, now] = [was?.get(id), is?.get(id)];
    if (old === undefined || now === undefined) {
      const text = (model: Descriptor | undefined): string =>
        model === undefined ? "not in the list" : "in the list";
      return [
        { kind: "model" as const, model: id, what: "list", before: text(old), after: text(now) },
      ];
    }
    return compareModel(old, now);
  });
}

function compareModel(before: Descriptor, after: Descriptor): Change[] {
  const fields: readonly (readonly [Change["kind"], string, (model: Descriptor) => string])[] = [
    ["model", "available", availabilityText],
    ["life_cycle", "shutdown date", (model) => model.shutdown_date ?? "none"],
    [
      "tier",
      "quality tiers",
      ({ capabilities }) => capabilities.quality?.tiers.join(" ") ?? "none",
    ],
    ["size", "sizes", sizesText],
    ["limit", "images a call", ({ capabilities }) => String(capabilities.images_per_call_max)],
    ["limit", "references", ({ capabilities }) => String(capabilities.references.max)],
  ];
  const changed = fields.flatMap(([kind, what, textOf]) => {
    const [was, is] = [textOf(before), textOf(after)];
    return was === is ? [] : [{ kind, model: before.id, what, before: was, after: is }];
  });
  return [...changed, ...compareRates(before, after)];
}

function availabilityText({ available, unavailable_because: why }: Descriptor): string {
  return available ? "yes" : `no: ${why ?? "unknown"}`;
}

/** Prices term by term; a term is known by its meter and its conditions. */
function compareRates(before: Descriptor, after: Descriptor): Change[] {
  const rates = ({ price }: Descriptor): Map<string, string> => {
    const named = groupBy(price?.terms ?? [], ({ meter, when, once, free }) =>
      [meter, ...(when === undefined ? [] : [JSON.stringify(when)]), once ?? "", free ?? ""]
        .join(" ")
        .trim(),
    );
    return new Map(
      [...named].map(([name, terms]) => [
        name,
        terms.map(({ usd, per }) => `${usd} USD per ${per}`).join(" + "),
      ]),
    );
  };
  const [was, is] = [rates(before), rates(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    const [old, now] = [was.get(name) ?? "no price", is.get(name) ?? "no price"];
    if (old === now) return [];
    return [{ kind: "rate" as const, model: before.id, what: name, before: old, after: now }];
  });
}
