import { formatUsd } from "../../money/pico-usd.ts";
import { grouped } from "../figures.ts";
import { groupBy } from "../group.ts";
import { type CellMeasured, cellsWhere, type Measured, modelsOf } from "../measured.ts";
import { type Block, type Section, text } from "../report-form.ts";
import { outputText } from "./cell-words.ts";

/** The same prompt at each tier side by side, with pixels, bytes, tokens and price. */
export function proofSection(measured: Measured): Section {
  const emulated = measured.run.emulated
    ? " Emulators drew these pictures: they say nothing about quality, and their bytes are set by the emulator."
    : "";
  const sheets = modelsOf(measured, "quality").flatMap((model) => sheetsOf(measured, model));
  return {
    id: "proof",
    title: "Proof sheet",
    blocks: [
      text(`One prompt, one size, each tier. Look before you pay for the dearest.${emulated}`),
      ...(sheets.length === 0
        ? [text("No tier of any model was measured, so there is nothing to compare.")]
        : sheets),
    ],
  };
}

function sheetsOf(measured: Measured, model: string): Block[] {
  const made = cellsWhere(measured, { sweep: "quality", model }).filter(({ ok }) => ok.length > 0);
  return [...groupBy(made, ({ cell }) => cell.size).entries()].map(([size, cells]) => ({
    kind: "proof",
    caption: `${model}, ${size ?? "size left open"}`,
    pictures: cells.map(pictureOf),
  }));
}

function pictureOf(each: CellMeasured) {
  const picture = each.ok[0]?.delivered[0];
  const { cell, total } = each;
  const width = picture?.width ?? "?";
  const height = picture?.height ?? "?";
  return {
    title: cell.quality ?? "no knob",
    file: picture?.file ?? null,
    facts: [
      `${width} × ${height} pixels`,
      `${grouped(BigInt(picture?.bytes ?? 0))} bytes`,
      outputText(each),
      total === undefined ? "-" : `$${formatUsd(total.median)}`,
    ],
  };
}
