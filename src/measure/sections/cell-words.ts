import { formatUsd, type PicoUsd } from "../../money/pico-usd.ts";
import type { Cell } from "../cell.ts";
import { grouped, perImage, spreadText } from "../figures.ts";
import { type CellMeasured, descriptorOf, type Measured } from "../measured.ts";

/** Words that the tables of several sections share. */

/** The price of a cell, with its spread; what stands in its place where there is none. */
export function priceText(cell: CellMeasured): string {
  if (cell.total !== undefined) return spreadText(cell.total, formatUsd);
  if (cell.refused !== undefined) return "0";
  return cell.last.length === 0 ? "not measured" : "failed";
}

/** Why a cell has no price. */
export function whyText(cell: CellMeasured): string {
  const { refused, last } = cell;
  if (refused !== undefined) return `refused by gate, $0 (${refused.error?.code ?? "no code"})`;
  if (last.length === 0) return "not measured";
  const failed = last.filter((result) => result.status === "failed");
  if (failed.length === 0) return "";
  return `${failed.length} of ${last.length} failed (${failed[0]?.error?.code ?? "no code"})`;
}

/** Output as it is billed: tokens, or images at a flat price. */
export function outputText({ sides }: CellMeasured): string {
  if (sides === undefined) return "-";
  return sides.outputImages > 0n
    ? `${grouped(sides.outputImages)} flat`
    : `${grouped(sides.outputTokens)} tok`;
}

/** Input as it is billed. */
export function inputText({ sides }: CellMeasured): string {
  if (sides === undefined) return "-";
  if (sides.outputImages > 0n) {
    const pieces = sides.referencePieces;
    return pieces > 0n ? `${grouped(pieces)} ${pieces === 1n ? "piece" : "pieces"}` : "none billed";
  }
  return `${grouped(sides.inputTokens)} tok`;
}

/** The median price of one image of a cell; undefined where nothing was made. */
export function imagePrice({ total, cell }: CellMeasured): PicoUsd | undefined {
  return total === undefined ? undefined : perImage(total.median, cell.n);
}

/** Cells that have a price, the cheapest first. */
export function byPrice(cells: readonly CellMeasured[]): CellMeasured[] {
  const rank = (cell: CellMeasured): bigint => imagePrice(cell) ?? 0n;
  return cells
    .filter((cell) => cell.total !== undefined)
    .toSorted((left, right) => (rank(left) < rank(right) ? -1 : rank(left) > rank(right) ? 1 : 0));
}

/** The tier that was asked for; for a model without the knob, that there is none. */
export function tierText(measured: Measured, { model, quality }: Cell): string {
  if (quality !== null) return quality;
  const knob = descriptorOf(measured, model)?.capabilities.quality;
  return knob === undefined ? "no knob" : "left open";
}
