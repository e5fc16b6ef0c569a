import type { Frontier, Point } from "../rule/frontier.ts";
import { choiceName, ratingText, totalText } from "../rule/reason.ts";
import { axes, dollars, type Frame, placeIn, ticksTo } from "./axes.ts";
import { apart, dotAt, labelAt, lineOf, type Place, svgFile, textAt } from "./svg.ts";

/** Cost against rating: the frontier as a stair, what it dominates as hollow dots. */
export function frontierSvg(frontier: Frontier): string {
  const { asOf, asked, board, points, mode } = frontier;
  const work = mode === "generation" ? "from text" : `edits of ${asked.references}`;
  const title = `Cost against rating on ${asOf}: ${work}, ${asked.size}`;
  const best = points.filter(isBest);
  const frame = frameOf(points);
  return svgFile({
    ...{ width: 900n, height: 520n, title },
    description: descriptionOf(frontier, best),
    parts: [
      textAt({ x: 200n, y: 280n }, title, { more: 'font-size="16" font-weight="600"' }),
      textAt(
        { x: 200n, y: 470n },
        `${board.name}: votes of strangers on general prompts, not on your pictures. Filled: on the frontier. Hollow: dominated, or not to be led to.`,
        { more: 'fill="#555555"' },
      ),
      ...axes(frame, {
        xTicks: ticksTo(frame.x.to),
        yTicks: scoreTicks(frame),
        xText: dollars,
        yText: (value) => value.toString(),
        xName: "expected price of one image, USD",
        yName: "rating",
      }),
      ...stair(frame, best),
      ...labels(frame, points),
      ...points.map((point) => dot(frame, point)),
      ...(points.length === 0
        ? [textAt({ x: 4_000n, y: 2_600n }, "nothing is rated", { anchor: "middle" })]
        : []),
    ],
  });
}

function isBest({ dominatedBy, doubt }: Point): boolean {
  return dominatedBy === undefined && doubt === undefined;
}

function frameOf(points: readonly Point[]): Frame {
  const scores = points.map(({ evidence }) => BigInt(evidence.rating.score));
  const most = points.reduce((sum, { total }) => (total > sum ? total : sum), 0n);
  const [lowest = 1_000n] = scores.toSorted((left, right) => (left < right ? -1 : 1));
  const highest = scores.reduce((best, score) => (score > best ? score : best), lowest);
  const from = lowest - (lowest % 50n);
  const to = highest - (highest % 50n) + 50n;
  return {
    ...{ left: 700n, top: 800n, width: 6_600n, height: 3_800n },
    x: { from: 0n, to: most === 0n ? 1_000_000_000n : (most * 21n) / 20n },
    y: { from: from === to ? from - 50n : from, to },
  };
}

function scoreTicks({ y }: Frame): readonly bigint[] {
  const ticks: bigint[] = [];
  for (let score = y.from; score <= y.to; score += 50n) ticks.push(score);
  return ticks;
}

function placeOf(frame: Frame, { total, evidence }: Point): Place {
  return placeIn(frame, { x: total, y: BigInt(evidence.rating.score) });
}

/** For more money nothing worse: level until the next point, then up. */
function stair(frame: Frame, best: readonly Point[]): readonly string[] {
  const places = best.map((point) => placeOf(frame, point));
  const corners = places.flatMap((place, index) => {
    const before = places[index - 1];
    return before === undefined ? [place] : [{ x: place.x, y: before.y }, place];
  });
  if (corners.length < 2) return [];
  return [lineOf(corners, 'stroke="#0072b2" stroke-width="1.5" stroke-dasharray="5 3"')];
}

function dot(frame: Frame, point: Point): string {
  const best = isBest(point);
  const style = best
    ? 'fill="#0072b2" stroke="#0072b2"'
    : 'fill="#ffffff" stroke="#777777" stroke-width="1.5"';
  const { candidate, evidence } = point;
  const name = `${choiceName(candidate)}: ${totalText(candidate)} USD, ${ratingText(evidence)}`;
  return dotAt(placeOf(frame, point), style, name);
}

function labels(frame: Frame, points: readonly Point[]): readonly string[] {
  const places = points.map((point) => ({ point, ...placeOf(frame, point) }));
  return apart(places, 140n).map(({ point, x, at }) => {
    const least = point.evidence.atLeast ? "≥ " : "";
    const text = `${choiceName(point.candidate)} (${least}${point.evidence.rating.score})`;
    const isFar = x > frame.left + (frame.width * 3n) / 4n;
    const place = { x: isFar ? x - 80n : x + 80n, y: at - 50n };
    const more = isBest(point) ? 'font-weight="600"' : 'fill="#666666"';
    return labelAt(place, text, { anchor: isFar ? "end" : "start", more });
  });
}

function descriptionOf({ points, unrated }: Frontier, best: readonly Point[]): string {
  const named = best.map(
    ({ candidate, evidence }) =>
      `${choiceName(candidate)} at ${totalText(candidate)} USD rated ${ratingText(evidence)}`,
  );
  const hollow = points.length - best.length;
  return `On the frontier: ${named.join("; ") || "nothing"}. Dominated, or not to be led to: ${hollow}. Priced without a rating that counts, and not drawn: ${unrated.length}.`;
}
