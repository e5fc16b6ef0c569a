import {
  addUsd,
  formatUsd,
  type PicoUsd,
  picoUsd,
  subtractUsd,
  sumUsd,
  ZERO_USD,
} from "../../money/pico-usd.ts";
import { type Difference, type JudgedBy, NO_DIFFERENCE } from "./difference.ts";
import type { JournalCall, MeterLine, UnsurePart } from "./journal-call.ts";
import { MIDNIGHT_MS } from "./moved.ts";
import { ceilingProposal, exposureProposal, keepAll, type Proposal } from "./proposals.ts";
import {
  agrees,
  amountOff,
  atList,
  divideNearest,
  inTerms,
  quantityOff,
  type Slot,
  signOf,
  sizeOf,
  type Terms,
} from "./slots.ts";
import type { Unit } from "./units.ts";

/** What a bill says of calls whose cost nobody knew: all that it has beyond the known ones, where that fits. */

export type SettledUnsure =
  | {
      readonly kind: "settled";
      readonly differences: ReadonlyMap<Slot, Difference>;
      readonly findings: readonly never[];
      readonly proposals: readonly Proposal[];
    }
  /** The bill doesn't tell, and why. */
  | { readonly kind: "unclear"; readonly why: string };

type Part = { readonly call: JournalCall; readonly part: UnsurePart };

export function settleUnsure(unit: Unit, slots: readonly Slot[], by: JudgedBy): SettledUnsure {
  const { terms } = by;
  const parts = unit.calls.flatMap((call) => call.unsure.map((part) => ({ call, part })));
  if (parts.length === 0) return { kind: "unclear", why: "" };
  const obstacle = obstacleIn(unit, slots, { parts, by });
  if (obstacle !== undefined) return { kind: "unclear", why: obstacle };
  const off = new Map(
    slots.map((slot) => [slot, agrees(slot) ? ZERO_USD : amountOff(slot)] as const),
  );
  const total = sumUsd([...off.values()]);
  const differences = new Map(
    [...off].map(([slot, settled]) => [slot, { ...NO_DIFFERENCE, settled }] as const),
  );
  const shares = sharesOf(unit, parts, { total, slots, terms, images: by.imagesBilled(unit) });
  const proposals =
    shares === undefined
      ? keepAll(
          unit,
          `${parts.length} calls share ${formatUsd(total)} USD of these days: the bill doesn't tell whose it is`,
        )
      : proposalsOf(unit, parts, { shares, slots, terms });
  return { kind: "settled", differences, findings: [], proposals };
}

/** Why what the bill has beyond the known calls can't be that of the unsure ones. */
function obstacleIn(
  unit: Unit,
  slots: readonly Slot[],
  { parts, by }: { readonly parts: readonly Part[]; readonly by: JudgedBy },
): string | undefined {
  if (unit.lines.length === 0 && parts.some(({ call }) => nearEnd(call, by))) {
    return "it ended at the edge of the period: the bill after this one may hold it";
  }
  for (const slot of slots) {
    if (agrees(slot)) continue;
    const most = mostIn(slot, parts);
    const known = `${slot.name} of these days: billed ${formatUsd(slot.billed)} USD, known ${formatUsd(slot.expected)}`;
    if (signOf(slot) < 0) return `${known}, which is more than was billed`;
    const bound = sumUsd(most.map(({ amount }) => inTerms(amount, by.terms)));
    if (amountOff(slot) > addUsd(bound, slot.slack)) {
      return `${known} and at most ${formatUsd(bound)} more: the bill has something else in it`;
    }
    if (!fitsQuantity(slot, most, by.terms)) {
      return `${known}: the price isn't the journal's`;
    }
  }
  return undefined;
}

/** Where the bill counts, amount and quantity must tell of the same price. */
function fitsQuantity(slot: Slot, most: readonly MeterLine[], terms: Terms): boolean {
  const off = quantityOff(slot);
  if (off === null) return true;
  const quantity = most.reduce((sum, line) => sum + line.quantity, 0n);
  if (off <= 0n || off > quantity) return false;
  const prices = new Set(most.map(({ unitPrice }) => unitPrice));
  const [price] = prices;
  if (prices.size !== 1 || price === undefined) return true;
  const amount = inTerms(picoUsd(price * off), terms);
  return sizeOf(subtractUsd(amountOff(slot), amount)) <= slot.slack;
}

function mostIn({ name }: Slot, parts: readonly Part[]): MeterLine[] {
  return parts
    .flatMap(({ part }) => part.most)
    .filter(({ meter }) => name === "all" || meter === name);
}

/**
 * A vendor that counted no more pictures than came made none for the calls of unknown outcome: what it billed is
 * then for those whose pictures came.
 */
