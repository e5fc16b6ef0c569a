import { readdirSync, readlinkSync } from "node:fs";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Reference } from "../../src/gates/order.ts";

/** What tests of the intake stand on: bodies cut anywhere, and a look at what rests on the disk. */

/** A request whose body comes in the given pieces, one at a time. */
export function requestOf(contentType: string, pieces: readonly Buffer[]): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.headers["content-type"] = contentType;
  for (const piece of pieces) request.push(piece);
  request.push(null);
  return request;
}

/** A buffer cut into pieces of the given lengths, the rest in one. */
export function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    if (at + length >= bytes.length) break;
    if (length > 0) pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
}

/** A reference's bytes. */
export async function bytesOf(reference: Pick<Reference, "read">): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of reference.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Resting files that this process holds open: they have no name any more. */
export function restingFiles(): number {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // the folder's own handle is closed by now
    }
  });
  return links.filter((link) => /spotmeter-[0-9a-f]{32} \(deleted\)$/.test(link)).length;
}

export const BOUNDARY = "----spotmeter-test-boundary";

export type FormPart = {
  readonly name: string;
  readonly body: string | Buffer;
  /** As it stands in the head; none when left out. */
  readonly filename?: string;
  readonly type?: string;
  readonly head?: string;
};

/** A form as clients write it. */
export function formOf(parts: readonly FormPart[], boundary = BOUNDARY): Buffer {
  const written = parts.map(({ name, body, filename, type, head }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"`;
    const lines = [
      `content-disposition: form-data; name="${name}"${file}`,
      ...(type === undefined ? [] : [`content-type: ${type}`]),
    ];
    const top = head ?? lines.join("\r\n");
    return Buffer.concat([
      Buffer.from(`--${boundary}\r\n${top}\r\n\r\n`),
      Buffer.from(body),
      Buffer.from("\r\n"),
    ]);
  });
  return Buffer.concat([...written, Buffer.from(`--${boundary}--\r\n`)]);
}

export function formType(boundary = BOUNDARY): string {
  return `multipart/form-data; boundary=${boundary}`;
}
