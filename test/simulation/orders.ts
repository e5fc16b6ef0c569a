import type { Ending } from "../../src/ledger/port.ts";
import { newEnding, newRequest, orderOf, recoveredEnding } from "./bills.ts";
import type {
  AccountOrder,
  ChangeOrder,
  CorrectOrder,
  EndOrder,
  FundOrder,
  HoldOrder,
  House,
  JudgeOrder,
  KeyOrder,
  Limits,
  MoveOrder,
  Order,
} from "./language.ts";
import { limitsOf } from "./papers.ts";
import type { Call, Node } from "./past.ts";
import type { World } from "./world.ts";

/** Random orders to a ledger, such as may come in any state of it. */

const CENT = 10_000_000_000n;
/** One amount stays below it, as the law says. */
const AMOUNT_MAX = 999_999_000_000_000_000n;
/** The account whose orders cost fortunes. */
export const RICH = "rich";
const connections = ["first", "second"] as const;

/** From nothing to so many cents, in steps of five. */
function amountUpTo(world: World, cents: number): bigint {
  return BigInt(world.dice.between(0, cents / 5) * 5) * CENT;
}

/** 64 digits, as a hash has. */
function hash(of: number): string {
  return of.toString(16).padStart(64, "0");
}

export function nodesOf(world: World, kind: Node["kind"]): readonly Node[] {
  return [...world.auditor.past.nodes.values()].filter((node) => node.kind === kind);
}

export function openCalls(world: World): readonly Call[] {
  return [...world.auditor.past.calls.values()].filter((call) => call.end === null);
}

/** Open calls whose ending doesn't wait in a spool. */
function unspooledCalls(world: World): readonly Call[] {
  const spooled = world.clients.flatMap((client) => client.spooled.onDisk.map(({ hold }) => hold));
  return openCalls(world).filter((call) => !spooled.includes(call.order.hold));
}

/** Those of the rich account are few and seldom: their orders leave no room for one another. */
function anyOf(world: World, kind: Node["kind"]): Node | undefined {
  const rich = world.dice.chance(3);
  return world.dice.pick(nodesOf(world, kind).filter(({ root }) => (root === RICH) === rich));
}

function anyKey(world: World): Node | undefined {
  return anyOf(world, "key");
}

function anyAccount(world: World): Node | undefined {
  return anyOf(world, "account");
}

/** The lower of two, so that trees grow down to where the law ends them. */
function lowAccount(world: World): Node | undefined {
  const { nodes } = world.auditor.past;
  const depth = (node: Node | undefined): number =>
    node === undefined ? 0 : 1 + depth(nodes.get(node.parent ?? ""));
  const [one, other] = [anyAccount(world), anyAccount(world)];
  return depth(one) < depth(other) ? other : one;
}

export function newHold(world: World, key: Node | undefined = anyKey(world)): HoldOrder[] {
  if (key?.parent == null) return [];
  const { dice, papers } = world;
  const serial = world.serial();
  const hold = `rcpt_${serial}`;
  const accountId = papers.idOf(key.parent);
  const request = newRequest(dice, { id: hold, accountId, key, rich: key.root === RICH });
  const order: HoldOrder = {
    ...{ do: "hold", hold, account: key.parent, key: key.name, content: serial },
    ...{ amount: request.amount, vendorAmount: request.vendorAmount ?? request.amount },
    images: request.facts.n,
    connection: dice.oneOf(connections),
    connectionLimits: {},
    intent: dice.chance(15) ? { scope: hash(dice.below(3)), body: hash(dice.below(2)) } : null,
    adopt: dice.chance(12) ? hash(dice.below(2)) : null,
    process: world.anyClient().process,
  };
  return [withPaper(world, order, request)];
}

function withPaper(world: World, order: HoldOrder, request: ReturnType<typeof newRequest>) {
  const { connection, intent, adopt, process } = order;
  const limits = world.connectionLimits[connection] ?? {};
  world.papers.holds.set(order.content, {
    ...{ ...request, connection },
    admission: { process, connectionLimits: limitsOf(limits), intent, adopt },
  });
  return { ...order, connectionLimits: limits };
}

/** The same order under ids of its own. */
export function again(world: World, order: HoldOrder): HoldOrder {
  const serial = world.serial();
  const request = requestOf(world, order);
  const copy = { ...order, hold: `rcpt_${serial}`, content: serial };
  world.papers.holds.set(serial, { ...request, id: copy.hold });
  return copy;
}

function requestOf(world: World, order: HoldOrder) {
  const request = world.papers.holds.get(order.content);
  if (request === undefined) throw new Error(`no paper of ${order.hold}`);
  return request;
}

