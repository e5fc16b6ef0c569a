import type { Reference } from "../gates/order.ts";
import type { PictureRoom } from "./picture.ts";
import { PictureText } from "./picture-text.ts";

/**
 * A measured picture out of bare base64, cut anywhere; for surfaces that carry it so. JSON bodies that hold
 * such strings are better read with `readPictureJson`, which never has them whole.
 *
 * @param name what it is called in refusals.
 * @throws Refusal `invalid_image` or `body_too_large`.
 */
export async function base64Picture(
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  name: string,
  room: PictureRoom,
): Promise<Reference> {
  const text = new PictureText(name, "base64", room);
  for await (const piece of pieces) await text.piece(piece);
  const end = text.end();
  if (end.kind !== "picture") throw new Error("base64 was read as a URL");
  return end.picture.reference();
}
