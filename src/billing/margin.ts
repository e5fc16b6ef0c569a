import type { PicoUsd } from "../money/pico-usd.ts";

/** What an account pays on top of the vendor's price: a part of it, rounded up, and a fixed sum a request. */
export type Margin = {
  /** Hundredths of a percent, 0 to 100,000. */
  readonly basisPoints: number;
  readonly fixed: PicoUsd;
};
