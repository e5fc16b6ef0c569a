import { canRate, rateItems } from "../billing/rate.ts";
import type { UsageItem } from "../billing/usage.ts";
import type { Catalog } from "../catalog/find.ts";
import { priceVersionSchema } from "../catalog/schema.ts";
import type { Ending, Ledger, LedgerCall, OpenHold } from "../ledger/port.ts";
import type { ResultStore } from "../results/port.ts";
import type { TaskEnding } from "../vendors/port.ts";
import type { ConnectedVendor } from "./connected-vendor.ts";
import { postedLines } from "./judge.ts";
import { type Composer, recoveredAnswer } from "./recovered-answer.ts";
import { recoveredPictures } from "./recovered-pictures.ts";

/** So long recovery asks after a task before it gives up (MONEY §6). */
const RESUME_MS_MAX = 15 * 60_000;

/**
 * How a hold with an asynchronous task ends after a crash. Nobody waits for its pictures any more, so the
 * account pays nothing and the house bears what the vendor made; unless an `Idempotency-Key` or a run can ask
 * for them: then they are kept for it, and charged. "unknown" leaves it to recovery's void with exposure.
 */
export async function recoverTask(
  open: OpenHold,
  given: {
    readonly ledger: Pick<Ledger, "call" | "hasIntent" | "findKey">;
    /** Every connection of this start, whoever may use it. */
    readonly connections: readonly ConnectedVendor[];
    readonly catalog: Catalog;
    readonly results: ResultStore;
    readonly composer: Composer;
    readonly resumeMsMax?: number;
  },
): Promise<Ending | "unknown"> {
  // A task belongs to the credentials that submitted it; a vendor may be another under the same id by now.
  const connected = given.connections.find(
    ({ connection, vendor }) => connection.id === open.connection && vendor.id === open.vendor,
  );
  const resume = connected?.vendor.resume;
  if (open.taskId === null || connected === undefined || resume === undefined) return "unknown";
  const call = await given.ledger.call(open.holdId);
  if (call === undefined) return "unknown";
  const isWanted = await mayBeAskedFor(call, given.ledger);
  const wanted = call.hold.run === undefined ? recoveredAnswer : recoveredPictures;
  const answer = isWanted ? wanted(call, given) : undefined;
  const imagesAsked = call.hold.facts.n;
  try {
    const ended = await resume({
      taskId: open.taskId,
      connection: connected.connection,
      signal: AbortSignal.timeout(given.resumeMsMax ?? RESUME_MS_MAX),
      references: call.hold.facts.references?.length ?? 0,
      ...(answer === undefined ? {} : { collect: { sink: answer.sink, imagesAsked } }),
    });
    const made = ended.kind === "succeeded" ? ended.made : undefined;
    const settlement = made === undefined ? undefined : await answer?.settle(made);
    return settlement ?? endingOf(ended, call);
  } finally {
    // What was settled is sealed, and stays.
    await answer?.discard();
  }
}

/** Whether its answer will be asked for, and may be kept for that. URLs would be good for an hour of nobody's. */
async function mayBeAskedFor(
  { hold }: LedgerCall,
  ledger: Pick<Ledger, "hasIntent" | "findKey">,
): Promise<boolean> {
  if (hold.facts.urls === true || !(await ledger.hasIntent(hold.id))) return false;
  return (await ledger.findKey(hold.keyId))?.retain !== "none";
}

/** Nothing is charged: the pictures, if there are any, are nobody's. */
function endingOf(ended: TaskEnding, call: LedgerCall): Ending | "unknown" {
  const nothing = {
    kind: "void",
    holdId: call.hold.id,
    attempts: [],
    usage: null,
    servedModel: null,
    echoedPrice: null,
    vendorCost: null,
    exposure: null,
    imagesMade: 0,
    imagesDelivered: 0,
    flags: ["recovered_task"],
    code: "outcome_unknown",
    items: [],
  } as const;
  switch (ended.kind) {
    case "failed":
      return { ...nothing, outcome: "failed", code: "vendor_failed" };
    case "succeeded": {
      const items = ended.usage.kind === "reported" ? ended.usage.items : [];
      const cost = knownCost(items, call);
      // Made, but for how much is not known: the house expects the worst.
      if (cost === undefined) return "unknown";
      return { ...nothing, outcome: "recovered", usage: ended.usageText, items, vendorCost: cost };
    }
    case "unknown":
      return "unknown";
    default:
      return ended satisfies never;
  }
}

function knownCost(
  items: readonly UsageItem[],
  { hold }: LedgerCall,
): Ending["vendorCost"] | undefined {
  const price = priceVersionSchema.parse(JSON.parse(hold.price.json));
  const facts = hold.facts.priced;
  if (items.length === 0 || !canRate(items, price, facts)) return undefined;
  const bill = rateItems(items, price, facts);
  return { total: bill.total, lines: postedLines(bill) };
}
