import { z } from "zod";
import { type Mark, type Meter, marks, meters } from "../../catalog/schema.ts";
import { formatUsd, type PicoUsd } from "../../money/pico-usd.ts";

/**
 * Prices that stood on a vendor's bill: facts of this owner, kept beside the catalog and never in it, because a
 * price version that was used is never edited. One is of a price version, a meter and a unit price.
 */

export const confirmationSchema = z.strictObject({
  price_version: z.string(),
  meter: z.enum(meters),
  /** US dollars a unit. */
  unit_price: z.string(),
  /** The connection whose bill it was. */
  connection: z.string(),
  reconciliation: z.string(),
  /** Days of the vendor. */
  from: z.string(),
  to: z.string(),
  quantity: z.string(),
  lines: z.array(z.string()),
  confirmed_on: z.string(),
});
export type Confirmation = z.infer<typeof confirmationSchema>;

/** What is known of one price. */
export type PriceName = {
  readonly priceVersion: string;
  readonly meter: Meter | "overrun" | "margin";
  readonly unitPrice: PicoUsd;
};

/** What bills have confirmed, looked up where marks are shown. */
export class Confirmations {
  readonly #by = new Map<string, Confirmation>();

  constructor(known: readonly Confirmation[] = []) {
    this.add(known);
  }

  /** The first bill that confirmed a price is the one that is told. Returns those that are new. */
  add(more: readonly Confirmation[]): readonly Confirmation[] {
    return more.filter((each) => {
      const key = keyOf(each.price_version, each.meter, each.unit_price);
      if (this.#by.has(key)) return false;
      this.#by.set(key, each);
      return true;
    });
  }

  all(): readonly Confirmation[] {
    return [...this.#by.values()];
  }

  /** The mark that a price may show: `billed` where a bill confirmed it, else its own. */
  markOf({ priceVersion, meter, unitPrice }: PriceName, mark: Mark): Mark {
    const [strongest] = marks;
    return this.#by.has(keyOf(priceVersion, meter, formatUsd(unitPrice))) ? strongest : mark;
  }
}

function keyOf(priceVersion: string, meter: string, unitPrice: string): string {
  return `${priceVersion} ${meter} ${unitPrice}`;
}
