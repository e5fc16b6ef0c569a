import { z } from "zod";
import type { ResultHead, StoredHead } from "./port.ts";

/**
 * The form of a kept answer: its body, then its head as JSON, then 16 characters that say how long the
 * head is. The body comes first because it streams, and the head is known last.
 */

const MARK = "kept1:";
const FOOTER_BYTES = 16;
/** A head holds a status and a dozen headers. */
const HEAD_BYTES_MAX = 64 * 1024;
/** As a rule a head and what follows it are shorter. */
const USUAL_END_BYTES = 2_048;

const headSchema = z.object({
  status: z.int().min(100).max(599),
  headers: z.record(z.string(), z.string()),
  /** The body's length: a file that lost some of it is not given out. */
  bytes: z.int().min(1),
});

/** What follows a body of so many bytes. */
export function trailer(head: ResultHead, bytes: number): Buffer {
  const { status, headers } = head;
  const text = Buffer.from(JSON.stringify({ status, headers, bytes }), "utf8");
  const footer = `${MARK}${String(text.length).padStart(FOOTER_BYTES - MARK.length, "0")}`;
  return Buffer.concat([text, Buffer.from(footer, "latin1")]);
}

/** The end of something kept: its last bytes, as many as there are up to what was asked for, and its whole size. */
export type KeptEnd = { readonly last: Buffer; readonly size: number };

/**
 * The head of something kept; undefined when it isn't a whole one.
 *
 * @param readEnd reads so many of its last bytes; asked a second time where a head is a long one.
 */
export async function readHead(
  readEnd: (bytes: number) => Promise<KeptEnd>,
): Promise<StoredHead | undefined> {
  const first = await readEnd(USUAL_END_BYTES);
  const footer = first.last.subarray(-FOOTER_BYTES).toString("latin1");
  const length = new RegExp(`^${MARK}(\\d{10})$`).exec(footer)?.[1];
  const headBytes = Number(length ?? "0");
  if (headBytes === 0 || headBytes > HEAD_BYTES_MAX) return undefined;
  const endBytes = headBytes + FOOTER_BYTES;
  const { last, size } = endBytes <= first.last.length ? first : await readEnd(endBytes);
  const bytes = size - endBytes;
  const head = headSchema.safeParse(parsed(last.subarray(-endBytes, -FOOTER_BYTES)));
  return head.data?.bytes === bytes ? head.data : undefined;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined; // not a head
  }
}