/** Ends a hold one way or another; now and then as recovery would. */
export function newEnd(world: World, order: HoldOrder): EndOrder {
  const request = requestOf(world, order);
  const swept = world.dice.chance(6);
  const ending = swept ? recoveredEnding(request) : newEnding(world.dice, request);
  return fileEnding(world, ending);
}

function fileEnding(world: World, ending: Ending): EndOrder {
  return orderOf(ending, world.papers.fileEnding(ending, `end ${world.serial()}`));
}

/** The void that recovery posts of a hold. */
export function recoveredOrder(world: World, order: HoldOrder): EndOrder {
  return fileEnding(world, recoveredEnding(requestOf(world, order)));
}

/** Ends an open hold; seldom one that has ended, or whose ending waits in a spool. */
export function endSome(world: World): EndOrder[] {
  const { dice } = world;
  const from = dice.weighed([
    [92, () => unspooledCalls(world)],
    [4, () => openCalls(world)],
    [4, () => [...world.auditor.past.calls.values()]],
  ])();
  const call = dice.pick(from);
  return call === undefined ? [] : [newEnd(world, call.order)];
}

export function newAccountOrder(world: World): AccountOrder[] {
  const { dice } = world;
  const roots = nodesOf(world, "account").filter((node) => node.parent === null);
  const isRoot = roots.length < 2 || (roots.length < 5 && dice.chance(15));
  const parent = isRoot ? null : (lowAccount(world)?.name ?? null);
  const prepaid = dice.chance(isRoot ? 60 : 3);
  const name = `account-${world.serial()}`;
  const limits = dice.chance(30) ? newLimits(world) : {};
  return [{ do: "account", name, parent, prepaid, limits }];
}

export function newKeyOrder(world: World): KeyOrder[] {
  const account = anyAccount(world);
  if (account === undefined) return [];
  const limits = world.dice.chance(25) ? newLimits(world) : {};
  return [{ do: "key", name: `key-${world.serial()}`, account: account.name, limits }];
}

