import { randomBytes } from "node:crypto";
import type { Reference } from "../../gates/order.ts";
import { type Piece, streamedBody } from "./body-pieces.ts";
import type { WireBody } from "./exchange.ts";
import { mimeType } from "./json-body.ts";

/** One field of a form: a text, or a file under a name of ours. Names are plain ASCII without quotes. */
export type FormPart =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly picture: Reference; readonly fileName: string };

/** A form (RFC 7578), its files read while it goes out. */
export function multipartBody(parts: readonly FormPart[]): WireBody {
  // 144 random bits: no text or file of a caller holds this line by chance or by intent.
  const boundary = `spotmeter-${randomBytes(18).toString("hex")}`;
  const pieces = parts.flatMap((part): Piece[] => {
    const opened = `--${boundary}\r\ncontent-disposition: form-data; name="${part.name}"`;
    if ("text" in part) return [`${opened}\r\n\r\n${part.text}\r\n`];
    const { picture, fileName } = part;
    const head = `${opened}; filename="${fileName}"\r\ncontent-type: ${mimeType(picture)}\r\n\r\n`;
    return [head, { picture, as: "bytes" }, "\r\n"];
  });
  return streamedBody(`multipart/form-data; boundary=${boundary}`, [
    ...pieces,
    `--${boundary}--\r\n`,
  ]);
}
