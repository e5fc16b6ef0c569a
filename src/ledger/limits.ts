import {
  addUsd,
  minUsd,
  type PicoUsd,
  picoUsd,
  subtractUsd,
  sumUsd,
  ZERO_USD,
} from "../money/pico-usd.ts";

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
  const rooms = nodes.flatMap(roomsOf);
  if (root.prepaid) rooms.unshift({ limit: "prepaid", node: root.id, available: root.available });
  return tightest(rooms);
}

/** The room that a hold doesn't fit, the range of the counters included; undefined when it fits all. */
export function roomExceeded(
  amount: PicoUsd,
  root: RootState,
  nodes: readonly NodeState[],
): Room | undefined {
  const room = tightest([tightestRoom(root, nodes), rangeRoom(root, nodes)]);
  return room !== undefined && amount > room.available ? room : undefined;
}

function roomsOf(node: NodeState): Room[] {
  const rooms: Room[] = [];
  for (const limit of windowNames) {
    const most = node.limits[limit];
    if (most === null) continue;
    const { settled, held } = node.used[limit];
    rooms.push({ limit, node: node.id, available: subtractUsd(most, addUsd(settled, held)) });
  }
  return rooms;
}

/** Totals bound days and months, so only they and the root's books can leave the range. */
function rangeRoom(root: RootState, nodes: readonly NodeState[]): Room | undefined {
  const rooms: Room[] = nodes.map((node) => ({
    limit: "range",
    node: node.id,
    available: subtractUsd(COUNTER_MAX, sumUsd([node.used.total.settled, node.used.total.held])),
  }));
  const below = addUsd(COUNTER_MAX, root.available);
  const payable = subtractUsd(COUNTER_MAX, addUsd(root.vendorPayable, root.held));
  rooms.push({ limit: "range", node: root.id, available: minUsd(below, payable) });
  return tightest(rooms);
}

function tightest(rooms: readonly (Room | undefined)[]): Room | undefined {
  let found: Room | undefined;
  for (const room of rooms) {
    if (room === undefined) continue;
    if (found === undefined || room.available < found.available) found = room;
  }
  return found;
}

/** Nothing used: a window that no hold has touched. */
export const NOTHING_USED: Used = { settled: ZERO_USD, held: ZERO_USD };
