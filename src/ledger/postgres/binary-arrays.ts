/**
 * Arrays as the server reads them from the wire, in its binary form: no quotes to escape, and no digits to
 * parse. One parameter carries a column of many rows.
 * Source: `array_recv` in src/backend/utils/adt/arrayfuncs.c
 */

/** Object ids of the types bigint and text. */
const BIGINT = 20;
const TEXT = 25;
/** Dimensions, whether NULLs follow, type of the elements; then length and lower bound of the one dimension. */
const HEAD_BYTES = 20;
const LENGTH_BYTES = 4;
const BIGINT_BYTES = 8;
const NULL_LENGTH = -1;

/** A value of `bigint[]`. */
export function bigintArray(values: readonly (bigint | null)[]): Buffer {
  const most = HEAD_BYTES + (LENGTH_BYTES + BIGINT_BYTES) * values.length;
  const bytes = Buffer.allocUnsafe(most);
  let at = writeHead(bytes, BIGINT, values.length);
  for (const value of values) {
    at = bytes.writeInt32BE(value === null ? NULL_LENGTH : BIGINT_BYTES, at);
    if (value !== null) at = bytes.writeBigInt64BE(value, at);
  }
  return bytes.subarray(0, at);
}

/** A value of `text[]`. A lone surrogate becomes U+FFFD, as UTF-8 has none; the server refuses NUL. */
export function textArray(values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? NULL_LENGTH : Buffer.byteLength(value)));
  let most = HEAD_BYTES + LENGTH_BYTES * values.length;
  for (const length of lengths) most += Math.max(0, length);
  const bytes = Buffer.allocUnsafe(most);
  let at = writeHead(bytes, TEXT, values.length);
  let index = 0;
  for (const value of values) {
    at = bytes.writeInt32BE(lengths[index] ?? NULL_LENGTH, at);
    if (value !== null) at += bytes.write(value, at);
    index += 1;
  }
  return bytes;
}

function writeHead(bytes: Buffer, type: number, length: number): number {
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt32BE(type, 8);
  bytes.writeInt32BE(length, 12);
  return bytes.writeInt32BE(1, 16);
}
