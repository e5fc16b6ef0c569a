import { addUsd, formatUsd } from "../../money/pico-usd.ts";
import { percentText } from "../figures.ts";
import type { CellMeasured, Measured } from "../measured.ts";
import { type Section, text } from "../report-form.ts";
import { inputText, outputText, tierText } from "./cell-words.ts";

/** Text to image: how much of the bill is the picture, and how much the prompt. */
export function outputShareSection(measured: Measured): Section {
  const seen = new Set<string>();
  const cells = measured.cells.filter((each) => {
    const { references, n, quality, size, prompt } = each.cell;
    const same = [each.cell.model, quality, size, prompt].join(" ");
    if (references > 0 || n > 1 || each.sides === undefined || seen.has(same)) return false;
    seen.add(same);
    return each.sweep === "model" || each.sweep === "quality" || prompt === "brand";
  });
  return {
    id: "output-share",
    title: "The picture is the cost, not the prompt",
    blocks: [
      text(
        "One picture from a text: what went in, what came out, and which part of the bill is output. A long prompt at the cheapest tier is the exception that the rule forgets.",
      ),
      {
        kind: "table",
        id: "output-share",
        caption: "Output's share of the bill, text to image",
        columns: [
          { name: "model" },
          { name: "quality" },
          { name: "size" },
          { name: "prompt" },
          { name: "input", right: true },
          { name: "output", right: true },
          { name: "input USD", right: true },
          { name: "output USD", right: true },
          { name: "output share", right: true },
        ],
        rows: cells.map((each) => shareRow(measured, each)),
      },
    ],
  };
}

function shareRow(measured: Measured, each: CellMeasured): string[] {
  const { cell, sides } = each;
  if (sides === undefined) return [];
  return [
    cell.model,
    tierText(measured, cell),
    cell.size ?? "left open",
    cell.prompt,
    inputText(each),
    outputText(each),
    formatUsd(sides.inputUsd),
    formatUsd(sides.outputUsd),
    percentText(sides.outputUsd, addUsd(sides.inputUsd, sides.outputUsd)),
  ];
}
