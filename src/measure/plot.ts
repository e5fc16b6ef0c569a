import { escapeMarkup } from "../markup.ts";
import { grouped, spreadOf } from "./figures.ts";

/** Plots as SVG text: readable in light and dark, without scripts, from the same strings that the tables show. */

const WIDTH = 760;
const LEFT = 250;
const RIGHT = 150;
const ROW = 26;
const TOP = 44;
const FONT = 'font-family="system-ui, sans-serif"';

export type Bar = {
  readonly label: string;
  /** Its length against the longest. */
  readonly value: bigint;
  /** What is written at its end. */
  readonly text: string;
};

/** Horizontal bars under a title; `note` is written below, for what the figures can't show. */
export function barPlot(of: {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly note: string | null;
}): string {
  const longest = largest(of.bars.map(({ value }) => value));
  const height = TOP + of.bars.length * ROW + (of.note === null ? 12 : 36);
  const rows = of.bars.map(({ label, value, text }, index) => {
    const y = TOP + index * ROW;
    const width = Math.max(1, scaled(value, longest, WIDTH - LEFT - RIGHT));
    return [
      `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end" class="label">${escapeMarkup(label)}</text>`,
      `<rect x="${LEFT}" y="${y + 3}" width="${width}" height="16" rx="2" class="bar"/>`,
      `<text x="${LEFT + width + 6}" y="${y + 15}" class="value">${escapeMarkup(text)}</text>`,
    ].join("\n");
  });
  return frame({ title: of.title, height, note: of.note, content: rows.join("\n") });
}

export type Point = { readonly x: bigint; readonly y: bigint; readonly text: string };
export type Line = { readonly label: string; readonly points: readonly Point[] };

/** Lines over a common x axis, both axes from zero. */
export function linePlot(of: {
  readonly title: string;
  readonly xName: string;
  readonly lines: readonly Line[];
  readonly note: string | null;
}): string {
  const points = of.lines.flatMap((line) => line.points);
  const [xMost, yMost] = [largest(points.map(({ x }) => x)), largest(points.map(({ y }) => y))];
  const [left, plotWidth, plotHeight] = [40, 480, 240];
  const at = ({ x, y }: Point): readonly [number, number] => [
    left + scaled(x, xMost, plotWidth),
    TOP + plotHeight - scaled(y, yMost, plotHeight),
  ];
  const lines = of.lines.map(({ label, points: own }, index) => {
    const places = own.map(at);
    const path = places.map(([x, y]) => `${x},${y}`).join(" ");
    const dots = own.map((point, place) => {
      const [x, y] = places[place] ?? [0, 0];
      return `<circle cx="${x}" cy="${y}" r="3.5" class="line${index % 6}"/><title>${escapeMarkup(point.text)}</title>`;
    });
    const legend = TOP + index * 20;
    return [
      `<polyline points="${path}" fill="none" stroke-width="2" class="stroke${index % 6}"/>`,
      ...dots.map((dot) => `<g>${dot}</g>`),
      `<circle cx="545" cy="${legend}" r="5" class="line${index % 6}"/>`,
      `<text x="556" y="${legend + 4}" class="value">${escapeMarkup(`${label} ${grouped(own.at(-1)?.y ?? 0n)}`)}</text>`,
    ].join("\n");
  });
  const bottom = TOP + plotHeight;
  const axes = [
    `<path d="M${left},${TOP} V${bottom} H${left + plotWidth}" fill="none" class="axis"/>`,
    ...[...new Set(points.map(({ x }) => x))].map(
      (x) =>
        `<text x="${left + scaled(x, xMost, plotWidth)}" y="${bottom + 16}" text-anchor="middle" class="label">${x}</text>`,
    ),
    `<text x="${left + plotWidth}" y="${bottom + 34}" text-anchor="end" class="label">${escapeMarkup(of.xName)}</text>`,
    `<text x="${left + 6}" y="${TOP + 4}" class="label">${grouped(yMost)}</text>`,
  ];
  const height = bottom + (of.note === null ? 44 : 64);
  return frame({ title: of.title, height, note: of.note, content: [...axes, ...lines].join("\n") });
}

/** The largest of values, at least 1: what everything else is a part of. */
function largest(values: readonly bigint[]): bigint {
  return spreadOf([...values, 1n])?.max ?? 1n;
}

/** A part of a length, in tenths of a pixel. */
function scaled(value: bigint, most: bigint, length: number): number {
  return Number((value * BigInt(length) * 10n) / most) / 10;
}

function frame(of: {
  readonly title: string;
  readonly height: number;
  readonly note: string | null;
  readonly content: string;
}): string {
  const note =
    of.note === null
      ? ""
      : `<text x="8" y="${of.height - 10}" class="note">${escapeMarkup(of.note)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${of.height}" role="img" ${FONT}>
<title>${escapeMarkup(of.title)}</title>
<style>${STYLE}</style>
<text x="8" y="22" class="title">${escapeMarkup(of.title)}</text>
${of.content}
${note}
</svg>
`;
}

const COLOURS = ["#2563a8", "#b4531f", "#3b7d4f", "#8a4a93", "#8a6d1d", "#4b5b6b"];
const STYLE = [
  "text{font-size:12px;fill:#222}.title{font-size:14px;font-weight:600}.note{font-size:11px;fill:#8a2b0a}",
  ".bar{fill:#2563a8}.axis{stroke:#888}.label{fill:#444}",
  ...COLOURS.map(
    (colour, index) => `.line${index}{fill:${colour}}.stroke${index}{stroke:${colour}}`,
  ),
  "@media (prefers-color-scheme:dark){text{fill:#e8e6e3}.label{fill:#bbb}.note{fill:#ff9d73}.bar{fill:#6ea8e6}}",
].join("");
