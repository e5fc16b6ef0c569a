import type { Reference } from "../../gates/order.ts";
import { base64Of } from "./base64-of.ts";
import type { WireBody } from "./exchange.ts";

/** A body as it goes out: text, and pictures that are read when their turn comes, as they are or as base64. */
export type Piece =
  | string
  | { readonly picture: Pick<Reference, "bytes" | "read">; readonly as: "bytes" | "base64" };

/** A body whose pictures are never held whole: read from their files, encoded and sent piece by piece. */
export function streamedBody(contentType: string, pieces: readonly Piece[]): WireBody {
  const merged = mergeTexts(pieces);
  return {
    contentType,
    length: merged.reduce((sum, piece) => sum + lengthOf(piece), 0),
    read: () => oneAhead(readPieces(merged)),
  };
}

/** Texts beside each other are one, so that what comes first stands before a picture. */
function mergeTexts(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (typeof piece === "string" && typeof last === "string") {
      merged[merged.length - 1] = last + piece;
    } else merged.push(piece);
  }
  return merged;
}

function lengthOf(piece: Piece): number {
  if (typeof piece === "string") return Buffer.byteLength(piece);
  return piece.as === "bytes" ? piece.picture.bytes : 4 * Math.ceil(piece.picture.bytes / 3);
}

async function* readPieces(pieces: readonly Piece[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    if (typeof piece === "string") yield Buffer.from(piece);
    else if (piece.as === "bytes") yield* readWhole(piece.picture);
    else yield* base64Of(readWhole(piece.picture));
  }
}

/** @throws Error when a file isn't as long as it was: the request ends there, short of its length. */
async function* readWhole({ bytes, read }: Pick<Reference, "bytes" | "read">) {
  let left = bytes;
  for await (const chunk of read()) {
    left -= chunk.length;
    if (left < 0) break;
    if (chunk.length > 0) yield chunk;
  }
  if (left !== 0) throw new Error("a picture's file has changed its length");
}

/** Gives nothing before what follows is here too: a first file that can't be read fails before a byte has left. */
async function* oneAhead(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let ready: Buffer | undefined;
  for await (const chunk of chunks) {
    if (ready !== undefined) yield ready;
    ready = chunk;
  }
  if (ready !== undefined) yield ready;
}
