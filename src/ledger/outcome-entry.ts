import { type Entry, entry, type Origin } from "./journal.ts";
import { type ImageOutcome, isOutcomeReason } from "./outcomes-port.ts";

/** The memo of an outcome: which picture, kept or not, why, who says so. No posting. Pure. */

/** The id of the entry that notes the outcome of a picture for the `revision`-th time. */
export function outcomeId(of: {
  readonly hold: string;
  readonly image: number;
  readonly revision: number;
}): string {
  return `${of.hold}.outcome.${of.image}.${of.revision}`;
}

/** @throws Error for a picture that wasn't delivered and for a reason that is none. */
export function outcomeEntry(
  of: ImageOutcome & {
    readonly hold: string;
    /** Pictures that were delivered. */
    readonly images: number;
    readonly revision: number;
    readonly actor: string;
  },
  origin: Origin,
): Entry {
  const { hold, image, images, kept, reason, revision, actor } = of;
  const id = outcomeId(of);
  if (image < 0 || image >= images) throw new Error(`${id}: ${images} pictures were delivered`);
  if (reason !== null && !isOutcomeReason(reason))
    throw new Error(`${id}: not a reason: ${reason}`);
  const body = { hold, image, images, kept, reason: reason ?? undefined, revision, actor };
  return entry({ id, kind: "outcome", postings: [] }, origin, body);
}
