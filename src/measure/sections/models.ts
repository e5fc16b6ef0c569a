import { formatUsd } from "../../money/pico-usd.ts";
import { billingText } from "../descriptor.ts";
import { ratioText } from "../figures.ts";
import { cellsWhere, descriptorOf, type Measured } from "../measured.ts";
import { barPlot } from "../plot.ts";
import { type Section, text } from "../report-form.ts";
import type { Result } from "../result.ts";
import { byPrice, outputText, priceText, whyText } from "./cell-words.ts";

/** The same request at default quality, model by model. */
export function modelSection(measured: Measured, note: string | null): Section {
  const cells = cellsWhere(measured, { sweep: "model" });
  const priced = byPrice(cells);
  const others = cells.filter((each) => each.total === undefined);
  const [cheapest, dearest] = [priced[0]?.total, priced.at(-1)?.total];
  const spread =
    cheapest === undefined || dearest === undefined
      ? "Nothing was made, so there is no spread."
      : `From ${priced[0]?.cell.model} to ${priced.at(-1)?.cell.model} the spread is ${ratioText(dearest.median, cheapest.median)} ×.`;
  return {
    id: "model",
    title: "Model choice",
    blocks: [
      text(
        `One request with the quality left open, so each model's own default. A default is no tier: what it became stands beside it. ${spread}`,
      ),
      {
        kind: "table",
        id: "model-lever",
        caption: "Cost of one image, quality left open, the cheapest first",
        columns: [
          { name: "model" },
          { name: "billing" },
          { name: "quality made" },
          { name: "output", right: true },
          { name: "USD", right: true },
          { name: "× cheapest", right: true },
          { name: "note" },
        ],
        rows: [...priced, ...others].map((each) => {
          const model = descriptorOf(measured, each.cell.model);
          return [
            each.cell.model,
            model === undefined ? "unknown" : billingText(model),
            qualityMade(each.ok),
            outputText(each),
            priceText(each),
            each.total === undefined || cheapest === undefined
              ? "-"
              : ratioText(each.total.median, cheapest.median, 2),
            whyText(each),
          ];
        }),
      },
      {
        kind: "plot",
        id: "model",
        caption: "Cost of one image by model",
        svg: barPlot({
          title: "Cost of one image by model, quality left open, in USD",
          bars: priced.flatMap(({ cell, total }) =>
            total === undefined
              ? []
              : [{ label: cell.model, value: total.median, text: formatUsd(total.median) }],
          ),
          note,
        }),
      },
    ],
  };
}

/** The tiers that the vendor says it made, where it says so. */
function qualityMade(results: readonly Result[]): string {
  const said = results.flatMap(({ measured }) => measured.quality ?? []);
  return said.length === 0 ? "-" : [...new Set(said)].join(" ");
}
