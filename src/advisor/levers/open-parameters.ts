import type { ImageOrder, ResolvedSize } from "../../gates/order.ts";
import { changed, type FindLever, type Lever, leverOf, type Situation } from "./lever.ts";

/** A size that is asked for more than any other; offered where the model makes it. */
const USUAL_SIZE = { kind: "pixels", width: 1024, height: 1024 } as const;

/** Naming a quality or a size that was left open: the worst case is no longer the dearest of all. Strongest first. */
export const openParameters: FindLever = (at) => {
  const { accepted } = at;
  const tier = accepted.model.capabilities.quality?.autoExpected;
  const found: Lever[] = [];
  if (tier !== undefined && accepted.quality === undefined) {
    found.push(...named(at, { kind: "name_quality", param: "quality", value: tier }));
  }
  if (isOpen(accepted.size)) {
    const value = `${USUAL_SIZE.width}x${USUAL_SIZE.height}`;
    found.push(...named(at, { kind: "name_size", param: "size", value }));
  }
  return found.toSorted((left, right) => (left.ceiling < right.ceiling ? -1 : 1));
};

function named(
  at: Situation,
  of: { readonly kind: Lever["kind"]; readonly param: "quality" | "size"; readonly value: string },
): readonly Lever[] {
  const change: Partial<ImageOrder> =
    of.param === "quality" ? { quality: of.value } : { size: USUAL_SIZE };
  const quote = changed(at, change);
  if (quote === undefined || quote.ceiling.total >= at.quote.ceiling.total) return [];
  const why = `${of.param} was left open, so its dearest value is reserved for`;
  return [leverOf(at, quote, { ...of, why })];
}

function isOpen(size: ResolvedSize): boolean {
  return size.pixels === undefined && size.label === undefined;
}
