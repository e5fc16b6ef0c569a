import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * A new id such as `rcpt_01k9…`: 48 bits of time, then 80 random bits, in Crockford's base 32, so that ids
 * sort by age and can't be guessed.
 */
export function newId(prefix: string): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  randomBytes(10).copy(bytes, 6);
  let bits = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  for (let index = 0; index < 26; index += 1) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return `${prefix}_${text}`;
}

/** The five characters that every id made within the same 2^25 ms (9.3 hours) begins with; they sort by time. */
export function idSpanAt(ms: number): string {
  let span = Math.floor(ms / 2 ** 25);
  let text = "";
  for (let index = 0; index < 5; index += 1) {
    text = ALPHABET.charAt(span % 32) + text;
    span = Math.floor(span / 32);
  }
  return text;
}

/** The span in which an id was made; undefined for a text that isn't an id with this prefix. */
export function idSpanOf(prefix: string, id: string): string | undefined {
  const text = id.startsWith(`${prefix}_`) ? id.slice(prefix.length + 1) : "";
  return new RegExp(`^[${ALPHABET}]{26}$`).test(text) ? text.slice(0, 5) : undefined;
}
