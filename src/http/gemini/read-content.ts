import type { IncomingMessage } from "node:http";
import { assertLength } from "../../intake/feed.ts";
import { type PlacedPicture, readPictureJson, tooManyPictures } from "../../intake/json-body.ts";
import { REFERENCES_MAX } from "../../intake/limits.ts";
import type { PictureRoom } from "../../intake/picture.ts";
import type { TextKind, TextPicture } from "../../intake/picture-text.ts";
import { Refusal } from "../../refusals.ts";
import type { JsonPath } from "../../vendors/wire/scan-json.ts";
import { camelCased } from "./camel-case.ts";
import type { PictureAt } from "./content-order.ts";

/** A request whose pictures have been taken out of it. */
export type ContentRead = {
  /** In camelCase, with the base64 of every picture an empty text. */
  readonly body: unknown;
  /** The pictures that came along, in the order in which they stood there. */
  readonly pictures: readonly PlacedPicture[];
};

/**
 * Reads a request while it arrives: its pictures go to the room as they come.
 *
 * @throws Refusal `unsupported_media_type`, `invalid_json`, `body_too_large`, or what is wrong with a picture.
 */
export async function readContent(
  request: IncomingMessage,
  { room, invite }: { readonly room: PictureRoom; readonly invite: () => void },
): Promise<ContentRead> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new Refusal("unsupported_media_type", "send the body as content-type: application/json", {
      sent: type ?? null,
      allowed: ["application/json"],
    });
  }
  assertLength(request);
  invite();
  const { value, pictures } = await readPictureJson(request, {
    ...{ kindAt, nameOf, room },
    picturesMax: REFERENCES_MAX,
  });
  return { body: camelCased(value), pictures };
}

/** `contents[].parts[].inlineData.data` in either spelling, and where one turn or part stands by itself. */
function kindAt(path: JsonPath): TextKind | undefined {
  const holder = path.at(-2);
  const isHeld = holder === "inlineData" || holder === "inline_data";
  return path[0] === "contents" && path.at(-1) === "data" && isHeld ? "base64" : undefined;
}

/** Pictures are counted apart from the texts between them. */
function nameOf(_path: JsonPath, nth: number): string {
  return `contents: picture ${nth + 1}`;
}

/**
 * The pictures of a request in their order, those at URLs among them.
 *
 * @param asked where they stand by the request's own words.
 * @throws Refusal when there are too many, or more came along than stand there.
 */
export function sentPictures(
  asked: readonly PictureAt[],
  cameAlong: readonly PlacedPicture[],
): readonly TextPicture[] {
  if (asked.length > REFERENCES_MAX) throw tooManyPictures(REFERENCES_MAX);
  const inline = asked.filter(({ url }) => url === undefined).length;
  if (inline !== cameAlong.length) {
    // Of a name that stands twice JSON keeps the last: which picture was meant can't be known.
    const why = "contents: a name stands twice in one object";
    throw new Refusal("invalid_json", why, { param: "contents" });
  }
  const waiting = cameAlong.map(({ text }) => text);
  return asked.map(({ path, url }) => {
    const picture = url === undefined ? waiting.shift() : { kind: "url" as const, name: path, url };
    if (picture === undefined) throw new Error("a picture was counted that never came");
    return picture;
  });
}
