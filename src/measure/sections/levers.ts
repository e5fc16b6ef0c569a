import { formatUsd, type PicoUsd } from "../../money/pico-usd.ts";
import type { Cell, SweepName } from "../cell.ts";
import { perImage, ratioText } from "../figures.ts";
import { groupBy } from "../group.ts";
import { type CellMeasured, cellsWhere, type Measured } from "../measured.ts";
import { barPlot } from "../plot.ts";
import { type Section, text } from "../report-form.ts";

/** What one lever can do: the cheapest and the dearest image with everything else alike. */
export type Lever = {
  readonly name: string;
  /** Where it did most: the model, and what was held. */
  readonly where: string;
  readonly from: string;
  readonly to: string;
  readonly low: PicoUsd;
  readonly high: PicoUsd;
};

type Kind = {
  readonly name: string;
  readonly sweep: SweepName;
  /** Cells that differ in the lever alone have the same. */
  readonly held: (cell: Cell) => string;
  readonly value: (cell: Cell) => string;
};

const kinds: readonly Kind[] = [
  {
    name: "quality",
    sweep: "quality",
    held: ({ model, size }) => `${model} ${size ?? ""}`,
    value: ({ quality }) => quality ?? "left open",
  },
  {
    name: "model",
    sweep: "model",
    held: ({ size }) => size ?? "size left open",
    value: ({ model }) => model,
  },
  {
    name: "resolution",
    sweep: "resolution",
    held: ({ model }) => model,
    value: ({ size }) => size ?? "left open",
  },
  {
    name: "references",
    sweep: "references",
    held: ({ model }) => model,
    value: ({ references, reference_size: of }) =>
      references === 0 ? "none" : `${references} × ${of ?? ""}`,
  },
  {
    name: "length of the prompt",
    sweep: "count",
    held: ({ model, n }) => `${model} n=${n}`,
    value: ({ prompt }) => `${prompt} prompt`,
  },
  {
    name: "several images a call",
    sweep: "count",
    held: ({ model, prompt }) => `${model}, ${prompt} prompt`,
    value: ({ n }) => `n=${n}`,
  },
];

/** Every lever that this run can judge, the strongest first. */
function leversOf(measured: Measured): Lever[] {
  const found = [
    ...kinds.flatMap((kind) => leverOf(measured, kind) ?? []),
    ...cacheLever(measured),
  ];
  return found.toSorted((left, right) => {
    // a/b against c/d without dividing
    const [a, b] = [left.high * right.low, right.high * left.low];
    return a > b ? -1 : a < b ? 1 : 0;
  });
}

function leverOf(measured: Measured, kind: Kind): Lever | undefined {
  const cells = cellsWhere(measured, { sweep: kind.sweep }).filter(
    ({ total }) => total !== undefined && total.median > 0n,
  );
  const groups = [...groupBy(cells, ({ cell }) => kind.held(cell)).entries()];
  return groups
    .flatMap(([where, group]) => spanOf(kind, where, group) ?? [])
    .reduce<Lever | undefined>(
      (most, each) =>
        most === undefined || each.high * most.low > most.high * each.low ? each : most,
      undefined,
    );
}

function spanOf(kind: Kind, where: string, group: readonly CellMeasured[]): Lever | undefined {
  const priced = group.flatMap(({ cell, total }) =>
    total === undefined ? [] : [{ value: kind.value(cell), usd: perImage(total.median, cell.n) }],
  );
  const sorted = priced.toSorted((left, right) =>
    left.usd < right.usd ? -1 : left.usd > right.usd ? 1 : 0,
  );
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || priced.length < 2) return undefined;
  return { name: kind.name, where, from: low.value, to: high.value, low: low.usd, high: high.usd };
}

/** The first call of a long prompt against each later one: what a cache would show. */
function cacheLever(measured: Measured): Lever[] {
  const spans = cellsWhere(measured, { sweep: "cache" }).flatMap(({ cell, total, ok }) =>
    total === undefined || ok.length < 2
      ? []
      : [
          {
            name: "prompt caching",
            where: cell.model,
            from: "cheapest call",
            to: "dearest call",
            low: total.min,
            high: total.max,
          },
        ],
  );
  return spans.slice(0, 1);
}

/** All levers ranked: the closing table. */
export function leversSection(measured: Measured, note: string | null): Section {
  const levers = leversOf(measured);
  return {
    id: "levers",
    title: "All levers, ranked",
    blocks: [
      text(
        "For each lever the place in this run where it moved the price of one image most, with everything else alike. 1.00 × is a lever that does nothing.",
      ),
      {
        kind: "table",
        id: "levers",
        caption: "Levers by what they can do",
        columns: [
          { name: "rank", right: true },
          { name: "lever" },
          { name: "factor", right: true },
          { name: "where" },
          { name: "cheapest" },
          { name: "USD an image", right: true },
          { name: "dearest" },
          { name: "USD an image", right: true },
        ],
        rows: levers.map(({ name, where, from, to, low, high }, index) => [
          String(index + 1),
          name,
          `${ratioText(high, low, 2)} ×`,
          where,
          from,
          formatUsd(low),
          to,
          formatUsd(high),
        ]),
      },
      {
        kind: "plot",
        id: "levers",
        caption: "Levers by what they can do",
        svg: barPlot({
          title: "How many times dearer the dearest image is than the cheapest",
          bars: levers.map(({ name, low, high }) => ({
            label: name,
            value: (high * 1_000n) / low,
            text: `${ratioText(high, low, 2)} ×`,
          })),
          note,
        }),
      },
    ],
  };
}
