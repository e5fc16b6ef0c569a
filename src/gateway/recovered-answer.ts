import { type Catalog, findModel } from "../catalog/find.ts";
import { priceVersionSchema } from "../catalog/schema.ts";
import { parsePixels } from "../gates/size.ts";
import type { ImageFacts, LedgerCall } from "../ledger/port.ts";
import type { ResultStore } from "../results/port.ts";
import type { ImageSink } from "../vendors/port.ts";
import { Answer, type Envelope } from "./answer.ts";
import type { AnswerEnd, Finished } from "./client.ts";
import { type Held, type MadeOutcome, type Settlement, settlementOf } from "./judge.ts";

/** How a surface writes an answer that nobody waits for. */
export type Composer = {
  readonly envelope: (hold: LedgerCall["hold"]) => Envelope;
  readonly endOf: (made: Finished, hold: LedgerCall["hold"]) => AnswerEnd;
};

/** The answer of a call that outlived its gateway: its client is gone, its `Idempotency-Key` will ask for it. */
export type RecoveredAnswer = {
  readonly sink: ImageSink;
  /** Undefined when it can't be kept: a picture that nobody can have is not charged. */
  readonly settle: (outcome: MadeOutcome) => Promise<Settlement | undefined>;
  readonly discard: () => Promise<void>;
};

/** Begins such an answer, to be kept beside the journal's own terms of the call. */
export function recoveredAnswer(
  { hold }: LedgerCall,
  given: {
    readonly catalog: Catalog;
    readonly results: ResultStore;
    readonly composer: Composer;
  },
): RecoveredAnswer {
  const { catalog, results, composer } = given;
  const { pixels } = hold.facts.size;
  const answer = new Answer(nobody, {
    envelope: composer.envelope(hold),
    headers: {},
    asked: { pixels: pixels === null ? undefined : parsePixels(pixels), format: undefined },
    foreseen: () => ({}),
  });
  const writer = results.begin(hold.id, "made");
  answer.copyTo(writer);
  return {
    sink: answer,
    settle: async (outcome) => {
      const settlement = settledAgain(outcome, answer.images, { hold, catalog });
      if (settlement === undefined) return undefined;
      const { tail, headers } = composer.endOf(
        { outcome, settlement, late: false, failures: [] },
        hold,
      );
      const kept = await writer.seal({ status: 200, headers }, tail);
      return kept ? settlement : undefined;
    },
    discard: () => writer.discard(),
  };
}

/** How such a call is charged; undefined when its model has left the catalog. */
export function settledAgain(
  outcome: MadeOutcome,
  images: readonly ImageFacts[],
  { hold, catalog }: { readonly hold: LedgerCall["hold"]; readonly catalog: Catalog },
): Settlement | undefined {
  const held = heldAgain(hold, catalog);
  if (held === undefined) return undefined;
  // Outputs are put by the call itself: there is no picture here that could still be one.
  const flags = ["recovered_task", ...(hold.facts.output === true ? ["output_not_kept"] : [])];
  return settlementOf(outcome, held, { images, flags, catalog, asOf: hold.asOf });
}

/** What was frozen when the call was held for; undefined when its model has left the catalog. */
function heldAgain(hold: LedgerCall["hold"], catalog: Catalog): Held | undefined {
  const model = findModel(catalog, hold.model);
  if (model === undefined) return undefined;
  const quote = {
    price: priceVersionSchema.parse(JSON.parse(hold.price.json)),
    facts: hold.facts.priced,
    n: BigInt(hold.facts.n),
    ceilingItems: hold.ceilingItems,
    ceiling: hold.vendorAmount ?? hold.amount,
    margin: hold.margin ?? null,
  };
  return { holdId: hold.id, model, quote, attempts: [] };
}

/** A client that has left. */
const nobody = {
  gone: true,
  head: () => undefined,
  write: () => undefined,
  end: () => undefined,
} as const;
