import { COUNTER_MAX, LEVELS_MAX, TEN_MINUTES, windowsAt } from "./calendar.ts";
import {
  adopted,
  availableTo,
  newAlerts,
  noHouseRoom,
  noRoom,
  rateAt,
  sameIntent,
} from "./hold-rules.ts";
import type {
  AccountOrder,
  ChangeOrder,
  CorrectOrder,
  EndOrder,
  Figures,
  FundOrder,
  HoldOrder,
  JudgeOrder,
  KeyOrder,
  Limits,
  MoveOrder,
  OfferOrder,
  Order,
  Outcome,
  TaskOrder,
} from "./language.ts";
import {
  accountNamed,
  booksOf,
  callsIn,
  copyOf,
  type End,
  type Past,
  pathOf,
  sum,
  usedIn,
  vendorCost,
} from "./past.ts";

const BUG: Outcome = { kind: "bug" };
/** An id that stands for another content already. */
const CONFLICT: Outcome = { kind: "conflict" };

/**
 * Says what a ledger must answer to every order, and what every account must show, from nothing but the
 * list of what happened. Shares no code with `src/`.
 */
export class Auditor {
  readonly past: Past;

  /** @param before goes on from there, on a copy. */
  constructor(before?: Auditor) {
    this.past = copyOf(before?.past);
  }

  /** Predicts what comes of an order and takes it as done. */
  take(order: Order, nowMs: number): Outcome {
    switch (order.do) {
      case "account":
        return makeAccount(this.past, order);
      case "key":
        return makeKey(this.past, order);
      case "change":
        return change(this.past, order);
      case "move":
        return move(this.past, order);
      case "fund":
        return fund(this.past, order);
      case "hold":
        return hold(this.past, order, nowMs);
      case "end":
        return end(this.past, order, nowMs);
      case "correct":
        return correct(this.past, order);
      case "judge":
        return judge(this.past, order);
      case "offer":
        return offer(this.past, order, nowMs);
      case "task":
        return noteTask(this.past, order);
      case "revoke":
        // A revoked key still ends what it began, and what was let in before still holds.
        return { kind: this.past.nodes.has(order.key) ? "revoked" : "unknown" };
      default:
        return order satisfies never;
    }
  }

  /** Every account's figures, by name. */
  figures(nowMs: number): readonly Figures[] {
    const { past } = this;
    const accounts = [...past.nodes.values()].filter((node) => node.kind === "account");
    const roots = [...new Set(accounts.map(({ root }) => root))];
    const figures = roots.flatMap((root) => {
      const used = usedIn(past, root, nowMs);
      return accounts
        .filter((account) => account.root === root)
        .map(({ name, parent, limits }) => {
          const available = availableTo(past, pathOf(past, name), used);
          return { name, parent, limits, ...used(name, "total"), available };
        });
    });
    return figures.sort((left, right) => (left.name < right.name ? -1 : 1));
  }
}

function refused(reason: string): Outcome {
  return { kind: "refused", reason };
}

function changed(limits: Limits, by: Limits): Limits {
  const all = Object.entries({ ...limits, ...by });
  return Object.fromEntries(all.filter(([, limit]) => limit !== null && limit !== undefined));
}

function makeAccount(past: Past, { name, parent, prepaid, limits }: AccountOrder): Outcome {
  const above = accountNamed(past, parent);
  if (parent !== null && above === undefined) return refused("unknown_parent");
  if (above !== undefined && prepaid) return refused("prepaid_below_root");
  if (pathOf(past, parent ?? "").length >= LEVELS_MAX) return refused("too_deep");
  const root = above?.root ?? name;
  const node = { name, kind: "account", parent, root, prepaid, house: {}, rate: null } as const;
  past.nodes.set(name, { ...node, limits: changed({}, limits) });
  return { kind: "created" };
}

function makeKey(past: Past, { name, account, limits }: KeyOrder): Outcome {
  const above = accountNamed(past, account);
  if (above === undefined) return { kind: "unknown" };
  const node = { name, kind: "key", parent: account, root: above.root, prepaid: false } as const;
  past.nodes.set(name, { ...node, limits: changed({}, limits), house: {}, rate: null });
  return { kind: "created" };
}

function change(past: Past, { node: name, limits, house, rate }: ChangeOrder): Outcome {
  const node = past.nodes.get(name);
  if (node === undefined) return { kind: "unknown" };
  past.nodes.set(name, {
    ...node,
    limits: changed(node.limits, limits ?? {}),
    house: house === undefined ? node.house : (house ?? {}),
    rate: rate === undefined ? node.rate : rate,
  });
  return { kind: "changed" };
}

