import { endingId } from "../ledger/journal.ts";
import { outcomeId } from "../ledger/outcome-entry.ts";
import { isOutcomeReason, REVISIONS_MAX } from "../ledger/outcomes-port.ts";
import type { Row } from "../ledger/sql/rows.ts";
import { compareColumns } from "./call-rows.ts";
import { type Compare, type Discrepancy, DiscrepancyFound } from "./discrepancy.ts";
import type { EntryOf } from "./entry-text.ts";
import type { Checks, RootModel } from "./root-model.ts";

/** Outcomes: memos of settled calls, of which the last one of a picture counts. */

type OutcomeEntry = EntryOf<"outcome">;

export function applyOutcome(model: RootModel, entry: OutcomeEntry, checks: Checks): void {
  const { compare, earlier } = checks;
  const { hold, image, revision, reason } = entry;
  compare("id", entry.id, outcomeId(entry));
  const ending = earlier(endingId(hold));
  if (ending?.kind !== "settle") {
    compare("settled call that is judged", hold, null);
    return;
  }
  compare("account", entry.account, ending.account);
  compare("images that were delivered", entry.images, ending.ending.imagesDelivered);
  compare("judged image was delivered", image >= 0 && image < entry.images, true);
  compare("reason is one", reason === undefined || isOutcomeReason(reason), true);
  compare("revision is one", revision >= 1 && revision <= REVISIONS_MAX, true);
  const before = revision === 1 ? undefined : earlier(beforeId(entry));
  if (revision === 1) model.outcomes += 1;
  else if (before?.kind !== "outcome") compare("outcome before this one", null, beforeId(entry));
  else compare("outcome is another than before", saysTheSame(before, entry), false);
}

/** The id of the outcome whose place this one takes. */
export function beforeId({ hold, image, revision }: OutcomeEntry): string {
  return outcomeId({ hold, image, revision: revision - 1 });
}

function saysTheSame(one: OutcomeEntry, other: OutcomeEntry): boolean {
  return one.kept === other.kept && one.reason === other.reason;
}

/** The key of the row that an outcome is projected to. */
export function pictureKey({ hold, image }: Pick<OutcomeEntry, "hold" | "image">): string {
  return `${hold} ${image}`;
}

/**
 * Compares the row of a picture with an entry about it. A later entry may have changed it since: what differs
 * is kept in `unexplained` until that one is come to.
 */
export function compareOutcome(
  entry: OutcomeEntry,
  of: {
    readonly row: Row;
    readonly sequence: bigint;
    readonly unexplained: Map<string, Discrepancy>;
  },
  compare: Compare,
): void {
  const { hold, image, kept, reason, images, actor, revision, createdMs } = entry;
  const columns = {
    ...{ hold, image, kept: kept ? 1 : 0, reason: reason ?? null, images, actor, revision },
    ...{ sequence: of.sequence, created_ms: createdMs },
  };
  const key = pictureKey(entry);
  of.unexplained.delete(key);
  try {
    compareColumns("outcomes", of.row, columns, compare);
  } catch (error) {
    if (!(error instanceof DiscrepancyFound)) throw error;
    of.unexplained.set(key, error.discrepancy);
  }
}
