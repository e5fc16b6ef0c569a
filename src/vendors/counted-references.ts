import type { UsageItem } from "../billing/usage.ts";
import type { ReferenceLaw } from "../catalog/schema.ts";

/** The reference pictures of a call to a flat model, as far as its usage is about them. */
export type SentReferences = {
  /** Pictures that went out; 0 for a generation. */
  readonly sent: number;
  /** `counted`: the vendor's usage says how many, and they have a price. */
  readonly law: ReferenceLaw["kind"] | undefined;
};

/**
 * References by the piece, as an item of an estimate or a usage. It stands there for models that charge
 * nothing for them too: rating passes over it, and an owner's own price finds it.
 */
export function referenceItems(count: number): readonly UsageItem[] {
  return count === 0 ? [] : [{ meter: "reference_images", quantity: BigInt(count) }];
}

/**
 * What a usage comes to in references; undefined when it contradicts what went out: a count that is absent,
 * zero or below it (DESIGN section 6, of flat counts). Where none is promised, what went out counts.
 */
export function reportedReferences(
  { sent, law }: SentReferences,
  reported: number | null | undefined,
): readonly UsageItem[] | undefined {
  const count = reported ?? 0;
  if (law !== "counted") return referenceItems(count === 0 ? sent : count);
  return count < sent ? undefined : referenceItems(count);
}
