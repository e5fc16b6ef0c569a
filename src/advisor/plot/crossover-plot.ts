import type { PicoUsd } from "../../money/pico-usd.ts";
import type { Market } from "../market.ts";
import { type CellOrder, STANDARD_PROMPT } from "../rule/cell-order.ts";
import {
  priceCell,
  referenceCurve,
  referencesMax,
  tokenCurve,
  type Varied,
} from "../rule/cost-curves.ts";
import { type Curve, costAt } from "../rule/crossing.ts";
import type { Crossover } from "../rule/crossovers.ts";
import { axes, dollars, type Frame, maxUsd, placeIn, ticksTo } from "./axes.ts";
import { apart, dotAt, labelAt, lineOf, stroke, svgFile, textAt } from "./svg.ts";

/** What is drawn: lines by tokens against flat prices, and the same by references. */
export type CrossoverPlot = {
  readonly market: Market;
  readonly crossovers: readonly Crossover[];
  /** The first size of the rule. */
  readonly size: string;
  readonly referenceSize: CellOrder["referenceSize"];
};

/** So many output tokens, and references, are drawn. */
const TOKENS_SHOWN = 2_000n;
const REFERENCES_SHOWN = 10n;
/** So many lines of either kind a panel: more can't be told apart. */
const LINES_MAX = 3;

type Line = {
  readonly name: string;
  readonly curve: Curve;
  readonly last: bigint;
  readonly isFlat: boolean;
  /** What it costs where the drawing tells lines apart. */
  readonly weight: bigint;
};

/** Two panels: cost by output tokens, and cost by references; a dot where the cheaper one changes. */
export function crossoverSvg(plot: CrossoverPlot): string {
  const { market, crossovers, size, referenceSize } = plot;
  const title = `Where the cheaper choice changes, on ${market.asOf}, at ${size}`;
  const shown = crossovers.filter(
    ({ kind, sizes }) =>
      (kind === "output_tokens" || kind === "references") && sizes.includes(size),
  );
  const pictures = `${referenceSize.width}x${referenceSize.height}`;
  const panels = [
    panel({
      ...{ plot, lines: tokenLines(plot, shown), left: 700n, last: TOKENS_SHOWN },
      ...{ kind: "output_tokens", xName: "output tokens of the image" },
    }),
    panel({
      ...{ plot, lines: referenceLines(plot, shown), left: 7_200n, last: REFERENCES_SHOWN },
      ...{ kind: "references", xName: `references of ${pictures}` },
    }),
  ];
  return svgFile({
    ...{ width: 1_320n, height: 560n, title },
    description: descriptionOf(shown),
    parts: [
      textAt({ x: 200n, y: 280n }, title, { more: 'font-size="16" font-weight="600"' }),
      textAt(
        { x: 200n, y: 470n },
        "From a dot on, the other line of the two that meet is cheaper. Some choices, not all; prices, not pictures: no quality claim.",
        { more: 'fill="#555555"' },
      ),
      ...panels.flat(),
    ],
  });
}

function variedOf(
  { market, size, referenceSize }: CrossoverPlot,
  id: string,
  quality: string | null,
): Varied | undefined {
  const entry = market.models.find(({ model }) => model.id === id);
  if (entry?.priceable === undefined) return undefined;
  const cell = { quality: quality ?? undefined, size, n: 1, references: 0, referenceSize };
  return { priceable: entry.priceable, cell, prompt: STANDARD_PROMPT };
}

/**
 * Some of the choices that flip, the cheapest first and none too near to another: those billed by tokens, then
 * flat ones.
 */
function linesOf(
  names: readonly string[],
  lineOfName: (id: string, quality: string | null) => Line | undefined,
): readonly Line[] {
  const all = [...new Set(names)]
    .flatMap((name) => {
      const [id = "", quality = null] = name.split(":");
      return lineOfName(id, quality) ?? [];
    })
    .toSorted((left, right) => (left.weight < right.weight ? -1 : 1));
  return [
    sparse(all.filter(({ isFlat }) => !isFlat)),
    sparse(all.filter(({ isFlat }) => isFlat)),
  ].flat();
}

/** The first few, each at least a tenth dearer than the one before. */
function sparse(lines: readonly Line[]): readonly Line[] {
  const kept: Line[] = [];
  for (const line of lines) {
    const before = kept.at(-1);
    if (before === undefined || line.weight * 10n >= before.weight * 11n) kept.push(line);
  }
  return kept.slice(0, LINES_MAX);
}

function namesOf(shown: readonly Crossover[], kind: Crossover["kind"]): readonly string[] {
  return shown
    .filter((each) => each.kind === kind)
    .flatMap(({ a, b }) => [a, b])
    .map(({ model, quality }) => (quality === null ? model.id : `${model.id}:${quality}`));
}

/** Only models with tiers: whoever orders moves along their lines. */
function tokenLines(plot: CrossoverPlot, shown: readonly Crossover[]): readonly Line[] {
  return linesOf(namesOf(shown, "output_tokens"), (id) => {
    const varied = variedOf(plot, id, null);
    if (varied === undefined) return undefined;
    const isFlat = varied.priceable.model.outputLaw.kind === "flat";
    const [tier] = varied.priceable.model.capabilities.quality?.tiers ?? [];
    if (!isFlat && tier === undefined) return undefined;
    const curve = isFlat
      ? levelOf(varied)
      : tokenCurve({ ...varied, cell: { ...varied.cell, quality: tier } });
    if (curve === undefined) return undefined;
    const weight = costAt(curve, TOKENS_SHOWN);
    return { name: id, curve, last: TOKENS_SHOWN, isFlat, weight };
  });
}

