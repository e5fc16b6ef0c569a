import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { PaidBy, PastCall } from "./past-call.ts";
import type { Made, Rerated } from "./rerate.ts";

/** Requests, their pictures, what was paid for them and what they would have come to. */
export type Sum = {
  readonly requests: number;
  readonly images: number;
  readonly paid: PicoUsd;
  readonly whatIf: PicoUsd;
};

const NOTHING: Sum = { requests: 0, images: 0, paid: ZERO_USD, whatIf: ZERO_USD };

/** How figures of another choice were found. */
export type FoundBy = "unchanged" | "recharged" | "expected" | "exact";

/** Why a change was looked for though nobody named it. */
export type LeverKind = "asked" | "tier" | "size" | "model";

/** One change, of one key and model, and what it comes to alone. */
export type Lever = Sum & {
  readonly kind: LeverKind;
  readonly change: string;
  readonly key: string | null;
  /** Which model's requests it is about, and at which tier; null where it has none. */
  readonly model: string;
  readonly quality: string | null;
  /** What the change has them made by. */
  readonly to: Made;
  /** Why the other model may stand for this one; null for a change that keeps the model, or was asked for. */
  readonly because: string | null;
};

/** Adds up past requests under a choice. Its size follows from keys and changes, not from requests. */
export class Tally {
  #all: Sum = NOTHING;
  #beside: Sum = NOTHING;
  readonly #levers = new Map<string, Lever>();
  readonly #blocked = new Map<string, Sum>();
  readonly #paidBy = new Map<PaidBy, number>();
  readonly #foundBy = new Map<FoundBy, number>();

  /** A request under the choice that was asked for. */
  add(call: PastCall, rerated: Rerated): void {
    switch (rerated.kind) {
      case "beside":
        this.#beside = added(this.#beside, call, call.paid);
        return;
      case "blocked": {
        const { code } = rerated;
        const before = this.#blocked.get(code) ?? NOTHING;
        this.#blocked.set(code, added(before, call, call.paid));
        return;
      }
      case "unchanged":
        this.#count(call, rerated.total, "unchanged");
        return;
      case "recharged":
        this.#count(call, rerated.total, "recharged");
        this.lever(call, rerated, { kind: "asked", because: null });
        return;
      case "expected":
        this.#count(call, rerated.total, rerated.exact ? "exact" : "expected");
        this.lever(call, rerated, { kind: "asked", because: null });
        return;
      default:
        rerated satisfies never;
    }
  }

  /** A request of which only levers are looked for. */
  look(call: PastCall): void {
    this.#count(call, call.paid, "unchanged");
  }

  /** What one change alone makes of a request. */
  lever(
    call: PastCall,
    { change, total, to }: Pick<Lever, "change" | "to"> & { readonly total: PicoUsd },
    of: Pick<Lever, "kind" | "because">,
  ): void {
    const { key } = call;
    const { model, quality = null } = call.order;
    const name = JSON.stringify([of.kind, key, model, quality, change]);
    const before = this.#levers.get(name) ?? { ...NOTHING, ...of, change, to, key, model, quality };
    this.#levers.set(name, { ...before, ...added(before, call, total) });
  }

  #count(call: PastCall, total: PicoUsd, by: FoundBy): void {
    this.#all = added(this.#all, call, total);
    this.#paidBy.set(call.paidBy, (this.#paidBy.get(call.paidBy) ?? 0) + call.requests);
    this.#foundBy.set(by, (this.#foundBy.get(by) ?? 0) + call.requests);
  }

  /** What it comes to; levers with the greatest saving first. */
  sums(): Sums {
    return {
      all: this.#all,
      beside: this.#beside,
      blocked: [...this.#blocked]
        .map(([code, sum]) => ({ code, ...sum }))
        .toSorted((left, right) => right.requests - left.requests),
      paidBy: Object.fromEntries(this.#paidBy),
      foundBy: Object.fromEntries(this.#foundBy),
      levers: [...this.#levers.values()].toSorted(bySaving),
    };
  }
}

export type Sums = {
  /** Requests that could have run that way. */
  readonly all: Sum;
  /** Requests that the choice isn't about. */
  readonly beside: Sum;
  /** Requests that couldn't have run that way, by what refuses them. */
  readonly blocked: readonly (Sum & { readonly code: string })[];
  readonly paidBy: { readonly [by in PaidBy]?: number };
  readonly foundBy: { readonly [by in FoundBy]?: number };
  readonly levers: readonly Lever[];
};

function added(sum: Sum, { requests, images, paid }: PastCall, whatIf: PicoUsd): Sum {
  return {
    requests: sum.requests + requests,
    images: sum.images + images,
    paid: addUsd(sum.paid, paid),
    whatIf: addUsd(sum.whatIf, whatIf),
  };
}

/** Names decide ties, so that the same requests always give the same answer. */
function bySaving(left: Lever, right: Lever): number {
  const [one, other] = [left, right].map(({ paid, whatIf }) => subtractUsd(whatIf, paid));
  if (one !== other) return (one ?? 0n) < (other ?? 0n) ? -1 : 1;
  const nameOf = ({ change, key, model, quality }: Lever): string =>
    JSON.stringify([change, key, model, quality]);
  return nameOf(left) < nameOf(right) ? -1 : 1;
}
