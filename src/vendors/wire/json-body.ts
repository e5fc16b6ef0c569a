import type { Reference } from "../../gates/order.ts";
import { type Piece, streamedBody } from "./body-pieces.ts";
import type { WireBody } from "./exchange.ts";

declare const inline: unique symbol;

/** A string of a JSON body that ends in a picture's base64. */
class InlinePicture {
  declare readonly [inline]: true;
  readonly before: string;
  readonly picture: Reference;

  constructor(before: string, picture: Reference) {
    this.before = before;
    this.picture = picture;
  }
}

export type { InlinePicture };

/** A JSON value in which strings may be pictures. Undefined members of objects are left out. */
export type JsonWithPictures =
  | string
  | number
  | boolean
  | null
  | undefined
  | InlinePicture
  | readonly JsonWithPictures[]
  | { readonly [name: string]: JsonWithPictures };

/** A picture's base64 alone. */
export function base64Text(picture: Reference): InlinePicture {
  return new InlinePicture("", picture);
}

/** `data:image/png;base64,…`, in lower case. */
export function dataUrl(picture: Reference): InlinePicture {
  return new InlinePicture(`data:${mimeType(picture)};base64,`, picture);
}

/** The type of a picture's file by its real format. */
export function mimeType({ format }: Pick<Reference, "format">): string {
  return `image/${format}`;
}

/** A JSON body: text where no picture is in it, else one that is read while it goes out. */
export function jsonBody(value: JsonWithPictures): string | WireBody {
  const pieces: Piece[] = [];
  write(value, pieces);
  return pieces.every((piece) => typeof piece === "string")
    ? pieces.join("")
    : streamedBody("application/json", pieces);
}

function write(value: JsonWithPictures, to: Piece[]): void {
  if (value instanceof InlinePicture) {
    const opened = JSON.stringify(value.before).slice(0, -1);
    to.push(opened, { picture: value.picture, as: "base64" }, '"');
  } else if (Array.isArray(value)) {
    writeAll(value, to, { open: "[", close: "]", name: () => "" });
  } else if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    writeAll(
      members.map(([, member]) => member),
      to,
      { open: "{", close: "}", name: (index) => `${JSON.stringify(members[index]?.[0])}:` },
    );
  } else to.push(JSON.stringify(value ?? null));
}

function writeAll(
  values: readonly JsonWithPictures[],
  to: Piece[],
  with_: {
    readonly open: string;
    readonly close: string;
    readonly name: (index: number) => string;
  },
): void {
  to.push(with_.open);
  for (const [index, value] of values.entries()) {
    to.push(`${index === 0 ? "" : ","}${with_.name(index)}`);
    write(value, to);
  }
  to.push(with_.close);
}
