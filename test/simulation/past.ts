import { windowsAt } from "./calendar.ts";
import type { EndOrder, HoldOrder, House, Limits, OfferOrder, Rate } from "./language.ts";

/** All that happened, as the auditor remembers it: lists, no counter and no balance. Sums are made anew. */
export type Past = {
  readonly nodes: Map<string, Node>;
  readonly calls: Map<string, Call>;
  readonly funds: Map<string, Fund>;
  readonly corrections: Map<string, Corrected>;
  /** By call, then by picture: whether it was kept, as was said last. */
  readonly verdicts: Map<string, ReadonlyMap<number, boolean>>;
  readonly offers: Map<string, Offer>;
  /** By root: nothing can be adopted any more after this instant. */
  readonly offeredUntil: Map<string, number>;
  readonly alerts: Map<string, SaidAlert>;
  /** By key: what was accepted in its newest minute. */
  readonly minutes: Map<string, { minute: number; requests: number; images: number }>;
};

export type Node = {
  readonly name: string;
  readonly kind: "account" | "key";
  readonly parent: string | null;
  readonly root: string;
  readonly prepaid: boolean;
  readonly limits: Limits;
  readonly house: House;
  readonly rate: Rate | null;
};

export type Call = {
  readonly order: HoldOrder;
  readonly root: string;
  /** Key, account and all above it, as they stood when it was held. */
  readonly path: readonly string[];
  readonly atMs: number;
  readonly day: string;
  readonly month: string;
  readonly task: string | null;
  readonly end: End | null;
};

/** An ending, its charge and cost as corrections left them. */
export type End = {
  readonly order: EndOrder;
  readonly atMs: number;
  readonly charge: bigint;
  readonly cost: bigint;
  readonly billed: bigint | null;
  readonly late: { readonly cost: bigint; readonly posted: bigint; readonly atMs: number } | null;
};

export type Fund = { readonly root: string; readonly posted: bigint; readonly now: bigint };
export type Offer = OfferOrder & { readonly sinceMs: number; readonly taken: boolean };

export type Corrected = {
  readonly corrects: string;
  readonly of: string;
  readonly before: bigint;
  readonly after: bigint;
};

export type SaidAlert = {
  readonly nodeId: string;
  readonly limit: string;
  readonly window: string;
  readonly threshold: number;
  readonly used: bigint;
  readonly of: bigint;
  readonly createdMs: number;
};

export type Used = { readonly settled: bigint; readonly held: bigint };
export type UsedIn = (node: string, window: "day" | "month" | "total") => Used;

export function copyOf(past: Past | undefined): Past {
  return {
    nodes: new Map(past?.nodes),
    calls: new Map(past?.calls),
    funds: new Map(past?.funds),
    corrections: new Map(past?.corrections),
    verdicts: new Map(past?.verdicts),
    offers: new Map(past?.offers),
    offeredUntil: new Map(past?.offeredUntil),
    alerts: new Map(past?.alerts),
    minutes: new Map(past?.minutes),
  };
}

/** A node and all above it; none for a name that isn't there. */
export function pathOf(past: Past, name: string): readonly Node[] {
  const node = past.nodes.get(name);
  if (node === undefined) return [];
  return node.parent === null ? [node] : [node, ...pathOf(past, node.parent)];
}

export function accountNamed(past: Past, name: string | null): Node | undefined {
  const node = name === null ? undefined : past.nodes.get(name);
  return node?.kind === "account" ? node : undefined;
}

export function callsIn(past: Past, root: string): readonly Call[] {
  return [...past.calls.values()].filter((call) => call.root === root);
}

/** What the books of a root must hold: what came in, and where it went. */
export function booksOf(past: Past, root: string) {
  const calls = callsIn(past, root);
  const funds = [...past.funds.values()].filter((fund) => fund.root === root);
  const funded = sum(funds, (fund) => fund.now);
  const held = sum(calls, (call) => usedBy(call).held);
  const revenue = sum(calls, (call) => usedBy(call).settled);
  const payable = sum(calls, knownCost);
  const available = funded - held - revenue;
  return { cash: -funded, available, held, revenue, house: -payable, vendor_payable: payable };
}

/** What every node of a root has used in the windows that are open now. */
export function usedIn(past: Past, root: string, nowMs: number): UsedIn {
  const { day, month } = windowsAt(nowMs);
  const sums = new Map<string, { [window in "day" | "month" | "total"]: Sum }>();
  const nothing = (): Sum => ({ settled: 0n, held: 0n });
  for (const call of callsIn(past, root)) {
    const { settled, held } = usedBy(call);
    for (const node of call.path) {
      const at = sums.get(node) ?? { day: nothing(), month: nothing(), total: nothing() };
      sums.set(node, at);
      const open = [at.total];
      if (call.day === day) open.push(at.day);
      if (call.month === month) open.push(at.month);
      for (const window of open) {
        window.settled += settled;
        window.held += held;
      }
    }
  }
  return (node, window) => sums.get(node)?.[window] ?? nothing();
}

type Sum = { settled: bigint; held: bigint };

export function sum<Item>(items: readonly Item[], of: (item: Item) => bigint): bigint {
  return items.reduce((total, item) => total + of(item), 0n);
}

export function total({ settled, held }: Used): bigint {
  return settled + held;
}

function usedBy({ order, end }: Call): Used {
  return end === null ? { settled: 0n, held: order.amount } : { settled: end.charge, held: 0n };
}

/** What a vendor has billed for a call, as far as it is known. */
export function knownCost({ end }: Call): bigint {
  return end === null ? 0n : end.cost + (end.billed ?? 0n) + (end.late?.cost ?? 0n);
}

/** What a vendor may bill still. */
export function openExposure({ end }: Call): bigint {
  return end === null || end.billed !== null ? 0n : end.order.exposure;
}

/** What the house must reckon with for a call. */
export function vendorCost(call: Call): bigint {
  return call.end === null ? call.order.vendorAmount : knownCost(call) + openExposure(call);
}

/** What of a call nobody is charged for, in the hour in which it arose. */
export function lossIn({ end }: Call, hour: string): bigint {
  if (end === null) return 0n;
  const uncharged = end.order.outcome === "made" ? end.order.overrun : end.cost;
  const ended = uncharged + (end.billed ?? end.order.exposure);
  const then = windowsAt(end.atMs).hour === hour ? ended : 0n;
  // What came late stays in its hour, whatever corrections say of it afterwards.
  const late = end.late !== null && windowsAt(end.late.atMs).hour === hour ? end.late.posted : 0n;
  return then + late;
}
