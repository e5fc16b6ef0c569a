import { divideUp, formatUsd, type PicoUsd, picoUsd, timesUsd } from "../money/pico-usd.ts";
import { type KeptShare, keptShare, PARTS_PER_MILLION, shareText } from "./kept-share.ts";

/** What a picture costs that is kept: those that were thrown away are paid for by those that were not. */

/** Pictures of which somebody said whether they were kept, and what was charged for them. */
export type JudgedPictures = {
  readonly outcomes: number;
  readonly kept: number;
  readonly judgedCharge: PicoUsd;
};

/** Outcomes below which nothing is said of a share or a price: the interval of fewer says next to nothing. */
export const OUTCOMES_MIN = 30;

/** A price for each picture that was kept, and the interval that the kept share's own gives it. */
export type PricePerKept = {
  readonly share: KeptShare;
  /** What was charged for the judged pictures / those kept, rounded up to a picodollar; null where none was. */
  readonly price: PicoUsd | null;
  /** At the upper end of the kept share, rounded down. */
  readonly low: PicoUsd;
  /** At its lower end, rounded up; null where that is nothing, so that no price is too high. */
  readonly high: PicoUsd | null;
};

/**
 * The price of a picture that is kept: what was charged for all judged pictures, divided by those kept. The
 * interval is the kept share's own at 95 %; what a picture costs on the average is taken as it was.
 *
 * @returns undefined below `OUTCOMES_MIN` outcomes: not known.
 */
export function pricePerKept(judged: JudgedPictures): PricePerKept | undefined {
  const { outcomes, kept, judgedCharge } = judged;
  if (outcomes < OUTCOMES_MIN) return undefined;
  const share = keptShare(BigInt(kept), BigInt(outcomes));
  const charge = timesUsd(judgedCharge, PARTS_PER_MILLION);
  return {
    share,
    price: kept === 0 ? null : divideUp(judgedCharge, BigInt(kept)),
    low: picoUsd(charge / (BigInt(outcomes) * share.high)),
    high: share.low === 0n ? null : divideUp(charge, BigInt(outcomes) * share.low),
  };
}

/** Figures of judged pictures as every answer says them. What isn't known is null. */
export type KeptFigures = {
  readonly outcomes: number;
  readonly kept: number;
  readonly kept_share: string | null;
  readonly kept_share_low: string | null;
  readonly kept_share_high: string | null;
  readonly price_per_kept: string | null;
  readonly price_per_kept_low: string | null;
  readonly price_per_kept_high: string | null;
};

/** Shares as decimals of at most six places, amounts in US dollars as decimal strings. */
export function keptFigures(judged: JudgedPictures): KeptFigures {
  const found = pricePerKept(judged);
  const { outcomes, kept } = judged;
  const usd = (amount: PicoUsd | null | undefined) => (amount == null ? null : formatUsd(amount));
  const share = (of: bigint | undefined) => (of === undefined ? null : shareText(of));
  return {
    outcomes,
    kept,
    kept_share: share(found?.share.share),
    kept_share_low: share(found?.share.low),
    kept_share_high: share(found?.share.high),
    price_per_kept: usd(found?.price),
    price_per_kept_low: usd(found?.low),
    price_per_kept_high: usd(found?.high),
  };
}
