import { addUsd, subtractUsd } from "../../money/pico-usd.ts";
import { grouped, percentText, ratioText, signedUsd } from "../figures.ts";
import { type CellMeasured, cellsWhere, type Measured, modelsOf } from "../measured.ts";
import { linePlot } from "../plot.ts";
import { type Section, type TableBlock, text } from "../report-form.ts";
import { inputText, outputText, priceText, whyText } from "./cell-words.ts";

/** Image to image: what references add to the input and to the bill. */
export function referencesSection(measured: Measured, note: string | null): Section {
  const models = modelsOf(measured, "references");
  const families = models.map((model) => familyOf(measured, model));
  const lines = families
    .filter(({ counted }) => counted.some(({ sides }) => (sides?.inputTokens ?? 0n) > 0n))
    .map(({ model, counted }) => ({
      label: model,
      points: counted.flatMap(({ cell, sides }) =>
        sides === undefined
          ? []
          : [
              {
                x: BigInt(cell.references),
                y: sides.inputTokens,
                text: `${cell.references} references: ${grouped(sides.inputTokens)} input tokens`,
              },
            ],
      ),
    }));
  return {
    id: "references",
    title: "Feed an image, and the input becomes large",
    blocks: [
      text(
        "The same model with a text alone and with one reference picture. The factor is input with a reference against input without.",
      ),
      factorTable(families),
      text("Every further reference, and references of other dimensions."),
      countTable(families),
      {
        kind: "plot",
        id: "references",
        caption: "Input tokens by number of references",
        svg: linePlot({
          title: "Input tokens by number of references",
          xName: "references of the standard size",
          lines,
          note,
        }),
      },
    ],
  };
}

type Family = {
  readonly model: string;
  readonly plain: CellMeasured | undefined;
  /** 0, 1, 2 … references of the standard size, those that were made. */
  readonly counted: readonly CellMeasured[];
  readonly all: readonly CellMeasured[];
};

function familyOf(measured: Measured, model: string): Family {
  const all = cellsWhere(measured, { sweep: "references", model });
  const plain = all.find(({ cell }) => cell.references === 0);
  const size = plain?.cell.size ?? null;
  const counted = all.filter(
    ({ cell, sides }) =>
      sides !== undefined && (cell.references === 0 || cell.reference_size === size),
  );
  return { model, plain, counted, all };
}

function factorTable(families: readonly Family[]): TableBlock {
  return {
    kind: "table",
    id: "image-input",
    caption: "Input of an edit with one reference",
    columns: [
      { name: "model" },
      { name: "text alone", right: true },
      { name: "with 1 reference", right: true },
      { name: "factor", right: true },
      { name: "output", right: true },
      { name: "input : output, tokens", right: true },
      { name: "input : output, USD", right: true },
    ],
    rows: families.flatMap(({ model, plain, counted }) => {
      const one = counted.find(({ cell }) => cell.references === 1);
      if (one?.sides === undefined || plain?.sides === undefined) return [];
      const { inputTokens, outputTokens, inputUsd, outputUsd } = one.sides;
      const byTokens = inputTokens > 0n && outputTokens > 0n;
      const all = addUsd(inputUsd, outputUsd);
      return [
        [
          model,
          inputText(plain),
          inputText(one),
          byTokens ? `${ratioText(inputTokens, plain.sides.inputTokens)} ×` : "-",
          outputText(one),
          byTokens ? `${ratioText(inputTokens, outputTokens)} : 1` : "-",
          `${percentText(inputUsd, all)} : ${percentText(outputUsd, all)}`,
        ],
      ];
    }),
  };
}

function countTable(families: readonly Family[]): TableBlock {
  return {
    kind: "table",
    id: "reference-count",
    caption: "References by number and dimensions",
    columns: [
      { name: "model" },
      { name: "references", right: true },
      { name: "each" },
      { name: "text in", right: true },
      { name: "image in", right: true },
      { name: "input", right: true },
      { name: "USD", right: true },
      { name: "against none", right: true },
      { name: "note" },
    ],
    rows: families.flatMap(({ plain, all }) =>
      all.map((each) => {
        const { cell, sides, total } = each;
        const tokens = sides !== undefined && sides.outputImages === 0n;
        return [
          cell.model,
          String(cell.references),
          cell.reference_size ?? "-",
          tokens ? grouped(sides.textInputTokens) : "-",
          tokens ? grouped(sides.imageInputTokens) : "-",
          inputText(each),
          priceText(each),
          total === undefined || plain?.total === undefined
            ? "-"
            : signedUsd(subtractUsd(total.median, plain.total.median)),
          whyText(each),
        ];
      }),
    ),
  };
}
