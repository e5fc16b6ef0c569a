import { parseUsd } from "../money/pico-usd.ts";
import type { CellMeasured } from "./measured.ts";
import type { MeasuredLine } from "./result.ts";

/** The lines of the repeat with the median total. */
export function medianLines({ ok, total }: CellMeasured): readonly MeasuredLine[] {
  const middle = ok.find(({ measured }) => parseUsd(measured.total) === total?.median);
  return middle?.measured.lines ?? [];
}
