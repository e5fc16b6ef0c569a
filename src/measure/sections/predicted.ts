import { parseUsd, subtractUsd } from "../../money/pico-usd.ts";
import { cellText } from "../cell.ts";
import { grouped, signedUsd } from "../figures.ts";
import type { Measured } from "../measured.ts";
import { type Section, text } from "../report-form.ts";
import type { Result } from "../result.ts";

/** Each measured figure beside the one that the quote foretold. */
export function predictedSection({ results, run }: Measured): Section {
  const made = results.filter(({ status }) => status === "ok");
  const off = made.filter((result) => !asPredicted(result));
  const agree = `${made.length - off.length} of ${made.length} calls came to exactly what the quote foretold.`;
  const why = run.emulated
    ? " The emulators compute usage by the published laws, and so do quotes: agreement shows that both read them alike, and that nothing was lost on the way. Where a vendor publishes no tokenizer, emulators count words and quotes count tokens: that difference is set by the emulator."
    : "";
  return {
    id: "predicted",
    title: "Predicted and measured",
    blocks: [
      text(`${agree}${why}`),
      {
        kind: "table",
        id: "predicted",
        caption: "Predicted and measured, call by call",
        columns: [
          { name: "sweep" },
          { name: "what was asked" },
          { name: "call", right: true },
          { name: "predicted usage" },
          { name: "measured usage" },
          { name: "predicted USD", right: true },
          { name: "measured USD", right: true },
          { name: "difference", right: true },
          { name: "basis" },
        ],
        rows: made.map(rowOf),
      },
    ],
  };
}

/** Whether usage and total are what the quote foretold. */
function asPredicted({ predicted, measured }: Result): boolean {
  if (predicted === null) return false;
  return (
    predicted.total === measured.total && usageText(predicted.usage) === usageText(measured.usage)
  );
}

function rowOf(result: Result): string[] {
  const { sweep, cell, repeat, predicted, measured } = result;
  return [
    sweep,
    cellText(cell),
    String(repeat),
    predicted === null ? "-" : usageText(predicted.usage),
    usageText(measured.usage),
    predicted?.total ?? "-",
    measured.total,
    predicted === null
      ? "-"
      : signedUsd(subtractUsd(parseUsd(measured.total), parseUsd(predicted.total))),
    measured.reason === null ? measured.basis : `${measured.basis} (usage was ${measured.reason})`,
  ];
}

const SHORT: readonly (readonly [RegExp, string])[] = [
  [/_tokens$/, ""],
  [/_/g, " "],
];

/** "text input 21, image output 196": meters with a quantity, in a fixed order. */
export function usageText(usage: Readonly<Record<string, string>>): string {
  return Object.entries(usage)
    .filter(([, quantity]) => quantity !== "0")
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([meter, quantity]) => {
      const name = SHORT.reduce((word, [from, to]) => word.replace(from, to), meter);
      return `${name} ${grouped(BigInt(quantity))}`;
    })
    .join(", ");
}
