import { formatUsd, type PicoUsd, picoUsd } from "../../money/pico-usd.ts";
import { lineOf, type Place, textAt } from "./svg.ts";

/** A frame with two axes, and where values lie in it. All in tenths of a pixel. */
export type Frame = {
  readonly left: bigint;
  readonly top: bigint;
  readonly width: bigint;
  readonly height: bigint;
  /** The values at the left and right edge. */
  readonly x: { readonly from: bigint; readonly to: bigint };
  /** The values at the lower and upper edge. */
  readonly y: { readonly from: bigint; readonly to: bigint };
};

export function placeIn({ left, top, width, height, x, y }: Frame, at: Place): Place {
  return {
    x: left + ((at.x - x.from) * width) / (x.to - x.from),
    y: top + height - ((at.y - y.from) * height) / (y.to - y.from),
  };
}

const GRID = 'stroke="#dddddd" stroke-width="1"';
const EDGE = 'stroke="#555555" stroke-width="1"';

/** Grid, ticks and names of both axes; the vertical one is dollars where `y` is picodollars. */
export function axes(
  frame: Frame,
  of: {
    readonly xTicks: readonly bigint[];
    readonly yTicks: readonly bigint[];
    readonly xText: (value: bigint) => string;
    readonly yText: (value: bigint) => string;
    readonly xName: string;
    readonly yName: string;
  },
): readonly string[] {
  const { left, top, width, height, x, y } = frame;
  const bottom = top + height;
  const middle = left + width / 2n;
  return [
    ...of.yTicks.flatMap((value) => {
      const { y: at } = placeIn(frame, { x: x.from, y: value });
      return [
        lineOf(
          [
            { x: left, y: at },
            { x: left + width, y: at },
          ],
          GRID,
        ),
        textAt({ x: left - 60n, y: at + 40n }, of.yText(value), { anchor: "end" }),
      ];
    }),
    ...of.xTicks.flatMap((value) => {
      const { x: at } = placeIn(frame, { x: value, y: y.from });
      return [
        lineOf(
          [
            { x: at, y: top },
            { x: at, y: bottom },
          ],
          GRID,
        ),
        textAt({ x: at, y: bottom + 170n }, of.xText(value), { anchor: "middle" }),
      ];
    }),
    lineOf(
      [
        { x: left, y: top },
        { x: left, y: bottom },
        { x: left + width, y: bottom },
      ],
      EDGE,
    ),
    textAt({ x: middle, y: bottom + 360n }, of.xName, { anchor: "middle" }),
    textAt({ x: left - 60n, y: top - 120n }, of.yName, { anchor: "start" }),
  ];
}

/** Round values up to `most`, at most seven of them, 0 included. */
export function ticksTo(most: bigint): readonly bigint[] {
  let step = 1n;
  const factors = [2n, 5n, 10n];
  for (let index = 0; most / step > 6n; index += 1) {
    const decade = 10n ** BigInt((index - (index % 3)) / 3);
    step = decade * (factors[index % 3] ?? 10n);
  }
  const ticks: bigint[] = [];
  for (let tick = 0n; tick <= most; tick += step) ticks.push(tick);
  return ticks;
}

export function dollars(amount: bigint): string {
  return `$${formatUsd(picoUsd(amount))}`;
}

/** The larger of two amounts. */
export function maxUsd(left: PicoUsd, right: PicoUsd): PicoUsd {
  return left > right ? left : right;
}
