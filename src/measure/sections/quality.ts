import { formatUsd } from "../../money/pico-usd.ts";
import { ratioText } from "../figures.ts";
import { groupBy } from "../group.ts";
import { type CellMeasured, cellsWhere, type Measured, modelsOf } from "../measured.ts";
import { barPlot } from "../plot.ts";
import { type Section, text } from "../report-form.ts";
import { outputText, priceText, tierText, whyText } from "./cell-words.ts";

/** Quality × size with tokens. */
export function qualitySection(measured: Measured, note: string | null): Section {
  const models = modelsOf(measured, "quality");
  const made = cellsWhere(measured, { sweep: "quality" }).filter(
    ({ total }) => total !== undefined,
  );
  return {
    id: "quality",
    title: "Quality",
    blocks: [
      text(
        "The same prompt at each tier. × is against the cheapest tier at the same size: of output tokens, and of the whole bill.",
      ),
      {
        kind: "table",
        id: "quality",
        caption: "Cost of one image by quality and size",
        columns: [
          { name: "model" },
          { name: "size" },
          { name: "quality" },
          { name: "output", right: true },
          { name: "× tokens", right: true },
          { name: "USD", right: true },
          { name: "× USD", right: true },
          { name: "note" },
        ],
        rows: models.flatMap((model) => {
          const cells = cellsWhere(measured, { sweep: "quality", model });
          return [...groupBy(cells, ({ cell }) => cell.size).values()].flatMap((group) =>
            sizeRows(measured, group),
          );
        }),
      },
      {
        kind: "plot",
        id: "quality",
        caption: "Cost of one image by quality and size",
        svg: barPlot({
          title: "Cost of one image by quality and size, in USD",
          bars: made.flatMap(({ cell, total }) =>
            total === undefined
              ? []
              : [
                  {
                    label: `${cell.model} ${cell.quality ?? "left open"} ${cell.size ?? ""}`,
                    value: total.median,
                    text: formatUsd(total.median),
                  },
                ],
          ),
          note,
        }),
      },
    ],
  };
}

function sizeRows(measured: Measured, cells: readonly CellMeasured[]): string[][] {
  const first = cells.find(({ total }) => total !== undefined);
  return cells.map((each) => [
    each.cell.model,
    each.cell.size ?? "left open",
    tierText(measured, each.cell),
    outputText(each),
    each.sides === undefined || first?.sides === undefined
      ? "-"
      : ratioText(each.sides.outputTokens, first.sides.outputTokens),
    priceText(each),
    each.total === undefined || first?.total === undefined
      ? "-"
      : ratioText(each.total.median, first.total.median),
    whyText(each),
  ]);
}
