import { formatUsd } from "../../money/pico-usd.ts";
import { ratioText } from "../figures.ts";
import {
  type CellMeasured,
  cellsWhere,
  descriptorOf,
  type Measured,
  modelsOf,
} from "../measured.ts";
import { barPlot } from "../plot.ts";
import { type Section, text } from "../report-form.ts";
import { outputText, priceText, whyText } from "./cell-words.ts";

/** Each model only at sizes that it offers; what the gate refuses stands in the table too. */
export function resolutionSection(measured: Measured, note: string | null): Section {
  const models = modelsOf(measured, "resolution");
  const made = cellsWhere(measured, { sweep: "resolution" }).filter(
    ({ total }) => total !== undefined,
  );
  return {
    id: "resolution",
    title: "Resolution",
    blocks: [
      text(
        "The same prompt at the cheapest tier and different sizes. × is against the model's own smallest price. A size that a model does not make is refused by the gateway's gate before anything is reserved or sent.",
      ),
      {
        kind: "table",
        id: "resolution",
        caption: "Cost of one image by size",
        columns: [
          { name: "model" },
          { name: "size" },
          { name: "word" },
          { name: "output", right: true },
          { name: "USD", right: true },
          { name: "×", right: true },
          { name: "note" },
        ],
        rows: models.flatMap((model) => rowsOf(measured, model)),
      },
      ...wordsTable(measured, models),
      {
        kind: "plot",
        id: "resolution",
        caption: "Cost of one image by size",
        svg: barPlot({
          title: "Cost of one image by size, cheapest tier, in USD",
          bars: made.flatMap(({ cell, total }) =>
            total === undefined
              ? []
              : [
                  {
                    label: `${cell.model} ${cell.size ?? ""}`,
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

function rowsOf(measured: Measured, model: string): string[][] {
  const cells = cellsWhere(measured, { sweep: "resolution", model });
  const least = cheapestOf(cells);
  return cells.map((each) => [
    model,
    each.cell.size ?? "left open",
    wordOf(measured, each) ?? "-",
    outputText(each),
    priceText(each),
    each.total === undefined || least === undefined ? "-" : ratioText(each.total.median, least, 2),
    whyText(each),
  ]);
}

function cheapestOf(cells: readonly CellMeasured[]): bigint | undefined {
  return cells
    .flatMap(({ total }) => (total === undefined ? [] : [total.median]))
    .reduce<bigint | undefined>(
      (least, value) => (least === undefined || value < least ? value : least),
      undefined,
    );
}

/** The vendor's word for a size: "2K". */
function wordOf(measured: Measured, { cell }: CellMeasured): string | undefined {
  const labels = descriptorOf(measured, cell.model)?.capabilities.sizes.labels ?? {};
  if (cell.size !== null && Object.hasOwn(labels, cell.size)) return cell.size;
  const found = Object.entries(labels).find(([, { by_ratio: byRatio }]) =>
    Object.values(byRatio).includes(cell.size),
  );
  return found?.[0];
}

/** Models with words for sizes: what the largest costs against the smallest. */
function wordsTable(measured: Measured, models: readonly string[]): Section["blocks"] {
  const rows = models.flatMap((model) => {
    const square = cellsWhere(measured, { sweep: "resolution", model }).flatMap((each) => {
      const word = wordOf(measured, each);
      const [width, height] = each.cell.size?.split("x") ?? [];
      const isSquare = width === height;
      return word === undefined || !isSquare || each.total === undefined
        ? []
        : [{ word, each, total: each.total.median }];
    });
    const [first, last] = [square[0], square.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    return [
      [
        model,
        `${first.word} to ${last.word}`,
        outputText(first.each),
        outputText(last.each),
        formatUsd(first.total),
        formatUsd(last.total),
        `${ratioText(last.total, first.total, 2)} ×`,
      ],
    ];
  });
  if (rows.length === 0) return [];
  return [
    {
      kind: "table",
      id: "resolution-words",
      caption: "From the smallest word to the largest, square",
      columns: [
        { name: "model" },
        { name: "words" },
        { name: "output, first", right: true },
        { name: "output, last", right: true },
        { name: "USD, first", right: true },
        { name: "USD, last", right: true },
        { name: "factor", right: true },
      ],
      rows,
    },
  ];
}
