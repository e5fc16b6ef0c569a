import { COUNTER_MAX, EXPOSURE_HOUR, TEN_MINUTES, windowsAt } from "./calendar.ts";
import type { HoldOrder, Outcome, Rate } from "./language.ts";
import {
  booksOf,
  callsIn,
  lossIn,
  type Node,
  type Past,
  type SaidAlert,
  sum,
  total,
  type UsedIn,
  usedIn,
  vendorCost,
} from "./past.ts";

/** What stands between an order and its hold, rule by rule; undefined where a rule has nothing against it. */

const windows = ["day", "month", "total"] as const;

/** The newest call of an intent runs, or left something that somebody pays for, less than a day ago. */
export function sameIntent(past: Past, { intent }: HoldOrder, of: At): Outcome | undefined {
  if (intent === null) return undefined;
  const calls = callsIn(past, of.root).filter(({ order }) => order.intent?.scope === intent.scope);
  const newest = calls.at(-1);
  if (newest === undefined) return undefined;
  const { end, order } = newest;
  if (end !== null) {
    const { outcome, cost, exposure } = end.order;
    const left = outcome === "made" || cost > 0n || exposure > 0n;
    if (!left || of.nowMs - end.atMs >= 24 * 60 * 60_000) return undefined;
  }
  if (order.intent?.body !== intent.body) return { kind: "intent_reused", holdId: order.hold };
  return { kind: "intent", state: end === null ? "running" : "ended", holdId: order.hold };
}

/** Where and when. */
type At = { readonly root: string; readonly nowMs: number };

/** The call that was offered first and runs, or was made within ten minutes: taken over once. */
export function adopted(past: Past, { key, adopt }: HoldOrder, of: At): Outcome | undefined {
  const { root, nowMs } = of;
  if (adopt === null || (past.offeredUntil.get(root) ?? 0) < nowMs) return undefined;
  const [first] = [...past.offers.values()]
    .filter(({ hold, body, taken }) => {
      const call = past.calls.get(hold);
      if (taken || body !== adopt || call?.order.key !== key) return false;
      const { end } = call;
      return end === null || (end.order.outcome === "made" && nowMs - end.atMs < TEN_MINUTES);
    })
    .sort((left, right) => left.sinceMs - right.sinceMs || (left.hold < right.hold ? -1 : 1));
  if (first === undefined) return undefined;
  past.offers.set(first.hold, { ...first, taken: true });
  return { kind: "adopted", holdId: first.hold };
}

/** What a key has left in this minute, once these images are counted. */
export function rateAt(past: Past, key: Node, of: { images: number; nowMs: number }) {
  if (key.rate === null) return undefined;
  const minute = Math.floor(of.nowMs / 60_000);
  const kept = past.minutes.get(key.name);
  const before = kept?.minute === minute ? kept : { minute, requests: 0, images: 0 };
  const after = { minute, requests: before.requests + 1, images: before.images + of.images };
  const fits = within(after, key.rate);
  const { requests, images } = fits ? after : before;
  const left = (limit: number | undefined, taken: number) =>
    limit === undefined ? null : { limit, left: Math.max(0, limit - taken) };
  const state = {
    requests: left(key.rate.requestsPerMinute, requests),
    images: left(key.rate.imagesPerMinute, images),
    resetMs: 60_000 - (of.nowMs % 60_000),
  };
  return { fits, state, after };
}

function within(used: { requests: number; images: number }, rate: Rate): boolean {
  const { requestsPerMinute = Infinity, imagesPerMinute = Infinity } = rate;
  return used.requests <= requestsPerMinute && used.images <= imagesPerMinute;
}

type Room = { readonly limit: string; readonly node: string; readonly available: bigint };

/** Every limit on the way up, the prepaid balance first. */
function roomsOn(past: Past, path: readonly Node[], used: UsedIn): readonly Room[] {
  const root = path.at(-1);
  const rooms: Room[] = [];
  if (root?.prepaid) {
    const { available } = booksOf(past, root.name);
    rooms.push({ limit: "prepaid", node: root.name, available });
  }
  for (const { name: node, limits } of path) {
    for (const limit of windows) {
      const most = limits[limit] ?? null;
      if (most !== null) rooms.push({ limit, node, available: most - total(used(node, limit)) });
    }
  }
  return rooms;
}

/** The least room; of equal ones the first. */
function tightest(rooms: readonly Room[]): Room | undefined {
  return rooms.find((room) => rooms.every((other) => room.available <= other.available));
}

