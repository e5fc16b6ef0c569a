import { type PicoUsd, parseUsd, sumUsd } from "../money/pico-usd.ts";
import { type Cell, cellKey, type PlannedCell } from "./cell.ts";
import type { Descriptor } from "./descriptor.ts";
import { type Spread, spreadOf } from "./figures.ts";
import { groupBy } from "./group.ts";
import type { MeasuredLine, Result } from "./result.ts";
import type { RunFile } from "./run-file.ts";

/** Meters of what goes in; every other one comes out. */
const INPUT = /^(text_input|image_input|cached_text_input|cached_image_input)_tokens$/;
const INPUT_PIECES = "reference_images";
const CACHED = /^cached_/;

/** What a bill's lines come to, by side. Tokens and pieces are never added to one another. */
export type Sides = {
  readonly inputTokens: bigint;
  readonly textInputTokens: bigint;
  readonly imageInputTokens: bigint;
  readonly cachedTokens: bigint;
  readonly outputTokens: bigint;
  readonly outputImages: bigint;
  readonly referencePieces: bigint;
  readonly inputUsd: PicoUsd;
  readonly outputUsd: PicoUsd;
};

/** One cell with everything that was recorded of it. */
export type CellMeasured = {
  readonly sweep: PlannedCell["sweep"];
  readonly cell: Cell;
  readonly key: string;
  /** The last record of each repeat; earlier failures of the same repeat stand in `results` of the run. */
  readonly last: readonly Result[];
  /** Those of them that made pictures. */
  readonly ok: readonly Result[];
  /** The gate's own refusal, where it said no. */
  readonly refused: Result | undefined;
  /** Spread of totals; undefined where nothing was made. */
  readonly total: Spread<PicoUsd> | undefined;
  /** The lines of the repeat with the median total. */
  readonly sides: Sides | undefined;
};

/** A run as the report reads it. */
export type Measured = {
  readonly run: RunFile;
  readonly results: readonly Result[];
  readonly cells: readonly CellMeasured[];
  readonly spent: PicoUsd;
  /** Calls that were planned and have no record. */
  readonly missing: number;
};

/** Sorts the records of a run under its cells. */
export function measuredOf(run: RunFile, results: readonly Result[]): Measured {
  const byKey = groupBy(results, (result) => cellKey(result.sweep, result.cell));
  const cells = run.cells.map(({ sweep, cell }) => {
    const key = cellKey(sweep, cell);
    return cellMeasured({ sweep, cell, key }, byKey.get(key) ?? []);
  });
  const planned = run.cells.reduce((sum, { repeats }) => sum + repeats, 0);
  const recorded = cells.reduce(
    (sum, { last, refused }, index) =>
      sum + (refused === undefined ? last.length : (run.cells[index]?.repeats ?? 0)),
    0,
  );
  return {
    run,
    results,
    cells,
    spent: sumUsd(results.map((result) => parseUsd(result.measured.total))),
    missing: Math.max(0, planned - recorded),
  };
}

function cellMeasured(
  of: Pick<CellMeasured, "sweep" | "cell" | "key">,
  results: readonly Result[],
): CellMeasured {
  const last = [...groupBy(results, (result) => result.repeat).values()].flatMap(
    (repeats) => repeats.at(-1) ?? [],
  );
  const ok = last.filter((result) => result.status === "ok");
  const total = spreadOf(ok.map((result) => parseUsd(result.measured.total)));
  const middle = ok.find((result) => parseUsd(result.measured.total) === total?.median);
  return {
    ...of,
    last,
    ok,
    refused: last.find((result) => result.status === "refused"),
    total,
    sides: middle === undefined ? undefined : sidesOf(middle.measured.lines),
  };
}

/** Adds the lines of a bill up by side. */
function sidesOf(lines: readonly MeasuredLine[]): Sides {
  const quantity = (is: (meter: string) => boolean): bigint =>
    lines.filter(({ meter }) => is(meter)).reduce((sum, line) => sum + BigInt(line.quantity), 0n);
  const amount = (is: (meter: string) => boolean): PicoUsd =>
    sumUsd(lines.filter(({ meter }) => is(meter)).map((line) => parseUsd(line.amount)));
  const isInput = (meter: string): boolean => INPUT.test(meter);
  return {
    inputTokens: quantity(isInput),
    textInputTokens: quantity((meter) => isInput(meter) && meter.includes("text")),
    imageInputTokens: quantity((meter) => isInput(meter) && meter.includes("image")),
    cachedTokens: quantity((meter) => CACHED.test(meter)),
    outputTokens: quantity((meter) => /_output_tokens$/.test(meter)),
    outputImages: quantity((meter) => meter === "output_images"),
    referencePieces: quantity((meter) => meter === INPUT_PIECES),
    inputUsd: amount((meter) => isInput(meter) || meter === INPUT_PIECES),
    outputUsd: amount((meter) => !isInput(meter) && meter !== INPUT_PIECES),
  };
}

/** A cell by some of what it asks. */
export type CellFilter = Partial<Cell> & { readonly sweep?: PlannedCell["sweep"] };

/** All cells that ask just that. */
export function cellsWhere(measured: Measured, filter: CellFilter): CellMeasured[] {
  const { sweep, ...asked } = filter;
  return measured.cells.filter(
    (each) =>
      (sweep === undefined || each.sweep === sweep) &&
      Object.entries(asked).every(([name, value]) => each.cell[name as keyof Cell] === value),
  );
}

/** Models of a sweep, each once, in the order of the plan. */
export function modelsOf(measured: Measured, sweep: PlannedCell["sweep"]): string[] {
  const ids = cellsWhere(measured, { sweep }).map(({ cell }) => cell.model);
  return [...new Set(ids)];
}

/** A model as the gateway described it when the run was planned. */
export function descriptorOf({ run }: Measured, id: string): Descriptor | undefined {
  return run.models.find((model) => model.id === id);
}
