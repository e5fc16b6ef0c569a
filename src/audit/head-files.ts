import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Ledger } from "../ledger/port.ts";
import type { ChainHead } from "../ledger/reports-port.ts";
import { syncFolder } from "../ledger/sync-folder.ts";
import { ProofUnreadable, reasonOf } from "./proof-unreadable.ts";

/**
 * The heads of every chain, once a day, in a file beside the ledger: copied elsewhere, it shows whether the
 * ledger was rewritten since (MONEY §8).
 */

/** The folder of a home that daily heads are written into. */
export function headsFolder(home: string): string {
  return path.join(home, "heads");
}

const headSchema = z.strictObject({
  world: z.enum(["sandbox", "live"]),
  root: z.string(),
  sequence: z.int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Writes today's heads (UTC), unless that was done already. Written whole and synced before it gets its
 * name, so that a file is never half a day's; it is never changed again.
 *
 * @returns the file that was written; undefined when today's was there, or there is no account yet.
 */
export async function writeHeads(of: {
  readonly ledger: Pick<Ledger, "heads">;
  readonly folder: string;
  readonly world: "sandbox" | "live";
  readonly nowMs: number;
}): Promise<string | undefined> {
  const { ledger, folder, world, nowMs } = of;
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const file = path.join(folder, `${world}-${day}.jsonl`);
  if (existsSync(file)) return undefined;
  const heads = await ledger.heads();
  // A ledger without accounts has nothing to say yet, and the file must not be taken for today's.
  if (heads.length === 0) return undefined;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}.new`;
  const handle = await open(fresh, "w", 0o600);
  const lines = heads.map((head) => `${JSON.stringify({ world, ...head })}\n`);
  await handle.writeFile(lines.join(""));
  await handle.sync();
  await handle.close();
  await rename(fresh, file);
  await syncFolder(folder);
  return file;
}

/**
 * Reads heads that were kept; several days may stand in one file.
 *
 * @throws ProofUnreadable for a line that is no head of this world, naming it.
 */
export async function readHeadFile(
  file: string,
  world: "sandbox" | "live",
): Promise<readonly ChainHead[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ProofUnreadable(`${file}: ${reasonOf(cause)}`, { cause });
  });
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new ProofUnreadable(`${file}: no heads in it`);
  return lines.map((line, index) => {
    const head = readHead(line);
    const at = `${file}: line ${index + 1}`;
    if (head === undefined) throw new ProofUnreadable(`${at}: not a head`);
    const { world: said, ...rest } = head;
    if (said !== world) {
      throw new ProofUnreadable(`${at}: a head of the ${said} ledger, not of the ${world} one`);
    }
    return rest;
  });
}

function readHead(line: string): z.infer<typeof headSchema> | undefined {
  try {
    return headSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // not even JSON
  }
}
