import type { PicoUsd } from "../money/pico-usd.ts";
import type { Prepared } from "./prepare.ts";

/**
 * What a call that makes its image will be charged, where that is certain before the image has passed:
 * one image at one flat price, served by the model that was quoted. Undefined everywhere else.
 *
 * Certain, because whatever usage comes, one delivered image charges one price: reported, above what came,
 * or missing and so at the ceiling, which is the same figure.
 */
export function foreseenCost(
  { accepted, quote }: Prepared,
  servedModel: string | null,
): PicoUsd | undefined {
  if (servedModel !== null && servedModel !== accepted.model.wireId) return undefined;
  const flatTerms = quote.frozen.price.terms.filter((term) => term.meter === "output_images");
  const isCertain = quote.exact && quote.frozen.n === 1n && flatTerms.length === 1;
  return isCertain ? quote.ceiling.total : undefined;
}
