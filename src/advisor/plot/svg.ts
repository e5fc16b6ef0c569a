/** SVG as text, by hand: coordinates are whole tenths of a pixel, so that no float is ever printed. */

/** A place on the drawing, in tenths of a pixel. */
export type Place = { readonly x: bigint; readonly y: bigint };

/** A drawing: what it is called, what it shows, and its parts. */
export type Drawing = {
  readonly width: bigint;
  readonly height: bigint;
  readonly title: string;
  readonly description: string;
  readonly parts: readonly string[];
};

/** The whole file, with a line break at its end. */
export function svgFile({ width, height, title, description, parts }: Drawing): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="12" fill="#1b1b1b">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** Pixels of a coordinate in tenths. */
function pixels(tenths: bigint): string {
  const size = tenths < 0n ? -tenths : tenths;
  const fraction = size % 10n === 0n ? "" : `.${size % 10n}`;
  return `${tenths < 0n ? "-" : ""}${size / 10n}${fraction}`;
}

export function textAt(
  { x, y }: Place,
  text: string,
  style: { readonly anchor?: "start" | "middle" | "end"; readonly more?: string } = {},
): string {
  const anchor = style.anchor === undefined ? "" : ` text-anchor="${style.anchor}"`;
  const more = style.more === undefined ? "" : ` ${style.more}`;
  return `<text x="${pixels(x)}" y="${pixels(y)}"${anchor}${more}>${escaped(text)}</text>`;
}

/** A text that stays readable over lines: first its white outline, for not every viewer knows `paint-order`. */
export function labelAt(
  place: Place,
  text: string,
  style: Parameters<typeof textAt>[2] = {},
): string {
  const outline = 'aria-hidden="true" stroke="#ffffff" stroke-width="3" stroke-linejoin="round"';
  const more = style.more === undefined ? outline : `${style.more} ${outline}`;
  return textAt(place, text, { ...style, more }) + textAt(place, text, style);
}

export function lineOf(places: readonly Place[], style: string): string {
  const points = places.map(({ x, y }) => `${pixels(x)},${pixels(y)}`).join(" ");
  return `<polyline points="${points}" fill="none" ${style}/>`;
}

export function dotAt({ x, y }: Place, style: string, title: string): string {
  return `<circle cx="${pixels(x)}" cy="${pixels(y)}" r="4" ${style}><title>${escaped(title)}</title></circle>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Colours that stay apart in print and for most eyes (Okabe and Ito), with dashes for those that print grey. */
const inks = [
  { color: "#0072b2", dash: "" },
  { color: "#d55e00", dash: "7 3" },
  { color: "#009e73", dash: "2 3" },
  { color: "#cc79a7", dash: "9 3 2 3" },
  { color: "#8a6d00", dash: "4 2" },
  { color: "#56b4e9", dash: "1 2" },
] as const;

/** One line's look. */
export function stroke(index: number): string {
  const { color, dash } = inks[index % inks.length] ?? inks[0];
  return `stroke="${color}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}`;
}

/** Labels moved down or up until none stands on another, in the order of their height; at most so far. */
export function apart<Label extends { readonly y: bigint }>(
  labels: readonly Label[],
  step: bigint,
): readonly (Label & { readonly at: bigint })[] {
  const placed: (Label & { readonly at: bigint })[] = [];
  for (const label of labels.toSorted((left, right) => (left.y < right.y ? -1 : 1))) {
    const above = placed.at(-1);
    const least = above === undefined ? label.y : above.at + step;
    placed.push({ ...label, at: label.y > least ? label.y : least });
  }
  return placed;
}