function move(past: Past, { account: name, parent }: MoveOrder): Outcome {
  const account = accountNamed(past, name);
  const above = accountNamed(past, parent);
  if (account === undefined) return refused("unknown_account");
  if (above === undefined) return refused("unknown_parent");
  if (account.parent === null) return refused("is_root");
  if (above.root !== account.root) return refused("another_root");
  const path = pathOf(past, parent);
  if (path.includes(account)) return refused("cycle");
  const depths = [...past.nodes.values()]
    .filter((node) => node.kind === "account")
    .map((node) => pathOf(past, node.name).indexOf(account) + 1);
  if (path.length + Math.max(...depths) > LEVELS_MAX) return refused("too_deep");
  past.nodes.set(name, { ...account, parent });
  return { kind: "moved" };
}

function fund(past: Past, { account: name, entry, amount }: FundOrder): Outcome {
  const account = accountNamed(past, name);
  if (account === undefined) return refused("unknown_account");
  if (!account.prepaid) return refused("not_prepaid");
  const known = past.funds.get(entry);
  if (known !== undefined) {
    return known.posted === amount && known.root === name ? { kind: "funded" } : CONFLICT;
  }
  if (amount - booksOf(past, name).cash > COUNTER_MAX) return refused("range");
  past.funds.set(entry, { root: name, posted: amount, now: amount });
  return { kind: "funded" };
}

function hold(past: Past, order: HoldOrder, nowMs: number): Outcome {
  const account = accountNamed(past, order.account);
  if (account === undefined) return { kind: "unknown_account" };
  const known = past.calls.get(order.hold);
  if (known !== undefined) {
    const again = { kind: "held", createdMs: known.atMs, rate: null, alerts: [] };
    return known.order.content === order.content ? again : CONFLICT;
  }
  const key = past.nodes.get(order.key);
  const path = pathOf(past, order.key);
  const root = path.at(-1);
  if (key?.parent !== order.account || root === undefined) return BUG;
  const at = { root: root.name, nowMs };
  const before = sameIntent(past, order, at) ?? adopted(past, order, at);
  if (before !== undefined) return before;
  const rate = rateAt(past, key, { images: order.images, nowMs });
  if (rate?.fits === false) return { kind: "rate_limited", rate: rate.state };
  const refusal = noRoom(past, order, { path, nowMs }) ?? noHouseRoom(past, order, { root, nowMs });
  if (refusal !== undefined) return refusal;
  const { day, month } = windowsAt(nowMs);
  const place = { root: root.name, path: path.map(({ name }) => name), atMs: nowMs, day, month };
  past.calls.set(order.hold, { order, ...place, task: null, end: null });
  if (rate !== undefined) past.minutes.set(key.name, rate.after);
  const alerts = newAlerts(past, { path, root, nowMs });
  return { kind: "held", createdMs: nowMs, rate: rate?.state ?? null, alerts };
}

function end(past: Past, order: EndOrder, nowMs: number): Outcome {
  const call = past.calls.get(order.hold);
  if (call === undefined) return BUG;
  const { end } = call;
  if (end === null) {
    const { charge, cost } = order;
    if (charge > call.order.amount) return BUG;
    const ended = { order, atMs: nowMs, charge, cost, billed: null, late: null };
    past.calls.set(order.hold, { ...call, end: ended });
    return { kind: "posted" };
  }
  if (end.order.content === order.content) return { kind: "posted" };
  // What recovery said is final; anybody else's other word is a bug.
  if (end.order.outcome !== "recovered") return BUG;
  if (order.cost > 0n && end.late === null) {
    const late = { cost: order.cost, posted: order.cost, atMs: nowMs };
    past.calls.set(order.hold, { ...call, end: { ...end, late } });
  }
  return { kind: "late" };
}

/** An entry that can be mended: what it comes to now, what of that the books know, and what becomes of it. */
type Mendable = {
  readonly of: "charge" | "cost" | "exposure" | "fund";
  readonly root: string;
  readonly now: bigint;
  readonly posted: bigint;
  /** What the house reckons with in the month of the call. */
  readonly reckoned: bigint;
  readonly mend: (after: bigint) => void;
};

type NotMendable = "unknown_entry" | "not_correctable";