/** What is left to an account; null where nothing limits it. */
export function availableTo(past: Past, path: readonly Node[], used: UsedIn): bigint | null {
  return tightest(roomsOn(past, path, used))?.available ?? null;
}

/** The tightest of all limits, when the amount doesn't fit it. */
export function noRoom(
  past: Past,
  { amount }: HoldOrder,
  of: { readonly path: readonly Node[]; readonly nowMs: number },
): Outcome | undefined {
  const { path, nowMs } = of;
  const root = path.at(-1)?.name ?? "";
  const used = usedIn(past, root, nowMs);
  const range = (node: string, counted: bigint): Room => {
    return { limit: "range", node, available: COUNTER_MAX - counted };
  };
  const { available, held, vendor_payable: payable } = booksOf(past, root);
  const tight = tightest([
    ...roomsOn(past, path, used),
    ...path.map(({ name }) => range(name, total(used(name, "total")))),
    range(root, -available),
    range(root, payable + held),
  ]);
  const fits = tight === undefined || amount <= tight.available;
  return fits ? undefined : { kind: "refused", required: amount, ...tight };
}

/** The range of the house's counters, then the first of its limits that is reached: the root's own, then the connection's. */
export function noHouseRoom(
  past: Past,
  order: HoldOrder,
  of: { readonly root: Node; readonly nowMs: number },
): Outcome | undefined {
  const { hour, day, month } = windowsAt(of.nowMs);
  const { vendorAmount: required } = order;
  const calls = callsIn(past, of.root.name);
  const feared = sum(
    calls.filter((call) => call.month === month),
    vendorCost,
  );
  const room = COUNTER_MAX - feared;
  if (room < required) {
    return { kind: "refused", limit: "range", node: of.root.name, required, available: room };
  }
  const own = calls.filter((call) => call.order.connection === order.connection);
  const both = [
    { connection: null, limits: of.root.house, counted: calls },
    { connection: order.connection, limits: order.connectionLimits, counted: own },
  ];
  for (const { connection, limits, counted } of both) {
    // A connection of which nothing is said may lose what its root may.
    const exposureHour = limits.exposureHour ?? of.root.house.exposureHour ?? EXPOSURE_HOUR;
    const { vendorCostDay, vendorCostMonth } = limits;
    const inDay = counted.filter((call) => call.day === day);
    const inMonth = counted.filter((call) => call.month === month);
    const each = [
      ["exposureHour", exposureHour, sum(counted, (call) => lossIn(call, hour)), 1n],
      ["vendorCostDay", vendorCostDay, sum(inDay, vendorCost), required],
      ["vendorCostMonth", vendorCostMonth, sum(inMonth, vendorCost), required],
    ] as const;
    for (const [limit, most, taken, needed] of each) {
      if (most === undefined || most - taken >= needed) continue;
      return { kind: "house_refused", limit, connection, required, available: most - taken };
    }
  }
  return undefined;
}

/** The highest of 50, 80 and 100 % that a limit has come to, where it wasn't said in its window before. */
export function newAlerts(
  past: Past,
  of: { readonly path: readonly Node[]; readonly root: Node; readonly nowMs: number },
): readonly SaidAlert[] {
  const { path, root, nowMs } = of;
  const { day, month } = windowsAt(nowMs);
  const names = { day, month, total: "total" };
  const used = usedIn(past, root.name, nowMs);
  const { cash, available } = booksOf(past, root.name);
  const all = total(used(root.name, "total"));
  const { name: nodeId } = root;
  const reached = [
    ...path.flatMap(({ name, limits }) =>
      windows.map((limit) => ({
        ...{ nodeId: name, limit, window: names[limit] },
        ...{ of: limits[limit] ?? 0n, used: total(used(name, limit)) },
      })),
    ),
    {
      ...{ nodeId, limit: "prepaid", window: `${-cash}` },
      ...{ of: root.prepaid ? -cash : 0n, used: -cash - available },
    },
    // Of the range only the last fifth is worth an alarm.
    {
      ...{ nodeId, limit: "range", window: "range" },
      ...{ of: all * 5n >= COUNTER_MAX * 4n ? COUNTER_MAX : 0n, used: all },
    },
  ];
  return reached.flatMap((at) => {
    const threshold = [100, 80, 50].find((each) => at.used * 100n >= at.of * BigInt(each));
    const name = `${at.nodeId} ${at.limit} ${at.window} ${threshold}`;
    if (at.of === 0n || threshold === undefined || past.alerts.has(name)) return [];
    const alert = { ...at, threshold, createdMs: nowMs };
    past.alerts.set(name, alert);
    return [alert];
  });
}
