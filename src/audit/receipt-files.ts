import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ProofUnreadable, reasonOf } from "./proof-unreadable.ts";
import { type ReceiptFile, receiptSchema } from "./receipts.ts";

/**
 * Reads every `.json` file of a folder as a receipt: as `GET /v1/receipts/{id}` or `spotmeter receipt --json`
 * printed it.
 *
 * @throws ProofUnreadable for a folder without receipts, and for a file that is none.
 */
export async function readReceiptFiles(folder: string): Promise<readonly ReceiptFile[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new ProofUnreadable(`${folder}: ${reasonOf(cause)}`, { cause });
  });
  const files = names.filter((name) => name.endsWith(".json")).sort();
  if (files.length === 0) throw new ProofUnreadable(`${folder}: no .json files in it`);
  const receipts: ReceiptFile[] = [];
  for (const name of files) {
    const file = path.join(folder, name);
    const text = await readFile(file, "utf8");
    receipts.push({ file: name, receipt: readReceipt(file, text) });
  }
  return receipts;
}

function readReceipt(file: string, text: string): ReceiptFile["receipt"] {
  const parsed = receiptSchema.safeParse(jsonIn(file, text));
  if (parsed.success) return parsed.data;
  throw new ProofUnreadable(`${file}: not a receipt\n${z.prettifyError(parsed.error)}`);
}

function jsonIn(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProofUnreadable(`${file}: not JSON`, { cause });
  }
}
