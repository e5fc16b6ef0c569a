import type { ImageOrder, Reference } from "../../gates/order.ts";
import { sha256 } from "../../gateway/api-keys.ts";
import { fetchPictures } from "../../intake/fetch-pictures.ts";
import type { PictureRoom } from "../../intake/picture.ts";
import type { RunRef } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";
import type { RunFiles } from "../../results/run-files.ts";
import { fileNamed, type RowOrder } from "./row-order.ts";

/** The pictures of a row, out of the run's files; those behind URLs are fetched once, and lie there from then on. */

export type PictureSource = {
  readonly files: RunFiles;
  readonly run: RunRef;
  /** They can be read until it is closed. */
  readonly room: PictureRoom;
  /** Aborted when nobody wants the row any more. */
  readonly signal: AbortSignal;
};

/**
 * @throws Refusal for a picture that can't be had, or is none.
 */
export async function picturesOf(
  { images, mask }: RowOrder,
  source: PictureSource,
): Promise<Pick<ImageOrder, "references" | "mask">> {
  const named = images.map((each, index) => ({ name: `images[${index}]`, picture: each }));
  const references: Reference[] = [];
  for (const each of named) references.push(await referenceOf(each, source));
  const [first, ...others] = references;
  const own =
    mask === null ? undefined : await referenceOf({ name: "mask", picture: mask }, source);
  return {
    ...(first === undefined ? {} : { references: [first, ...others] as const }),
    ...(own === undefined ? {} : { mask: own }),
  };
}

type Named = { readonly name: string; readonly picture: string };

async function referenceOf({ name, picture }: Named, source: PictureSource): Promise<Reference> {
  const file = fileNamed(picture);
  const kept = await source.files.read(source.run, file ?? urlFile(picture));
  if (kept !== undefined) return await measured(name, kept, source);
  if (file === undefined) return await fetched({ name, picture }, source);
  const why = `${name}: no file sha256:${file} was put to this run`;
  throw new Refusal("invalid_value", why, { param: name });
}

async function measured(
  name: string,
  bytes: AsyncIterable<Buffer>,
  { room }: PictureSource,
): Promise<Reference> {
  const incoming = room.begin(name);
  for await (const piece of bytes) await incoming.write(piece);
  return await incoming.reference();
}

/** What was priced is what is sent, whatever stands behind the URL the next time. */
async function fetched({ name, picture }: Named, source: PictureSource): Promise<Reference> {
  const { room, signal, files, run } = source;
  const [reference] = await fetchPictures([{ name, url: picture }], { room, signal });
  if (reference === undefined) throw new Error("a URL was fetched to nothing");
  const { bytes: length, sha256: hash, read } = reference;
  await files.put(run, urlFile(picture), { length, sha256: hash, read });
  return reference;
}

function urlFile(url: string): string {
  return `url-${sha256(url)}`;
}
