import type { Constraints } from "../advisor/constraints.ts";
import type { PriceVersion } from "../catalog/schema.ts";
import type { SizeAsked } from "../gates/order.ts";

/** What is asked instead of what was asked. What is absent stays as it was. */
export type Choice = {
  readonly quality?: string;
  readonly size?: SizeAsked;
  /** Several pictures by as many calls. */
  readonly fanOut?: true;
  /** An id of the catalog. */
  readonly model?: string;
  /** The cheapest capable model under these constraints, in the place of whichever it was. */
  readonly auto?: Constraints;
  readonly prices?: OtherPrices;
};

/** Other prices than those by which a request was billed. */
export type OtherPrices =
  /** Of the one model that the version belongs to. */
  | { readonly kind: "version"; readonly modelId: string; readonly version: PriceVersion }
  /** Of every model, as of a day. */
  | { readonly kind: "day"; readonly day: string };

/** Whether a choice asks for nothing: then levers are looked for. */
export function isOpen(choice: Choice): boolean {
  return Object.keys(choice).length === 0;
}
