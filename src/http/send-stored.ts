import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { StoredResult } from "../results/port.ts";

/** A client that takes nothing for so long is given up. */
const STALL_MS_MAX = 120_000;

/** Sends an answer as it was sent before, with the headers of this request added. Never rejects. */
export async function sendStored(
  response: ServerResponse,
  stored: StoredResult,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    response.setTimeout(STALL_MS_MAX, () => response.destroy());
    response.writeHead(stored.status, {
      ...stored.headers,
      ...headers,
      "content-length": stored.bytes,
    });
    await pipeline(stored.body, response);
  } catch {
    // The client left, or the disk failed: the connection is broken by now, and the answer stays kept.
  } finally {
    // Where the client left before the first byte, `pipeline` leaves the file open: Node ends the process for that.
    stored.body.destroy();
  }
}
