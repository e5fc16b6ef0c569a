import { crc32, deflateSync } from "node:zlib";
import type { PromptMeasure } from "../../gates/order.ts";
import { measurePrompt } from "../../gateway/prompt.ts";

/** What the calls are made of: prompts and pictures that are nobody's. */

export type Prompt = { readonly text: string; readonly measure: PromptMeasure };

/** Something that stands alone, so that a see-through background has something to be behind. */
const SHORT = "A plain blue ceramic mug, isolated, nothing else in the picture";
const DETAIL =
  "The mug has a round handle, a matte glaze and a thin rim; the light comes softly from the left.";
/** Vendors that cache at all say they begin at 1,024 tokens; this is a little more. */
const DETAILS = 52;

/** A short prompt, and one that is long enough for a cache to be claimed. */
export async function probePrompts(): Promise<{ readonly short: Prompt; readonly long: Prompt }> {
  const long = [SHORT, ...Array.from({ length: DETAILS }, () => DETAIL)].join(". ");
  return {
    short: { text: SHORT, measure: await measurePrompt(SHORT) },
    long: { text: long, measure: await measurePrompt(long) },
  };
}

/**
 * A square PNG: a dark square on light ground; with `alpha`, its middle is see-through, as a mask has it.
 *
 * @param edge in pixels.
 */
export function squarePng(edge: number, alpha: boolean): Buffer {
  const pixel = (isMiddle: boolean): number[] => {
    const tone = isMiddle ? 0x40 : 0xe0;
    return [tone, tone, tone, ...(alpha ? [isMiddle ? 0 : 255] : [])];
  };
  const edges = Array.from({ length: edge }, (_, at) => isInMiddle(at, edge));
  const row = (isMiddle: boolean): Buffer =>
    Buffer.from([0, ...edges.flatMap((inside) => pixel(inside && isMiddle))]);
  const [middle, outer] = [row(true), row(false)];
  const rows = Buffer.concat(edges.map((isMiddle) => (isMiddle ? middle : outer)));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(edge, 0);
  header.writeUInt32BE(edge, 4);
  header.set([8, alpha ? 6 : 2], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function isInMiddle(at: number, edge: number): boolean {
  return at * 4 >= edge && at * 4 < 3 * edge;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
