import type {
  CorrectionMovement,
  FundingMovement,
  JournalMonth,
  Movements,
  StatedCall,
} from "../ledger/statements-port.ts";
import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";

/** Calls, pictures and what they were charged. */
export type Sums = { readonly calls: number; readonly images: number; readonly charge: PicoUsd };

const NOTHING: Sums = { calls: 0, images: 0, charge: ZERO_USD };

type ChargeCorrection = Extract<CorrectionMovement, { readonly of: "charge" }>;
type FundCorrection = Extract<CorrectionMovement, { readonly of: "fund" }>;

/** A correction of a charge of an earlier month, with its place among those of its root and month, from 1. */
export type CreditNote = ChargeCorrection & { readonly ordinal: number };

/** What a call is told apart by, as the text that rows are folded by. */
export type Dimension = "model" | "account" | "run" | "holdMonth";

/** A month of an account, added up movement by movement. */
export class Tally {
  readonly #opening: number;
  #totals = NOTHING;
  #settled = ZERO_USD;
  #corrected = ZERO_USD;
  #credited = ZERO_USD;
  #creditNotes = 0;
  notCharged = 0;
  readonly by: { readonly [name in Dimension]: Map<string, Sums> } = {
    ...{ model: new Map(), account: new Map(), run: new Map(), holdMonth: new Map() },
  };
  /** By name and value. */
  readonly tags = new Map<string, Map<string, Sums>>();
  readonly corrections: ChargeCorrection[] = [];
  readonly creditNotes: CreditNote[] = [];
  readonly fundings: FundingMovement[] = [];
  readonly fundCorrections: FundCorrection[] = [];

  constructor({ opening }: Pick<JournalMonth, "opening">) {
    this.#opening = opening.sequence;
  }

  /** What the charges of the month came to, net of what was corrected within it. */
  get charged(): Sums {
    return this.#totals;
  }

  /** As they were posted. */
  get settled(): PicoUsd {
    return this.#settled;
  }

  /** What corrections within the month took from its own charges: zero or less. */
  get corrected(): PicoUsd {
    return this.#corrected;
  }

  /** What they took from charges of earlier months: zero or less. */
  get credited(): PicoUsd {
    return this.#credited;
  }

  add({ settled, voided, corrections, fundings }: Movements): void {
    this.notCharged += voided;
    for (const call of settled) {
      this.#settled = addUsd(this.#settled, call.charge);
      this.#count(call, { calls: 1, images: call.images, charge: call.charge });
    }
    for (const correction of corrections) {
      if (correction.of === "fund") this.fundCorrections.push(correction);
      else this.#correct(correction);
    }
    this.fundings.push(...fundings);
  }

  #correct(correction: ChargeCorrection): void {
    const { call, within, settledSequence } = correction;
    const by = difference(correction);
    if (settledSequence <= this.#opening) {
      // Those of other accounts of the root take their numbers too.
      this.#creditNotes += 1;
      if (!within) return;
      this.creditNotes.push({ ...correction, ordinal: this.#creditNotes });
      this.#credited = addUsd(this.#credited, by);
    } else if (within) {
      this.corrections.push(correction);
      this.#corrected = addUsd(this.#corrected, by);
      this.#count(call, { ...NOTHING, charge: by });
    }
  }

  #count(call: StatedCall, by: Sums): void {
    this.#totals = plus(this.#totals, by);
    const { model, accountId, month, run, tags } = call;
    addTo(this.by.model, JSON.stringify([model, call.quality]), by);
    addTo(this.by.account, accountId, by);
    // No run has an empty name.
    addTo(this.by.run, run ?? "", by);
    addTo(this.by.holdMonth, month, by);
    for (const [name, value] of Object.entries(tags)) {
      const values = this.tags.get(name) ?? new Map<string, Sums>();
      this.tags.set(name, values);
      addTo(values, value, by);
    }
  }
}

/** What a correction moves: below zero, because a charge or a funding only ever becomes less. */
export function difference({ before, after }: CorrectionMovement): PicoUsd {
  return subtractUsd(after, before);
}

function addTo(sums: Map<string, Sums>, key: string, by: Sums): void {
  sums.set(key, plus(sums.get(key) ?? NOTHING, by));
}

function plus(left: Sums, right: Sums): Sums {
  return {
    calls: left.calls + right.calls,
    images: left.images + right.images,
    charge: addUsd(left.charge, right.charge),
  };
}

export function minus(left: Sums, right: Sums): Sums {
  return {
    calls: left.calls - right.calls,
    images: left.images - right.images,
    charge: subtractUsd(left.charge, right.charge),
  };
}

export function sumOf(all: Iterable<Sums>): Sums {
  let sum = NOTHING;
  for (const each of all) sum = plus(sum, each);
  return sum;
}