function newLimits(world: World): Limits {
  const some = (cents: number) => (world.dice.chance(40) ? amountUpTo(world, cents) : undefined);
  const limits = { day: some(800), month: some(2_500), total: some(9_000) };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

/** Sets limits, lowers them below what is used, takes them away; the house's and a key's rate too. */
export function newChange(world: World): ChangeOrder[] {
  const { dice } = world;
  const node = dice.pick([...world.auditor.past.nodes.values()]);
  if (node === undefined) return [];
  const order = { do: "change", node: node.name } as const;
  if (node.parent === null && dice.chance(50)) {
    return [{ ...order, house: dice.chance(40) ? null : newHouse(world) }];
  }
  if (node.kind === "key" && dice.chance(60)) {
    const rate = {
      ...(dice.chance(70) ? { requestsPerMinute: dice.between(1, 5) } : {}),
      ...(dice.chance(50) ? { imagesPerMinute: dice.between(1, 25) } : {}),
    };
    return [{ ...order, rate: dice.chance(30) ? null : rate }];
  }
  const gone = { day: null, month: null, total: null };
  return [{ ...order, limits: dice.chance(40) ? gone : newLimits(world) }];
}

export function newHouse(world: World): House {
  const some = (cents: number) =>
    world.dice.chance(50) ? amountUpTo(world, cents) + 50n * CENT : undefined;
  const house = {
    exposureHour: some(1_000),
    vendorCostDay: some(3_000),
    vendorCostMonth: some(9_000),
  };
  return Object.fromEntries(Object.entries(house).filter(([, limit]) => limit !== undefined));
}

export function newMove(world: World): MoveOrder[] {
  const [account, parent] = [anyAccount(world), lowAccount(world)];
  if (account === undefined || parent === undefined) return [];
  return [{ do: "move", account: account.name, parent: parent.name }];
}

export function newFund(world: World): FundOrder[] {
  const { dice } = world;
  const prepaid = nodesOf(world, "account").filter((node) => node.prepaid);
  const account = dice.chance(90) ? dice.pick(prepaid) : anyAccount(world);
  if (account === undefined) return [];
  const entry = `fund_${world.serial()}`;
  return [{ do: "fund", account: account.name, entry, amount: amountUpTo(world, 1_500) + CENT }];
}

/** Lowers charges and fundings, says what vendors billed; mostly what there is, at times what there isn't. */
export function newCorrection(world: World): CorrectOrder[] {
  const { dice, auditor } = world;
  const call = dice.pick([...auditor.past.calls.values()].slice(-150));
  const [entry, now] = dice.weighed<() => readonly [string | undefined, bigint]>([
    [30, () => [call && `${call.order.hold}.end`, call?.end?.charge ?? 0n]],
    [20, () => [call && `${call.order.hold}.cost`, call?.end?.cost ?? 0n]],
    [25, () => feared(world)],
    [10, () => [call && `${call.order.hold}.late`, call?.end?.late?.cost ?? 0n]],
    [5, () => [call && `${call.order.hold}.overrun`, call?.end?.order.overrun ?? 0n]],
    [
      10,
      () =>
        dice.pick([...auditor.past.funds].map(([name, f]) => [name, f.now] as const)) ?? ["", 0n],
    ],
    [3, () => [dice.pick([...auditor.past.corrections.keys()]), CENT]],
    [3, () => [call?.order.hold, CENT]],
  ])();
  if (entry === undefined || entry === "") return [];
  const wanted = dice.oneOf([0n, now / 2n, now, now * 2n, now + CENT]);
  const amount = wanted < AMOUNT_MAX ? wanted : AMOUNT_MAX;
  return [{ do: "correct", entry: `correction_${world.serial()}`, corrects: entry, amount }];
}

/** Says of a picture whether it was kept; at times of one that there isn't, and often of one judged before. */
export function newVerdict(world: World): JudgeOrder[] {
  const { dice, auditor } = world;
  const calls = [...auditor.past.calls.values()];
  const made = calls.filter(({ end }) => end?.order.outcome === "made");
  const judged = made.filter(({ order }) => auditor.past.verdicts.has(order.hold));
  const call = dice.pick(
    dice.weighed([
      [60, () => made],
      [30, () => judged],
      [10, () => calls],
    ])(),
  );
  if (call === undefined) return [];
  const image = dice.below((call.end?.order.images ?? 0) + (dice.chance(10) ? 1 : 0));
  return [{ do: "judge", hold: call.order.hold, image, kept: dice.chance(70) }];
}

function feared(world: World): readonly [string | undefined, bigint] {
  const exposed = [...world.auditor.past.calls.values()].filter(
    ({ end }) => (end?.order.exposure ?? 0n) > 0n,
  );
  const call = world.dice.pick(exposed);
  return [call && `${call.order.hold}.exposure`, call?.end?.order.exposure ?? 0n];
}

export function newTask(world: World): Order[] {
  const call = world.dice.pick(openCalls(world));
  if (call === undefined) return [];
  return [{ do: "task", hold: call.order.hold, task: `task-${world.dice.below(3)}` }];
}

export function newOffer(world: World): Order[] {
  const call = world.dice.pick(openCalls(world).slice(-20));
  if (call === undefined) return [];
  const untilMs = world.dice.oneOf([60_000, 600_000]);
  const { hold } = call.order;
  // A call has one body for good.
  return [{ do: "offer", hold, body: hash(Number(hold.slice(-1)) % 2), untilMs }];
}

/** Asks what a call asks that was offered. */
export function newAdoption(world: World): HoldOrder[] {
  const { nodes, calls, offers } = world.auditor.past;
  const offer = world.dice.pick([...offers.values()].slice(-3));
  const key = offer && calls.get(offer.hold)?.order.key;
  const [order] = key === undefined ? [] : newHold(world, nodes.get(key));
  if (order === undefined || offer === undefined) return [];
  const asked = { ...order, intent: null, adopt: offer.body };
  return [withPaper(world, asked, requestOf(world, order))];
}

export function newRevoke(world: World): Order[] {
  const key = anyKey(world);
  return key === undefined ? [] : [{ do: "revoke", key: key.name }];
}

/** An order that was given before, word for word; or its id with another content. */
export function repeated(world: World): Order[] {
  const kinds = ["hold", "end", "fund", "correct", "task"];
  const order = world.dice.pick(world.history.filter((each) => kinds.includes(each.do)));
  if (order === undefined) return [];
  return [world.dice.chance(75) ? order : changedOrder(world, order)];
}

function changedOrder(world: World, order: Order): Order {
  switch (order.do) {
    case "hold": {
      const content = world.serial();
      world.papers.holds.set(content, { ...requestOf(world, order), user: content });
      return { ...order, content };
    }
    case "end": {
      const call = world.auditor.past.calls.get(order.hold);
      return call === undefined ? order : newEnd(world, call.order);
    }
    case "fund":
    case "correct":
      return { ...order, amount: order.amount + CENT };
    default:
      return order;
  }
}
