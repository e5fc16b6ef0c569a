import { z } from "zod";
import { canonicalText } from "../ledger/canonical-text.ts";
import { endingId } from "../ledger/journal.ts";
import { type Query, type Row, rowsOf, textIn } from "../ledger/sql/rows.ts";
import { formatUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import { type Compare, compareAt } from "./discrepancy.ts";
import type { EndingEntry, EntryOf } from "./entry-text.ts";
import { rowsById } from "./journal-reads.ts";
import { chargeIn } from "./model-holds.ts";
import { readEntry } from "./stored-entry.ts";

/** Receipts that were handed out are anchors: the ledger must still say what they say (MONEY §8). */

const line = z.looseObject({
  meter: z.string(),
  quantity: z.string(),
  unit_price: z.string(),
  amount: z.string(),
});

/** What of a receipt the journal can be asked for. Its other members are left alone. */
export const receiptSchema = z.looseObject({
  object: z.literal("receipt"),
  id: z.string(),
  request_id: z.string(),
  account_id: z.string(),
  key_id: z.string(),
  status: z.enum(["settled", "voided", "posting"]),
  model: z.string(),
  price_version: z.string(),
  emulated: z.boolean(),
  basis: z.string(),
  total: z.string(),
  expected: z.string(),
  ceiling: z.string(),
  released: z.string(),
  overrun: z.string(),
  lines: z.array(line),
  chain: z.looseObject({ sequence: z.number(), hash: z.string() }).nullable(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** A receipt and the name of the file that it was read from. */
export type ReceiptFile = { readonly file: string; readonly receipt: Receipt };

/**
 * Compares a receipt with hold and ending of its call. `computed` is what the receipt says. What was posted
 * counts: a correction since then has an entry of its own and changes no receipt's chain.
 */
export async function compareReceipt(query: Query, { file, receipt }: ReceiptFile): Promise<void> {
  const { id } = receipt;
  const root = await rootOfCall(query, id);
  const place = { entry: id, root: root ?? null, sequence: null };
  const compare: Compare = (what, stored, computed) =>
    compareAt(place)(`${what} of the receipt ${file}`, stored, computed);
  compare("call", root === undefined ? null : id, id);
  const ids = new Set([id, endingId(id)]);
  const rows = await rowsById(query, "entries", { root: root ?? "", ids });
  const hold = entryIn(rows.get(id));
  if (hold?.kind !== "hold") return compare("hold", null, id);
  compareHeld(hold, receipt, compare);
  // A receipt whose ending waited in the spool says nothing of it.
  if (receipt.chain === null) return compare("status", "posting", receipt.status);
  const ended = rows.get(endingId(id));
  const ending = entryIn(ended);
  if (ended === undefined || (ending?.kind !== "settle" && ending?.kind !== "void")) {
    return compare("chain.sequence", null, receipt.chain.sequence);
  }
  compare("chain.sequence", readEntry(ended).sequence, receipt.chain.sequence);
  compare("chain.hash", textIn(ended, "hash"), receipt.chain.hash);
  const onMargin = hold.request.margin != null;
  compareEnded({ entry: ending, onMargin }, receipt, compare);
}

async function rootOfCall(query: Query, id: string): Promise<string | undefined> {
  const sql = "SELECT root FROM calls WHERE root IN (SELECT root FROM roots) AND id = ?1";
  const [row] = await rowsOf(query, sql, [id]);
  return row === undefined ? undefined : textIn(row, "root");
}

function entryIn(row: Row | undefined) {
  return row === undefined ? undefined : readEntry(row).entry;
}

function compareHeld(entry: EntryOf<"hold">, receipt: Receipt, compare: Compare): void {
  const { request } = entry;
  compare("request_id", request.requestId, receipt.request_id);
  compare("account_id", entry.account, receipt.account_id);
  compare("key_id", request.keyId, receipt.key_id);
  compare("model", request.model, receipt.model);
  compare("price_version", request.price.id, receipt.price_version);
  compare("emulated", entry.emulated, receipt.emulated);
  compare("expected", formatUsd(request.expected), receipt.expected);
  compare("ceiling", formatUsd(request.amount), receipt.ceiling);
}

function compareEnded(
  { entry, onMargin }: { readonly entry: EndingEntry; readonly onMargin: boolean },
  receipt: Receipt,
  compare: Compare,
): void {
  const { ending, amount } = entry;
  const settled = ending.kind === "settle";
  const charge = chargeIn(entry);
  compare("status", settled ? "settled" : "voided", receipt.status);
  compare("basis", settled ? ending.basis : "none", receipt.basis);
  compare("total", formatUsd(charge), receipt.total);
  compare("released", formatUsd(subtractUsd(amount, charge)), receipt.released);
  compare("overrun", formatUsd(settled ? ending.overrun : ZERO_USD), receipt.overrun);
  const [first] = receipt.lines;
  if (onMargin && receipt.lines.length === 1 && first?.meter === "charge") {
    // A client's receipt shows one line, which adds up without showing the margin; the house's shows all.
    compare("lines", formatUsd(charge), first.amount);
    return;
  }
  compare("lines", linesText(settled ? ending.lines : []), receiptLinesText(receipt));
}

function linesText(lines: Extract<EndingEntry["ending"], { kind: "settle" }>["lines"]): string {
  return canonicalText(
    lines.map(({ meter, quantity, unitPrice, amount }) => ({
      ...{ meter, quantity, unit_price: formatUsd(unitPrice), amount: formatUsd(amount) },
    })),
  );
}

function receiptLinesText({ lines }: Receipt): string {
  return canonicalText(
    lines.map(({ meter, quantity, unit_price, amount }) => ({
      ...{ meter, quantity, unit_price, amount },
    })),
  );
}
