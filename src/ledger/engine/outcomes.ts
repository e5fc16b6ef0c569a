import { endingId } from "../journal.ts";
import { outcomeEntry } from "../outcome-entry.ts";
import {
  type ImageOutcome,
  type NotedOutcomes,
  type NotedResult,
  REVISIONS_MAX,
} from "../outcomes-port.ts";
import { append, type Context, callOf, originOf } from "./context.ts";
import type { CallRow, OutcomeRow } from "./rows.ts";

/** Whether pictures were kept: memos of a call that has ended, a new one in the place of the one before. */

type Refused = Extract<NotedResult, { kind: "refused" }>;

export function noteOutcomes(
  of: { readonly root: string; readonly noted: NotedOutcomes },
  context: Context,
): NotedResult {
  const { root, noted } = of;
  const call = callOf(root, noted.holdId, context.set);
  if (call === undefined) return { kind: "refused", reason: "unknown_receipt" };
  if (call.ended?.outcome !== "made") return { kind: "refused", reason: "not_settled" };
  const images = deliveredOf(call, context);
  const refused = refusalOf(noted, { call, images }, context);
  if (refused !== undefined) return refused;
  const posted = noted.outcomes.filter((outcome) =>
    note({ ...outcome, images, actor: noted.actor }, call, context),
  ).length;
  return { kind: "noted", posted, unchanged: noted.outcomes.length - posted };
}

/** How many pictures a call's ending says were delivered. */
function deliveredOf({ root, id }: CallRow, { set }: Context): number {
  const entry = set.entry(root, endingId(id));
  if (entry === undefined) throw new Error(`hold ${id} has ended without an entry`);
  const { ending }: { ending: { imagesDelivered: string } } = JSON.parse(entry.text);
  return Number(ending.imagesDelivered);
}

/** Every check before any write: all of a receipt's outcomes are noted, or none. */
function refusalOf(
  { outcomes }: NotedOutcomes,
  { call, images }: { readonly call: CallRow; readonly images: number },
  context: Context,
): Refused | undefined {
  for (const outcome of outcomes) {
    const { image } = outcome;
    if (image >= images) return { kind: "refused", reason: "no_such_image", image, images };
    const standing = standingOf(call, image, context);
    if (standing === undefined || says(standing, outcome)) continue;
    if (standing.revision >= REVISIONS_MAX) {
      return { kind: "refused", reason: "judged_too_often", image, images };
    }
  }
  return undefined;
}

/** Appends an outcome, unless it stands already. Says whether it did. */
function note(
  of: ImageOutcome & Pick<OutcomeRow, "images" | "actor">,
  call: CallRow,
  context: Context,
): boolean {
  const { root, id: hold, account } = call;
  const standing = standingOf(call, of.image, context);
  if (standing !== undefined && says(standing, of)) return false;
  const revision = (standing?.revision ?? 0) + 1;
  const entry = outcomeEntry({ ...of, hold, revision }, originOf({ root, account }, context));
  const { sequence } = append(root, [entry], context);
  context.set.setOutcome({ ...of, root, hold, revision, sequence, createdMs: context.nowMs });
  return true;
}

function standingOf({ root, id }: CallRow, image: number, { set }: Context) {
  return set.outcome(root, id, image);
}

/** Whoever says it: the same verdict is the same posting. */
function says(standing: OutcomeRow, { kept, reason }: ImageOutcome): boolean {
  return standing.kept === kept && standing.reason === reason;
}