function correct(past: Past, { entry, corrects, amount: after }: CorrectOrder): Outcome {
  const known = past.corrections.get(entry);
  if (known !== undefined) {
    const same = known.corrects === corrects && known.after === after;
    const { of, before } = known;
    return same ? { kind: "corrected", of, before, after } : CONFLICT;
  }
  const found = mendable(past, corrects);
  if (typeof found === "string") return { ...refused(found), now: null };
  const { of, now: before, posted } = found;
  const { available, vendor_payable: payable } = booksOf(past, found.root);
  const lowered = of === "charge" || of === "fund";
  const no = (reason: string): Outcome => ({ ...refused(reason), now: before });
  if (lowered && after >= before) return no("not_lower");
  if (of === "fund" && available < before - after) return no("below_held");
  const reckoned = found.reckoned + after - before;
  if (!lowered && (payable + after - posted > COUNTER_MAX || reckoned > COUNTER_MAX)) {
    return no("range");
  }
  found.mend(after);
  past.corrections.set(entry, { corrects, of, before, after });
  return { kind: "corrected", of, before, after };
}

function mendable(past: Past, corrects: string): Mendable | NotMendable {
  const fund = past.funds.get(corrects);
  if (fund !== undefined) {
    const mend = (now: bigint) => void past.funds.set(corrects, { ...fund, now });
    return { of: "fund", root: fund.root, now: fund.now, posted: fund.now, reckoned: 0n, mend };
  }
  if (past.calls.has(corrects) || past.corrections.has(corrects)) return "not_correctable";
  const [name = "", part = ""] = corrects.split(".");
  const call = past.calls.get(name);
  if (call === undefined || call.end === null) return "unknown_entry";
  const { root, end } = call;
  const save = (change: Partial<End>): void =>
    void past.calls.set(name, { ...call, end: { ...end, ...change } });
  const sameMonth = callsIn(past, root).filter((other) => other.month === call.month);
  const reckoned = sum(sameMonth, vendorCost);
  const found = mendablePart(part, end, save);
  return typeof found === "string" ? found : { root, reckoned, ...found };
}

function mendablePart(
  part: string,
  end: End,
  save: (change: Partial<End>) => void,
): Omit<Mendable, "root" | "reckoned"> | NotMendable {
  const { order, late, charge, cost, billed } = end;
  if (part === "end" && order.outcome === "made") {
    return { of: "charge", now: charge, posted: charge, mend: (after) => save({ charge: after }) };
  }
  if (part === "end" || (part === "overrun" && order.overrun > 0n)) return "not_correctable";
  if (part === "cost" && order.cost > 0n) {
    return { of: "cost", now: cost, posted: cost, mend: (after) => save({ cost: after }) };
  }
  if (part === "exposure" && order.exposure > 0n) {
    const now = billed ?? order.exposure;
    return { of: "exposure", now, posted: billed ?? 0n, mend: (after) => save({ billed: after }) };
  }
  if (part !== "late" || late === null) return "unknown_entry";
  const mend = (after: bigint) => save({ late: { ...late, cost: after } });
  return { of: "cost", now: late.cost, posted: late.cost, mend };
}

/** No money moves; the last word on a picture counts, and the same word twice is one. */
function judge(past: Past, { hold: name, image, kept }: JudgeOrder): Outcome {
  const call = past.calls.get(name);
  if (call === undefined) return refused("unknown_receipt");
  if (call.end?.order.outcome !== "made") return refused("not_settled");
  const { images } = call.end.order;
  if (image >= images) return { ...refused("no_such_image"), image, images };
  const verdicts = past.verdicts.get(name);
  if (verdicts?.get(image) === kept) return { kind: "noted", posted: 0, unchanged: 1 };
  past.verdicts.set(name, new Map([...(verdicts ?? []), [image, kept]]));
  return { kind: "noted", posted: 1, unchanged: 0 };
}

function offer(past: Past, order: OfferOrder, nowMs: number): Outcome {
  const call = past.calls.get(order.hold);
  if (call === undefined) return BUG;
  const until = nowMs + order.untilMs + TEN_MINUTES;
  past.offeredUntil.set(call.root, Math.max(past.offeredUntil.get(call.root) ?? 0, until));
  if (!past.offers.has(order.hold)) {
    past.offers.set(order.hold, { ...order, sinceMs: nowMs, taken: false });
  }
  return { kind: "offered" };
}

function noteTask(past: Past, { hold: name, task }: TaskOrder): Outcome {
  const call = past.calls.get(name);
  if (call === undefined) return BUG;
  if (call.task === task) return { kind: "noted" };
  if (call.end !== null || call.task !== null) return BUG;
  past.calls.set(name, { ...call, task });
  return { kind: "noted" };
}
