/** Where kept things go: a folder, or a bucket of an S3-compatible object store. */
export type StorePlace =
  | { readonly kind: "folder"; readonly folder: string }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      /** "" or a path that ends in a slash. */
      readonly prefix: string;
    };

/**
 * Reads `s3://bucket/prefix`; anything else is a folder.
 *
 * @param absolute makes a folder's path absolute.
 * @throws RangeError for an `s3://` that names no bucket, or a prefix of odd characters.
 */
export function readStorePlace(text: string, absolute: (folder: string) => string): StorePlace {
  if (!text.startsWith("s3://")) return { kind: "folder", folder: absolute(text) };
  const form = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/((?:[\w.-]+\/)*[\w.-]*))?$/;
  const match = form.exec(text);
  const [, bucket = "", path = ""] = match ?? [];
  const steps = path.split("/");
  if (match === null || steps.some((step) => step === "." || step === "..")) {
    throw new RangeError(
      "must be a folder, or s3://bucket/prefix with a prefix of letters, digits, _ . - and /",
    );
  }
  return { kind: "s3", bucket, prefix: path === "" || path.endsWith("/") ? path : `${path}/` };
}

/** As its owner would write it. */
export function placeText(place: StorePlace): string {
  return place.kind === "folder" ? place.folder : `s3://${place.bucket}/${place.prefix}`;
}
