import { ZERO_USD } from "../money/pico-usd.ts";
import { type Ending, type Ledger, LedgerUnavailable, type OpenHold } from "./port.ts";
import { replaySpool } from "./spool.ts";

export type RecoveryOptions = {
  readonly ledger: Ledger;
  readonly spoolFolder: string;
  /** The process that is known to be gone; undefined says that all others are: the ledger has one owner. */
  readonly before?: string | undefined;
  /** Asks the vendor for a task that was running; `unknown` when it can't say within its time. */
  readonly resumeTask: (hold: OpenHold) => Promise<Ending | "unknown">;
};

/** What a start found and did. */
export type Recovery = {
  /** Endings that the spool had kept. */
  readonly spooled: number;
  /** Spooled endings of holds that an earlier recovery had ended. */
  readonly late: number;
  /** Holds ended by what their vendor's task came to. */
  readonly resumed: number;
  /** Holds voided with an exposure, because nobody knows what became of them. */
  readonly voided: number;
  /** Spool lines that could not be posted and tasks that could not be resumed, by name. */
  readonly problems: readonly string[];
};

/**
 * Ends every hold that an earlier process left open, before this one is ready: what the spool kept is
 * posted, running tasks are asked for, the rest is voided. The account owes nothing for a hold whose
 * outcome is unknown; the house carries the exposure (MONEY §6).
 */
export async function recover(options: RecoveryOptions): Promise<Recovery> {
  const { ledger, spoolFolder } = options;
  const { posted, late, problems } = await replaySpool(spoolFolder, ledger);
  const { before } = options;
  const open = await ledger.openHolds(before === undefined ? {} : { process: before });
  const ended = await endOpenHolds(open, options);
  return { ...ended, spooled: posted, late, problems: [...problems, ...ended.problems] };
}

/**
 * Ends holds whose process is gone: by what their vendor's task came to, else by a void with exposure.
 * Several processes may do it at once: the same ending is the same posting.
 */
export async function endOpenHolds(
  holds: readonly OpenHold[],
  of: Pick<RecoveryOptions, "ledger" | "resumeTask">,
): Promise<Pick<Recovery, "resumed" | "voided" | "problems">> {
  // All at once: they share transactions, and tasks wait for their vendors side by side.
  const ended = await Promise.all(holds.map((hold) => endOpenHold(hold, of)));
  const resumed = ended.filter((end) => end.kind === "resumed").length;
  return {
    resumed,
    voided: ended.length - resumed,
    problems: ended.flatMap((end) => end.problem ?? []),
  };
}

/** A task that can't be resumed for whatever reason must not keep the gateway from starting: it is voided. */
async function endOpenHold(
  hold: OpenHold,
  of: Pick<RecoveryOptions, "ledger" | "resumeTask">,
): Promise<{ readonly kind: "resumed" | "voided"; readonly problem?: string }> {
  try {
    const found = hold.taskId === null ? "unknown" : await of.resumeTask(hold);
    if (found !== "unknown") {
      await of.ledger.end(found);
      return { kind: "resumed" };
    }
  } catch (error) {
    if (error instanceof LedgerUnavailable) throw error;
    await of.ledger.end(recoveredVoid(hold));
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "voided", problem: `task ${hold.taskId} of ${hold.holdId}: ${reason}` };
  }
  await of.ledger.end(recoveredVoid(hold));
  return { kind: "voided" };
}

/** The ending of a hold of which nothing is known: free for the account, the vendor's maximum exposed. */
export function recoveredVoid(
  hold: Pick<OpenHold, "holdId" | "amount"> & Partial<Pick<OpenHold, "vendorAmount">>,
): Ending {
  const amount = hold.vendorAmount ?? hold.amount;
  return {
    kind: "void",
    holdId: hold.holdId,
    outcome: "recovered",
    code: "outcome_unknown",
    attempts: [],
    usage: null,
    items: [],
    servedModel: null,
    echoedPrice: null,
    vendorCost: null,
    exposure: amount === ZERO_USD ? null : { amount, reason: "recovered" },
    imagesMade: 0,
    imagesDelivered: 0,
    flags: [],
  };
}
