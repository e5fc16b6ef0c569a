import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { JobCandidate, JobPicture, JobRow } from "../../runs/proof/job.ts";
import { refused } from "../failures.ts";

/** A request that makes the picture of a row at a candidate. */
export type ProofCall = { readonly path: string; readonly body: object };

/** Tags that the API takes at most; a row that has so many keeps them all. */
const TAGS_MAX = 16;

/** The order of a row at a candidate, as the API takes it: one picture, and a tag that names the proof. */
export async function callOf(
  row: JobRow,
  { model, quality }: Pick<JobCandidate, "model" | "quality">,
  proof: string,
): Promise<ProofCall> {
  const tags = tagsOf(row.parameters["tags"]);
  const isEdit = row.references.length > 0;
  return {
    path: isEdit ? "/v1/images/edits" : "/v1/images/generations",
    body: {
      ...row.parameters,
      ...(Object.keys(tags).length < TAGS_MAX ? { tags: { proof, ...tags } } : {}),
      model,
      ...(quality === null ? {} : { quality }),
      n: 1,
      prompt: row.prompt,
      ...(isEdit ? { images: await Promise.all(row.references.map(pictureIn)) } : {}),
      ...(row.mask === null ? {} : { mask: await pictureIn(row.mask) }),
    },
  };
}

function tagsOf(tags: unknown): Readonly<Record<string, unknown>> {
  return typeof tags === "object" && tags !== null ? { ...tags } : {};
}

/** Its type is found by its first bytes, whatever is said. @throws Refused */
async function pictureIn(picture: JobPicture): Promise<{ readonly image_url: string }> {
  const bytes = await samePicture(picture);
  return { image_url: `data:image/png;base64,${bytes.toString("base64")}` };
}

/**
 * The bytes of a row's picture.
 *
 * @throws Refused `reference_changed` where they aren't those that the proof began with, or can't be read.
 */
export async function samePicture({ path, sha256 }: JobPicture): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused("reference_changed", `${path}: can't be read any more: ${why}`, { cause });
  });
  if (createHash("sha256").update(bytes).digest("hex") === sha256) return bytes;
  throw refused(
    "reference_changed",
    `${path}: is another picture than the one that this proof began with`,
  );
}
