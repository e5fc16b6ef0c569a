/**
 * A vendor's words, made fit for a caller: keys, accounts, addresses and request ids go, the sentence stays.
 *
 * The house's own account must never show through an error message. Doubt is decided for the redaction:
 * an opaque word too many may go, a key may not stay.
 */

/** What reaches a caller, in characters. */
const CHARACTERS_MAX = 500;
/** What is read at all, so that no pattern runs over a megabyte. */
const READ_CHARACTERS_MAX = 4_000;

type Redaction = { readonly pattern: RegExp; readonly by: string };

const redactions: readonly Redaction[] = [
  { pattern: /\bdata:[a-z0-9.+/-]{0,64};base64,[A-Za-z0-9+/=_-]*/gi, by: "[data]" },
  { pattern: /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>`)\]}]+/gi, by: "[url]" },
  { pattern: /\b(?:www\.|[\w-]{1,63}\.maas\.)[^\s"'<>`)\]}]+/gi, by: "[url]" },
  { pattern: /\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g, by: "[email]" },
  { pattern: /\b(Bearer|Basic)\s+[^\s"',;]+/gi, by: "$1 [key]" },
  {
    pattern: /\b(api[ _-]?key|access[ _-]?key|secret|token)(["']?\s*[:=]\s*["']?)[^\s"',;)]+/gi,
    by: "$1$2[key]",
  },
  // Vendors echo keys with stars in their middle: sk-ab****wxyz is a key too.
  { pattern: /\b(?:sk|pk|rk|ak)[-_][\w*.-]{3,}/g, by: "[key]" },
  { pattern: /\bAIza[\w*-]{3,}/g, by: "[key]" },
  {
    pattern:
      /\b(?:org|proj|project|user|acct|account|ws|llm|ep|req|chatcmpl|resp|msg)[-_](?=[\w-]*\d)[\w-]{5,}/gi,
    by: "[id]",
  },
  { pattern: /\b(?:org|proj|acct|req)[-_][A-Za-z]\w{7,}/g, by: "[id]" },
  { pattern: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, by: "[id]" },
  {
    pattern:
      /\b((?:account|project|organi[sz]ation|tenant|workspace|customer|consumer|user|uid|request|trace|log)s?(?:[ _-]?(?:id|number|no))?["'`]?\s{0,2}[:=#/]?\s{0,2}["'`([]?)(?=[\w-]*\d)[\w-]{6,}/gi,
    by: "$1[id]",
  },
  // An opaque word: long, of letters and digits both. Model names are shorter or hold dots.
  { pattern: /\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}/g, by: "[id]" },
  { pattern: /\b\d{12,}\b/g, by: "[id]" },
];

/** At most 500 characters; may be empty. Never throws. */
export function redactVendorText(text: string): string {
  let clean = readable(text);
  for (const { pattern, by } of redactions) clean = clean.replaceAll(pattern, by);
  const characters = [...clean];
  if (characters.length <= CHARACTERS_MAX) return clean;
  return `${characters.slice(0, CHARACTERS_MAX - 1).join("")}…`;
}

/** Printable and of bounded length; a word cut at the bound goes whole, for half a key matches no pattern. */
function readable(text: string): string {
  const printable = text.slice(0, READ_CHARACTERS_MAX).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, " ");
  const end = printable.lastIndexOf(" ");
  return (
    text.length > READ_CHARACTERS_MAX ? printable.slice(0, Math.max(end, 0)) : printable
  ).trim();
}
