import type { Model } from "../../catalog/schema.ts";
import type { ImageOrder, PromptMeasure, Reference } from "../../gates/order.ts";
import { readSize } from "../../gates/size.ts";
import type { Market } from "../market.ts";

/** An order as tables of prices speak of it: nothing but what a price depends on. */
export type CellOrder = {
  readonly quality?: string | undefined;
  /** WxH, or a label such as 2K. */
  readonly size: string;
  /** 1 to 10. */
  readonly n: number;
  /** How many reference pictures, each of these pixels. */
  readonly references: number;
  readonly referenceSize: { readonly width: number; readonly height: number };
};

/** The standard prompt of DESIGN section 9: 79 bytes, 15 o200k tokens. */
export const STANDARD_PROMPT: PromptMeasure = { characters: 79, bytes: 79, tokens: 15 };

/** The same order in the words of the gates. */
export function imageOrder(cell: CellOrder, model: string): ImageOrder {
  const { quality, n, referenceSize } = cell;
  const size = readSize(cell.size);
  if (size === undefined) throw new Error(`not a size: ${cell.size}`);
  const [first, ...more] = Array.from({ length: cell.references }, () => measured(referenceSize));
  return {
    model,
    prompt: "",
    n,
    size,
    ...(quality === undefined ? {} : { quality }),
    ...(first === undefined ? {} : { references: [first, ...more] as const }),
  };
}

/** A picture of which only the measures matter, in a format that every model reads. */
function measured({ width, height }: CellOrder["referenceSize"]): Reference {
  return {
    ...{ format: "png", width, height, alpha: false, animated: false, bytes: 1, sha256: "" },
    read: () => {
      throw new Error("this picture exists on paper only");
    },
  };
}

/** The market as tables ask it: more images than one call makes are made by as many calls. */
export function spreading(market: Market): Market {
  const models = market.models.map((entry) => ({
    ...entry,
    adapt: (order: ImageOrder) => spread(order, entry.model),
  }));
  return { ...market, models };
}

/** An order of more images than a model makes in one call, as so many calls of one image. */
export function spread(order: ImageOrder, { capabilities }: Model): ImageOrder {
  return order.n > capabilities.imagesPerCallMax ? { ...order, fanOut: true } : order;
}