function levelOf(of: Varied): Curve | undefined {
  const total = priceCell(of)?.quote.expected.total;
  return total === undefined ? undefined : [{ from: 0n, cost: total, each: 0n as PicoUsd }];
}

function referenceLines(plot: CrossoverPlot, shown: readonly Crossover[]): readonly Line[] {
  return linesOf(namesOf(shown, "references"), (id, quality) => {
    const varied = variedOf(plot, id, quality);
    const curve = varied === undefined ? undefined : referenceCurve(varied);
    if (varied === undefined || curve === undefined) return undefined;
    const most = referencesMax(varied);
    return {
      name: quality === null ? id : `${id} ${quality}`,
      curve,
      last: most < REFERENCES_SHOWN ? most : REFERENCES_SHOWN,
      isFlat: varied.priceable.model.outputLaw.kind === "flat",
      weight: costAt(curve, curve[0].from),
    };
  });
}

type Panel = {
  readonly plot: CrossoverPlot;
  readonly lines: readonly Line[];
  readonly left: bigint;
  readonly last: bigint;
  readonly kind: Crossover["kind"];
  readonly xName: string;
};

function panel({ plot, lines, left, last, kind, xName }: Panel): readonly string[] {
  const most = lines.reduce(
    (sum, { curve, last: end }) => maxUsd(sum, costAt(curve, end)),
    0n as PicoUsd,
  );
  const frame: Frame = {
    ...{ left, top: 800n, width: 3_400n, height: 4_000n },
    x: { from: 0n, to: last },
    y: { from: 0n, to: most === 0n ? 1n : (most * 21n) / 20n },
  };
  return [
    ...axes(frame, {
      xTicks: ticksTo(last),
      yTicks: ticksTo(frame.y.to),
      xText: (value) => value.toString(),
      yText: dollars,
      xName,
      yName: "expected price of one image, USD",
    }),
    ...lines.map((line, index) => lineOf(placesOf(frame, line), stroke(index))),
    ...flips(frame, plot, { lines, kind }),
    ...lineLabels(frame, lines),
  ];
}

function placesOf(frame: Frame, { curve, last }: Line) {
  const starts = curve.flatMap(({ from }) =>
    from > 0n && from <= last ? [from - 1n, from] : [from],
  );
  return [...new Set([...starts, last])].map((x) => placeIn(frame, { x, y: costAt(curve, x) }));
}

function lineLabels(frame: Frame, lines: readonly Line[]): readonly string[] {
  const ends = lines.map((line, index) => ({
    ...{ index, name: line.name },
    ...placeIn(frame, { x: line.last, y: costAt(line.curve, line.last) }),
  }));
  return apart(ends, 140n).map(({ index, name, at }) => {
    const x = frame.left + frame.width + 60n;
    const y = at + 40n;
    const dash = lineOf(
      [
        { x, y: y - 40n },
        { x: x + 180n, y: y - 40n },
      ],
      stroke(index),
    );
    return `${dash}${textAt({ x: x + 220n, y }, name)}`;
  });
}

/** A dot for every flip between two lines that are drawn. */
function flips(
  frame: Frame,
  { crossovers, size }: CrossoverPlot,
  { lines, kind }: { readonly lines: readonly Line[]; readonly kind: Crossover["kind"] },
): readonly string[] {
  const drawn = new Set(lines.map(({ name }) => name));
  return crossovers
    .filter((each) => each.kind === kind && each.sizes.includes(size) && each.at <= frame.x.to)
    .flatMap(({ a, b, at, costA, costB }) => {
      const [one, other] = [a, b].map(({ model, quality }) =>
        quality === null ? model.id : `${model.id} ${quality}`,
      );
      if (one === undefined || other === undefined) return [];
      if (!drawn.has(one) || !drawn.has(other)) return [];
      const name = `${other} is cheaper than ${one} from ${at} on: ${dollars(costB)} against ${dollars(costA)}`;
      const place = placeIn(frame, { x: at, y: costA });
      return [{ ...place, at, dot: dotAt(place, 'fill="#1b1b1b"', name) }];
    })
    .toSorted((left, right) => (left.at < right.at ? -1 : 1))
    .flatMap(({ x, y, at, dot }, index) => {
      // Above and below in turn: neighbours mostly lie on one line.
      const below = index % 2 === 1;
      const place = { x: below ? x + 50n : x - 50n, y: below ? y + 160n : y - 60n };
      return [dot, labelAt(place, at.toString(), { anchor: below ? "start" : "end" })];
    });
}

function descriptionOf(shown: readonly Crossover[]): string {
  const said = shown
    .filter(({ kind }) => kind === "references")
    .map(({ a, b, at }) => {
      const one = a.quality === null ? a.model.id : `${a.model.id} ${a.quality}`;
      const other = b.quality === null ? b.model.id : `${b.model.id} ${b.quality}`;
      return `${other} is cheaper than ${one} from ${at} references on`;
    });
  const tokens = shown.length - said.length;
  return `${tokens} flips by output tokens. ${said.join("; ") || "None by references"}.`;
}
