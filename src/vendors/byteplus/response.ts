import { z } from "zod";
import type { AcceptedOrder } from "../../gates/accept.ts";
import { parsePixels } from "../../gates/size.ts";
import type { ImagesBody } from "../wire/images-body.ts";
import type { Billed, Picture } from "../wire/judge-images.ts";
import { readUsage } from "./usage.ts";

/** The real size of one picture: the authority for price tiers (ModelArk/1541523 [spec][seen], checked 2026-11-22). */
const sizeSchema = z.object({ size: z.string().regex(/^[1-9]\d{0,4}x[1-9]\d{0,4}$/) });

/** What a whole answer is billed by: the count of pictures, each by its own area. */
export function billAnswer(
  { order, model, size: asked }: AcceptedOrder,
  body: ImagesBody,
  pictures: readonly Picture[],
): Billed {
  const sizes = pictures.map(({ fields }) => {
    const parsed = sizeSchema.safeParse(fields);
    return parsed.success ? parsed.data.size : undefined;
  });
  const usage = readUsage(
    body.usage,
    sizes.map((size) => (size === undefined ? undefined : areaOf(size))),
    { sent: order.references?.length ?? 0, law: model.referenceLaw?.kind },
  );
  const askedSize = asked.pixels && `${asked.pixels.width}x${asked.pixels.height}`;
  const differs = sizes.some((size) => size !== undefined && size !== (askedSize ?? size));
  return { usage, flags: differs ? ["size_differs"] : [] };
}

function areaOf(size: string): bigint {
  const { width, height } = parsePixels(size);
  return BigInt(width) * BigInt(height);
}
