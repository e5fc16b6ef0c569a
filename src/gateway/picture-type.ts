/** What kept pictures are called: by their first bytes, as `image-facts.ts` reads them. */
export type PictureType = { readonly ext: string; readonly contentType: string };

/** Only formats that a browser shows and never runs; whatever else a vendor sends is bytes. */
const types: ReadonlyMap<string, PictureType> = new Map([
  ["png", { ext: "png", contentType: "image/png" }],
  ["jpeg", { ext: "jpg", contentType: "image/jpeg" }],
  ["webp", { ext: "webp", contentType: "image/webp" }],
  ["gif", { ext: "gif", contentType: "image/gif" }],
]);

/** @param format as on a receipt. */
export function pictureType(format: string | null): PictureType {
  return types.get(format ?? "") ?? { ext: "bin", contentType: "application/octet-stream" };
}
