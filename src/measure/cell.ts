import { z } from "zod";
import { promptNames } from "./standard.ts";

/** The sweeps, in the order in which they are run and told. */
export const sweepNames = [
  "model",
  "resolution",
  "quality",
  "count",
  "references",
  "cache",
] as const;
export type SweepName = (typeof sweepNames)[number];

/** One order that is measured; null leaves the parameter out. */
export const cellSchema = z.strictObject({
  model: z.string(),
  size: z.string().nullable(),
  quality: z.string().nullable(),
  n: z.int().min(1),
  /** How many reference pictures go along. */
  references: z.int().min(0),
  /** Their pixels; null without any. */
  reference_size: z.string().nullable(),
  prompt: z.enum(promptNames),
});
export type Cell = z.infer<typeof cellSchema>;

/** A cell in its sweep: what is asked `repeats` times. */
export type PlannedCell = {
  /** `watch` is no sweep of the report: the cells of the daily look. */
  readonly sweep: SweepName | "watch";
  readonly cell: Cell;
  readonly repeats: number;
};

/** Names a cell of a sweep, the same in every run: what two runs are compared by. */
export function cellKey(sweep: string, cell: Cell): string {
  const { model, prompt, size, quality, n, references, reference_size: of } = cell;
  const parts = [sweep, model, prompt, size ?? "-", quality ?? "-", `n=${n}`];
  return [...parts, ...(references === 0 ? [] : [`${references}x${of ?? "-"}`])].join(" ");
}

/** A cell for people, without its sweep. */
export function cellText(cell: Cell): string {
  const { model, prompt, size, quality, n, references, reference_size: of } = cell;
  return [
    model,
    size ?? "size left open",
    ...(quality === null ? [] : [quality]),
    ...(n === 1 ? [] : [`n=${n}`]),
    ...(references === 0
      ? []
      : [`${references} ${references === 1 ? "reference" : "references"} ${of ?? ""}`]),
    ...(prompt === "product" ? [] : [`${prompt} prompt`]),
  ].join(", ");
}
