import { addUsd, minUsd, type PicoUsd, picoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";

/** Every counter stays within plus or minus this, well inside a signed 64-bit column (MONEY §5). */
export const COUNTER_MAX = picoUsd(9n * 10n ** 18n);

/** Which bound a hold ran into. */
export type LimitName = "prepaid" | "day" | "month" | "total" | "range";

/** A node on the way from key to root: its limits (null: none) and what its open windows hold. */
export type NodeState = {
  readonly id: string;
  readonly limits: { readonly [window in WindowName]: PicoUsd | null };
  readonly used: { readonly [window in WindowName]: Used };
};

type WindowName = "day" | "month" | "total";

/** Used = settled + held. */
export type Used = { readonly settled: PicoUsd; readonly held: PicoUsd };

/** The books of a root, as far as a hold depends on them. */
export type RootState = {
  readonly id: string;
  readonly prepaid: boolean;
  readonly available: PicoUsd;
  readonly held: PicoUsd;
  readonly vendorPayable: PicoUsd;
};

export type Room = {
  readonly limit: LimitName;
  readonly node: string;
  readonly available: PicoUsd;
};

const windowNames: readonly WindowName[] = ["day", "month", "total"];

/**
 * The tightest of everything that a hold must fit; undefined when nothing bounds it but the range.
 * Available may be negative: a limit may have been lowered below what is already used.
 */
export function tightestRoom(root: RootState, nodes: readonly NodeState[]): Room | undefined {
  const { id: node, available } = root;
  let found: Room | undefined = root.prepaid ? { limit: "prepaid", node, available } : undefined;
  for (const { id, limits, used } of nodes) {
    for (const limit of windowNames) {
      const most = limits[limit];
      if (most !== null) found = tighter(found, limit, id, leftOf(most, used[limit]));
    }
  }
  return found;
}

/** The room that a hold doesn't fit, the range of the counters included; undefined when it fits all. */
export function roomExceeded(
  amount: PicoUsd,
  root: RootState,
  nodes: readonly NodeState[],
): Room | undefined {
  const room = rangeRoom(tightestRoom(root, nodes), root, nodes);
  return amount > room.available ? room : undefined;
}

/** Totals bound days and months, so only they and the root's books can leave the range. */
function rangeRoom(tightest: Room | undefined, root: RootState, nodes: readonly NodeState[]): Room {
  let found = tightest;
  for (const { id, used } of nodes) {
    found = tighter(found, "range", id, leftOf(COUNTER_MAX, used.total));
  }
  const below = addUsd(COUNTER_MAX, root.available);
  const payable = subtractUsd(COUNTER_MAX, addUsd(root.vendorPayable, root.held));
  return tighter(found, "range", root.id, minUsd(below, payable));
}

function leftOf(most: PicoUsd, { settled, held }: Used): PicoUsd {
  return subtractUsd(most, addUsd(settled, held));
}

/** The tighter of two rooms, of equal ones the first. Makes a room only where it is the tighter one. */
function tighter(
  found: Room | undefined,
  limit: LimitName,
  node: string,
  available: PicoUsd,
): Room {
  if (found !== undefined && found.available <= available) return found;
  return { limit, node, available };
}

/** Nothing used: a window that no hold has touched. */
export const NOTHING_USED: Used = { settled: ZERO_USD, held: ZERO_USD };
