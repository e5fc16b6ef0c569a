import type { Bill } from "../billing/rate.ts";
import type { PostedLine } from "../ledger/port.ts";
import { formatUsd } from "../money/pico-usd.ts";

/** One line of a bill on the wire: amounts are plain decimal strings, the quantity a decimal integer. */
export type LineJson = {
  readonly meter: string;
  readonly quantity: string;
  readonly unit_price: string;
  readonly amount: string;
};

/** Lines as every answer shows them. */
export function linesJson(lines: readonly PostedLine[]): LineJson[] {
  return lines.map(({ meter, quantity, unitPrice, amount }) => ({
    meter,
    quantity: quantity.toString(),
    unit_price: formatUsd(unitPrice),
    amount: formatUsd(amount),
  }));
}

export function billJson(bill: Bill): { readonly total: string; readonly lines: LineJson[] } {
  return { total: formatUsd(bill.total), lines: linesJson(bill.lines) };
}
