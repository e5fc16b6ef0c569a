/** What a file is that no model reads, so that its sender knows what went wrong. */

type Sign = { readonly name: string; readonly text: string; readonly at?: number };

const signs: readonly Sign[] = [
  { name: "a PDF document", text: "%PDF" },
  { name: "a Photoshop document", text: "8BPS" },
  { name: "an icon (ICO)", text: "\0\0\x01\0" },
  { name: "a JPEG XL picture", text: "\xff\x0a" },
  { name: "a JPEG XL picture", text: "JXL ", at: 4 },
  { name: "a JPEG 2000 picture", text: "jP  ", at: 4 },
  { name: "a BigTIFF picture", text: "II+\0" },
  { name: "a BigTIFF picture", text: "MM\0+" },
  { name: "a video or another file of its family", text: "ftyp", at: 4 },
  { name: "a ZIP archive", text: "PK\x03\x04" },
  { name: "compressed (gzip)", text: "\x1f\x8b" },
];

/** A few words for what a file looks like, from its first bytes. */
export function nameOther(head: Buffer): string {
  const sign = signs.find(
    ({ text, at = 0 }) => head.toString("latin1", at, at + text.length) === text,
  );
  if (sign !== undefined) return `${sign.name}, which no model here reads`;
  const text = head
    .toString("latin1")
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart();
  if (/^<(\?xml|!--|!doctype svg|svg)/i.test(text) && /<svg/i.test(text)) {
    return "an SVG drawing, which no model here reads";
  }
  if (/^<(!doctype html|html|head|body)/i.test(text)) return "a web page, not a picture";
  if (/^data:/i.test(text)) return "a data URL in words; send its bytes, or the URL in a JSON body";
  if (/^https?:\/\//i.test(text)) return "a URL in words; URLs are fetched from a JSON body only";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what makes it text
  if (!/[\x00-\x08\x0e-\x1f]/.test(text)) return "text, not a picture";
  return "of no known picture format";
}
