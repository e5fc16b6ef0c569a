import type { FileHandle } from "node:fs/promises";
import { z } from "zod";
import type { ResultHead } from "./port.ts";

/**
 * The form of a kept answer: its body, then its head as JSON, then 16 characters that say how long the
 * head is. The body comes first because it streams, and the head is known last.
 */

const MARK = "kept1:";
const FOOTER_BYTES = 16;
/** A head holds a status and a dozen headers. */
const HEAD_BYTES_MAX = 64 * 1024;

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

/** The head of a kept answer; undefined when the file isn't a whole one. */
export async function readHead(
  file: FileHandle,
): Promise<(ResultHead & { readonly bytes: number }) | undefined> {
  const { size } = await file.stat();
  const footer = (await readAt(file, size - FOOTER_BYTES, FOOTER_BYTES)).toString("latin1");
  const length = new RegExp(`^${MARK}(\\d{10})$`).exec(footer)?.[1];
  const headBytes = Number(length ?? "0");
  if (headBytes === 0 || headBytes > HEAD_BYTES_MAX) return undefined;
  const bytes = size - FOOTER_BYTES - headBytes;
  const head = headSchema.safeParse(parsed(await readAt(file, bytes, headBytes)));
  return head.data?.bytes === bytes ? head.data : undefined;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined; // not a head
  }
}

/** Fewer bytes where the file has no more. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
