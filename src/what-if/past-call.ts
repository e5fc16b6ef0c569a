import type { Margin } from "../billing/margin.ts";
import type { PriceVersion } from "../catalog/schema.ts";
import type { ImageOrder, PromptMeasure } from "../gates/order.ts";
import type { PicoUsd } from "../money/pico-usd.ts";

/** How the figure that was paid was found. */
export type PaidBy = "usage" | "flat" | "ceiling" | "imported";

/** A past request, or several alike, as far as it can be priced again. */
export type PastCall = {
  /** Whose it was: an id of a key, or a name out of an imported file. */
  readonly key: string | null;
  readonly requests: number;
  readonly images: number;
  /** How often `order` was sent. At least 1. */
  readonly times: bigint;
  /** As it would be sent today, with the quality that was made; the prompt's text is kept nowhere. */
  readonly order: ImageOrder;
  readonly prompt: PromptMeasure;
  readonly margin: Margin | null;
  /** What was charged, corrections included. */
  readonly paid: PicoUsd;
  readonly paidBy: PaidBy;
  /** The day as which the catalog was read, YYYY-MM-DD. */
  readonly day: string;
  /** What it was billed by; undefined for an imported one. */
  readonly price: PriceVersion | undefined;
  /** Its measured quantities at other prices; undefined where they don't price all of it, or nothing was measured. */
  readonly recharge: (price: PriceVersion) => PicoUsd | undefined;
};
