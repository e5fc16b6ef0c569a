import type { Margin } from "../billing/margin.ts";
import type { PostedLine } from "../ledger/port.ts";
import { formatUsd, type PicoUsd } from "../money/pico-usd.ts";

/** One line of a bill on the wire: amounts are plain decimal strings, the quantity a decimal integer. */
export type LineJson = {
  readonly meter: string;
  readonly quantity: string;
  readonly unit_price: string;
  readonly amount: string;
};

/** Lines as the house sees them. */
export function linesJson(lines: readonly PostedLine[]): LineJson[] {
  return lines.map(({ meter, quantity, unitPrice, amount }) => ({
    meter,
    quantity: quantity.toString(),
    unit_price: formatUsd(unitPrice),
    amount: formatUsd(amount),
  }));
}

/** What a client's bill is made of; the margin that was frozen for it, absent or null where there is none. */
type ClientBill = {
  readonly lines: readonly PostedLine[];
  readonly total: PicoUsd;
  readonly margin: Margin | null | undefined;
};

/**
 * Lines as a client sees them: where a margin is set, one line of the whole in place of the house's, so that
 * the bill adds up without showing the margin (DESIGN §8).
 */
export function clientLines({ lines, total, margin }: ClientBill): LineJson[] {
  if (margin === null || margin === undefined) return linesJson(lines);
  const amount = formatUsd(total);
  return [{ meter: "charge", quantity: "1", unit_price: amount, amount }];
}

export function clientBillJson(bill: ClientBill): {
  readonly total: string;
  readonly lines: LineJson[];
} {
  return { total: formatUsd(bill.total), lines: clientLines(bill) };
}
