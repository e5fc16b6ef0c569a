import type { Cell } from "./cell.ts";
import { referencePng } from "./reference-png.ts";
import type { Prompts } from "./standard.ts";

/** The same for every call of a run. */
export type OrderGiven = { readonly prompts: Prompts; readonly runId: string };

/** A cell as an order of the gateway: body and route; references go as data URLs. */
export type MeasuredOrder = {
  readonly path: "/v1/images/generations" | "/v1/images/edits";
  readonly body: Readonly<Record<string, unknown>>;
};

/** The tag under which the bill lists a run: `spotmeter usage --by tag:measure`. */
const RUN_TAG = "measure";

/** What is sent for a cell. What the cell leaves open is not in it. */
export function orderOf(cell: Cell, { prompts, runId }: OrderGiven): MeasuredOrder {
  const { model, size, quality, n, references, reference_size: of } = cell;
  const body = {
    model,
    prompt: prompts[cell.prompt],
    ...(size === null ? {} : { size }),
    ...(quality === null ? {} : { quality }),
    ...(n === 1 ? {} : { n }),
    tags: { [RUN_TAG]: runId },
  };
  if (references === 0) return { path: "/v1/images/generations", body };
  const images = Array.from({ length: references }, (_, index) => ({
    image_url: referenceUrl(of ?? "1024x1024", index),
  }));
  return { path: "/v1/images/edits", body: { ...body, images } };
}

/** A run sends a handful of pictures many times; drawing a million pixels takes longer than sending them. */
const drawn = new Map<string, string>();

function referenceUrl(size: string, index: number): string {
  const name = `${size} ${index}`;
  const before = drawn.get(name);
  if (before !== undefined) return before;
  const [width = 0, height = 0] = size.split("x").map(Number);
  const png = referencePng({ width, height, index });
  const url = `data:image/png;base64,${png.toString("base64")}`;
  drawn.set(name, url);
  return url;
}
