import type { IncomingMessage } from "node:http";
import type { ImageOrder, Reference } from "../../gates/order.ts";
import { sha256 } from "../../gateway/api-keys.ts";
import type { LegacyAliases } from "../../gateway/deps.ts";
import { bodyIdentity, type SentFile } from "../../gateway/same.ts";
import { assertLength } from "../../intake/feed.ts";
import { fetchPictures } from "../../intake/fetch-pictures.ts";
import { readPictureForm } from "../../intake/form-body.ts";
import { readPictureJson } from "../../intake/json-body.ts";
import type { PictureRoom } from "../../intake/picture.ts";
import type { TextPicture } from "../../intake/picture-text.ts";
import { Refusal } from "../../refusals.ts";
import { typedFields } from "./form-fields.ts";
import { kindAt, nameOf, sortPictures } from "./json-pictures.ts";
import { askedIn, PICTURE_NAMES, parameterNames, parseOrder } from "./parse-order.ts";

/** A request to make a picture or to change some, read whole: its pictures are here and measured. */
export type ImageRequest = {
  readonly order: ImageOrder;
  /** Of what was sent: a URL counts by its text, whatever stands behind it the next time. */
  readonly identity: string;
};

export type Reading = {
  /** Where its pictures go; they can be read until it is closed. */
  readonly room: PictureRoom;
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal;
  /** Lets a client that asked first send its body. */
  readonly invite: () => void;
  readonly legacy: LegacyAliases;
  /** Stands for a model that isn't named; without it one has to be. */
  readonly modelOmitted?: string;
};

/**
 * Reads the body of an images request of either kind: JSON with URLs and data URLs, or a multipart form.
 * Parameters are checked before any URL is fetched.
 *
 * @throws Refusal naming the parameter or picture, what was sent and what is allowed.
 */
export async function readImageRequest(
  request: IncomingMessage,
  reading: Reading,
): Promise<ImageRequest> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  const read = type === undefined ? undefined : readers.get(type);
  if (read === undefined) {
    const allowed = [...readers.keys()];
    const why = `send the body as content-type: ${allowed.join(" or ")}`;
    throw new Refusal("unsupported_media_type", why, { sent: type ?? null, allowed });
  }
  assertLength(request);
  reading.invite();
  const { asked, images, mask } = await read(request, reading.room);
  const { modelOmitted } = reading;
  const named = modelOmitted === undefined ? asked : { model: modelOmitted, ...asked };
  const order = parseOrder(named, reading.legacy);
  if (mask !== undefined && images.length === 0) {
    const why = "mask: there is no image that it could belong to";
    throw new Refusal("missing_parameter", why, { param: "image" });
  }
  const measured = await measureAll({ images, mask }, reading);
  const identity = bodyIdentity(asked, measured.files);
  return { order: { ...order, ...measured.pictures }, identity };
}

/** What a body of either kind comes to. */
type Body = {
  /** Parameters with their types, pictures left out. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly images: readonly TextPicture[];
  readonly mask: TextPicture | undefined;
};

type Reader = (request: IncomingMessage, room: PictureRoom) => Promise<Body>;

const readers: ReadonlyMap<string, Reader> = new Map([
  ["application/json", readJsonBody],
  ["multipart/form-data", readFormBody],
]);

async function readJsonBody(request: IncomingMessage, room: PictureRoom): Promise<Body> {
  const body = await readPictureJson(request, { kindAt, nameOf, room });
  const all = askedIn(body.value);
  const { images, mask } = sortPictures(all, body);
  const asked = Object.entries(all).filter(([name]) => !isPictureName(name));
  return {
    asked: Object.fromEntries(asked),
    images: images.map(({ text }) => text),
    mask: mask?.text,
  };
}

function isPictureName(name: string): boolean {
  return PICTURE_NAMES.some((each) => each === name);
}

async function readFormBody(request: IncomingMessage, room: PictureRoom): Promise<Body> {
  const form = await readPictureForm(request, { room, fieldNames: parameterNames });
  const toText = (picture: (typeof form.images)[number]): TextPicture => ({
    kind: "picture",
    picture,
  });
  return {
    asked: askedIn(typedFields(form.fields)),
    images: form.images.map(toText),
    mask: form.mask === undefined ? undefined : toText(form.mask),
  };
}

/** The pictures of a body as its order and its identity know them. */
type Measured = {
  readonly pictures: Pick<ImageOrder, "references" | "mask">;
  readonly files: readonly SentFile[];
};

/** Measures every picture; those behind URLs are fetched first. */
export async function measureAll(
  { images, mask }: Pick<Body, "images" | "mask">,
  { room, left }: Pick<Reading, "room" | "left">,
): Promise<Measured> {
  const sent = mask === undefined ? images : [...images, mask];
  const urls = sent.flatMap((each) => (each.kind === "url" ? [each] : []));
  const fetched = await fetchPictures(urls, { room, signal: left });
  const references: Reference[] = [];
  const files: SentFile[] = [];
  for (const [index, each] of sent.entries()) {
    const reference = each.kind === "url" ? fetched.shift() : await each.picture.reference();
    if (reference === undefined) throw new Error("a URL was fetched to nothing");
    references.push(reference);
    // By their places, so that the same pictures in another order are another request.
    const place = each === mask ? "mask" : `image ${index}`;
    const hash = each.kind === "url" ? sha256(each.url) : reference.sha256;
    files.push({ name: `${place}, ${each.kind}`, sha256: hash });
  }
  const ownMask = mask === undefined ? undefined : references.pop();
  const [first, ...others] = references;
  const pictures = {
    ...(first === undefined ? {} : { references: [first, ...others] as const }),
    ...(ownMask === undefined ? {} : { mask: ownMask }),
  };
  return { pictures, files };
}
