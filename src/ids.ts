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
