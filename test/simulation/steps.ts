import { crash, drainSpool, findLostSpool, spoolSome } from "./crashes.ts";
import { inspect } from "./inspect.ts";
import type { Order } from "./language.ts";
import {
  again,
  endSome,
  newAccountOrder,
  newAdoption,
  newChange,
  newCorrection,
  newEnd,
  newFund,
  newHold,
  newHouse,
  newKeyOrder,
  newMove,
  newOffer,
  newRevoke,
  newTask,
  newVerdict,
  nodesOf,
  RICH,
  repeated,
} from "./orders.ts";
import type { World } from "./world.ts";

/** What happens in a world, one thing after the other; what one step asks at once may go in any order. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A tree to begin with: a prepaid root with money, one that pays later, and one that knows no limits. */
export async function plant(world: World): Promise<void> {
  for (let count = 0; count < world.store.clients; count += 1) await world.openClient();
  const limits = {};
  const root = { do: "account", parent: null, limits } as const;
  await world.ask([{ ...root, name: RICH, prepaid: false }]);
  await world.ask([{ do: "key", name: `key-${world.serial()}`, account: RICH, limits }]);
  for (let count = 0; count < 8; count += 1) await world.ask(newAccountOrder(world));
  for (let count = 0; count < 8; count += 1) await world.ask(newKeyOrder(world));
  for (let count = 0; count < 4; count += 1) await world.ask(newFund(world));
}

/** @throws Error when the ledger answers or shows anything else than the auditor. */
export async function takeStep(world: World): Promise<void> {
  world.step += 1;
  world.nowMs += world.dice.below(2 * SECOND);
  await world.dice.weighed<(world: World) => Promise<void>>([
    [22, one(newHold)],
    [14, one(endSome)],
    [8, inTurn],
    [4, burst],
    [7, crowd],
    [3, treeCrowd],
    [6, one(newFund)],
    [5, one(newChange)],
    [2, changeConnection],
    [2, one(newAccountOrder)],
    [2, one(newKeyOrder)],
    [3, one(newMove)],
    [5, one(newCorrection)],
    [5, one(newVerdict)],
    [2, one(newTask)],
    [2, one(newOffer)],
    [3, adoptOne],
    [1, one(newRevoke)],
    [5, one(repeated)],
    [3, spoolSome],
    [1, drainSpool],
    [1, findLostSpool],
    [6, jump],
    [1, crash],
    [1, inspect],
  ])(world);
}

function one(make: (world: World) => Order[]): (world: World) => Promise<void> {
  return (world) => world.ask(make(world));
}

/** Holds and endings at once, some endings of holds that are asked for in the same breath. */
function inTurn(world: World): Promise<void> {
  const { dice } = world;
  const orders: Order[] = [];
  const several = world.clients.length > 1;
  for (let count = dice.between(2, several ? 4 : 20); count > 0; count -= 1) {
    const next = dice.chance(30) ? endSome(world) : newHold(world);
    // Where several clients ask there are no turns, and the search for an order of events stays short.
    if (several || next.every((order) => world.keepsItsTurn(order))) orders.push(...next);
    const last = orders.at(-1);
    const sure = last?.do === "hold" && world.keepsItsTurn(last);
    if (sure && dice.chance(10)) orders.push(newEnd(world, last));
  }
  return world.ask(orders);
}

/** A client leaves, and comes back for what it asked for. */
async function adoptOne(world: World): Promise<void> {
  if (world.dice.chance(60)) await world.ask(newOffer(world));
  world.nowMs += world.dice.below(MINUTE);
  await world.ask(newAdoption(world));
}

/** Many equal holds at once for what may be room for a few. */
function burst(world: World): Promise<void> {
  const { dice } = world;
  const [first] = newHold(world);
  if (first === undefined) return Promise.resolve();
  const copies = Array.from({ length: dice.between(4, dice.chance(20) ? 63 : 16) }, () =>
    again(world, first),
  );
  return world.ask([first, ...copies]);
}

/** All sorts of orders at once. */
function crowd(world: World): Promise<void> {
  const orders = Array.from({ length: world.dice.between(2, 4) }, () =>
    world.dice.weighed<(world: World) => Order[]>([
      [8, newHold],
      [6, endSome],
      [2, newMove],
      [2, newChange],
      [1, newAccountOrder],
      [1, newKeyOrder],
      [2, newFund],
      [2, newCorrection],
      [1, newTask],
      [2, repeated],
    ])(world),
  );
  return world.ask(orders.flat());
}

/** The tree is rebuilt from several sides. */
function treeCrowd(world: World): Promise<void> {
  const orders = Array.from({ length: world.dice.between(2, 4) }, () =>
    world.dice.weighed<(world: World) => Order[]>([
      [4, newMove],
      [3, newAccountOrder],
      [1, newKeyOrder],
    ])(world),
  );
  return world.ask(orders.flat());
}

/** An owner changes what the house may lose on a connection: the next orders say so. */
async function changeConnection(world: World): Promise<void> {
  const connection = world.dice.oneOf(["first", "second"]);
  const limits = world.dice.chance(60) ? {} : newHouse(world);
  world.connectionLimits = { ...world.connectionLimits, [connection]: limits };
}

/** The clock goes on, over midnights and months, and at times back. */
async function jump(world: World): Promise<void> {
  const { dice, nowMs } = world;
  const date = new Date(nowMs);
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1);
  const month = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  world.nowMs = dice.weighed([
    [20, nowMs + dice.below(MINUTE)],
    [15, nowMs + dice.below(20 * MINUTE)],
    [15, nowMs + dice.below(5 * HOUR)],
    [12, midnight - 1],
    [12, midnight],
    [10, nowMs + dice.below(3 * DAY)],
    [2, month - 1],
    [4, month],
    [6, nowMs - dice.below(10 * MINUTE)],
    [4, nowMs - dice.below(2 * HOUR)],
    [2, nowMs - dice.below(3 * DAY)],
  ]);
  const accounts = nodesOf(world, "account").length;
  world.note(`the clock jumps; ${accounts} accounts`);
  // What is shown depends on the windows that are open now.
  await world.ask([]);
}