function sharesOf(
  unit: Unit,
  parts: readonly Part[],
  of: Parameters<typeof shareOut>[1] & { readonly images: bigint | null },
): readonly PicoUsd[] | undefined {
  const came = unit.calls.reduce((sum, { images }) => sum + BigInt(images), 0n);
  const feared = parts.filter(({ part }) => part.of === "exposure");
  const charged = parts.filter(({ part }) => part.of === "ceiling");
  if (of.images !== came || feared.length === 0 || charged.length === 0) return shareOut(parts, of);
  const shares = shareOut(charged, of);
  if (shares === undefined) return undefined;
  const by = new Map(charged.map((part, index) => [part, shares[index] ?? ZERO_USD] as const));
  return parts.map((part) => by.get(part) ?? ZERO_USD);
}

/** Each part's share of what was billed beyond the known; undefined where nothing tells whose it is. */
function shareOut(
  parts: readonly Part[],
  of: { readonly total: PicoUsd; readonly slots: readonly Slot[]; readonly terms: Terms },
): readonly PicoUsd[] | undefined {
  const { total, slots, terms } = of;
  if (parts.length === 1) return [total];
  if (total === ZERO_USD) return parts.map(() => ZERO_USD);
  const mosts = parts.map(({ part }) =>
    inTerms(sumUsd(part.most.map(({ amount }) => amount)), terms),
  );
  const slack = sumUsd(slots.map((slot) => slot.slack));
  if (sizeOf(subtractUsd(total, sumUsd(mosts))) <= slack) return evened(mosts, total);
  const [first, ...rest] = parts;
  if (first === undefined || !rest.every((part) => isLike(first, part))) return undefined;
  const count = BigInt(parts.length);
  return evened(
    parts.map(() => picoUsd(total / count)),
    total,
  );
}

/** The first takes what is left over, so that the shares are all of it. */
function evened(shares: readonly PicoUsd[], total: PicoUsd): PicoUsd[] {
  const left = subtractUsd(total, sumUsd(shares));
  return shares.map((share, index) => (index === 0 ? addUsd(share, left) : share));
}

/** The same account asked for the same, and as little is known of both: whose share is whose changes no balance. */
function isLike(left: Part, right: Part): boolean {
  const of = ({ call, part }: Part) =>
    [
      ...[call.accountId, part.of],
      ...part.most.map(({ meter, quantity, unitPrice }) => `${meter} ${quantity} ${unitPrice}`),
    ].join("\n");
  return of(left) === of(right);
}

function proposalsOf(
  unit: Unit,
  parts: readonly Part[],
  of: {
    readonly shares: readonly PicoUsd[];
    readonly slots: readonly Slot[];
    readonly terms: Terms;
  },
): Proposal[] {
  const { shares, slots, terms } = of;
  const billed = sumUsd(slots.map((slot) => slot.billed));
  const net = sumUsd(slots.map((slot) => slot.net));
  const by = new Map<
    string,
    { readonly call: JournalCall; readonly of: UnsurePart["of"]; share: PicoUsd }
  >();
  for (const [index, { call, part }] of parts.entries()) {
    const key = `${call.receiptId} ${part.of}`;
    const share = shares[index] ?? ZERO_USD;
    const before = by.get(key);
    if (before === undefined) by.set(key, { call, of: part.of, share });
    else before.share = addUsd(before.share, share);
  }
  return [...by.values()].map(({ call, of: kind, share }) => {
    const told = {
      list: atList(share, terms),
      // Where the bill takes a discount off, this call bears its part of it.
      net: billed === ZERO_USD || net === billed ? share : divideNearest(share * net, billed),
      reason: reasonOf(share, { parts: parts.length, unit }),
    };
    return kind === "ceiling"
      ? ceilingProposal(unit, call, told)
      : exposureProposal(unit, call, told);
  });
}

function reasonOf(
  share: PicoUsd,
  { parts, unit }: { readonly parts: number; readonly unit: Unit },
): string {
  const days = unit.from === unit.to ? unit.from : `${unit.from} to ${unit.to}`;
  const where = unit.requestId === null ? `${unit.model} on ${days}` : `request ${unit.requestId}`;
  if (share === ZERO_USD) return `${where}: billed nothing beyond what is known`;
  const whose = parts === 1 ? "" : `, a share of ${parts} calls that are alike`;
  return `${where}: billed ${formatUsd(share)} USD beyond what is known${whose}`;
}

function nearEnd({ startedMs, endedMs }: JournalCall, { edges }: JudgedBy): boolean {
  return startedMs < edges.fromMs + MIDNIGHT_MS || endedMs >= edges.beforeMs - MIDNIGHT_MS;
}
