import { setImmediate } from "node:timers/promises";
import type { Ending, OpenHold } from "../../src/ledger/port.ts";
import { recover } from "../../src/ledger/recovery.ts";
import { replaySpool } from "../../src/ledger/spool.ts";
import { idsIn } from "./books.ts";
import type { Answered } from "./explain.ts";
import type { EndOrder, Order } from "./language.ts";
import {
  endSome,
  newCorrection,
  newEnd,
  newFund,
  newHold,
  openCalls,
  recoveredOrder,
} from "./orders.ts";
import type { Call } from "./past.ts";
import type { Client, Spooled, World } from "./world.ts";

/** Endings that wait on disk, processes that die, and what the next start makes of both. */

/** The ledger seems away: an ending goes to its process's spool. */
export async function spoolSome(world: World): Promise<void> {
  const [order] = endSome(world);
  if (order === undefined) return;
  const { spool, spooled } = world.anyClient();
  // A call ends once in its process, so that its spool holds one ending of it.
  if (spooled.onDisk.some(({ hold }) => hold === order.hold)) return;
  await spool.append(endingOf(world, order));
  spooled.onDisk.push(order);
  spooled.waiting.push(order);
  world.note(`spooled ${order.content} of ${order.hold}`);
}

function endingOf(world: World, order: EndOrder): Ending {
  const ending = world.papers.endings.get(order.content);
  if (ending === undefined) throw new Error(`no paper ${order.content}`);
  return ending;
}

/** The ledger is back: a process posts what waits. */
export async function drainSpool(world: World): Promise<void> {
  const { spool, spooled, ledger } = world.anyClient();
  const { posted, late, problems } = await spool.drain(ledger);
  const expected = takeAll(world, spooled.waiting);
  spooled.waiting = [];
  if (expected.problems > 0) spooled.rejected = true;
  if (!spooled.rejected) spooled.onDisk.length = 0;
  world.note(`drained ${posted} posted, ${late} late, ${problems.join("; ")}`);
  world.expect("drained", { posted, late, problems: problems.length }, expected);
  await world.ask([]);
}

/** A disk comes back, and with it the spool of a process that was recovered long ago. */
export async function findLostSpool(world: World): Promise<void> {
  const spooled = world.lostSpools.pop();
  if (spooled === undefined) return;
  await replay(world, spooled);
  await world.ask([]);
}

async function replay(world: World, spooled: Spooled): Promise<void> {
  const { posted, late, problems } = await replaySpool(spooled.folder, world.anyClient().ledger);
  const expected = takeAll(world, spooled.onDisk);
  world.note(`replayed ${posted} posted, ${late} late, ${problems.join("; ")}`);
  world.expect("replayed", { posted, late, problems: problems.length }, expected);
}

/** What must come of posting these, one after the other. */
function takeAll(world: World, orders: readonly EndOrder[]) {
  const outcomes = orders.map((order) => world.auditor.take(order, world.nowMs).kind);
  const count = (kind: string): number => outcomes.filter((each) => each === kind).length;
  return { posted: count("posted"), late: count("late"), problems: count("bug") };
}

/** Processes die with orders under way; others start, and end what was left. */
export async function crash(world: World): Promise<void> {
  const { dice } = world;
  const dying = dice.chance(50) ? [world.anyClient()] : world.clients;
  const orders = Array.from({ length: dice.between(0, 4) }, () =>
    dice.weighed<(world: World) => Order[]>([
      [5, newHold],
      [4, endSome],
      [1, newFund],
      [1, newCorrection],
    ])(world),
  )
    .flat()
    // Nothing would tell whether an adoption that was never answered came to pass.
    .filter((order) => order.do !== "hold" || order.adopt === null);
  world.note(`${dying.map(({ process }) => process).join(", ")} die`);
  const answers = world.answers(orders);
  if (dice.chance(50)) await setImmediate();
  for (const client of dying) await world.loseClient(client);
  const answered = await answers;
  for (const _ of dying) await world.openClient();
  await world.explain(await thatHappened(world, answered));
  if (dice.chance(50)) world.nowMs += dice.below(30_000);
  for (const client of dying) await restart(world, client);
  await world.ask([]);
}

/** Of orders that were never answered only those that left their entry. */
async function thatHappened(
  world: World,
  answered: readonly Answered[],
): Promise<readonly Answered[]> {
  if (answered.every(({ outcome }) => outcome !== undefined)) return answered;
  const ids = idsIn(await world.store.journal(world.home));
  return answered.filter(({ order, outcome }) => {
    return outcome !== undefined || ids.has(entryOf(order, world));
  });
}

function entryOf(order: Order, world: World): string {
  switch (order.do) {
    case "hold":
      return order.hold;
    case "end": {
      const ended = world.auditor.past.calls.get(order.hold)?.end ?? null;
      return `${order.hold}.${ended === null ? "end" : "late"}`;
    }
    case "fund":
    case "correct":
      return order.entry;
    default:
      throw new Error(`${order.do} leaves no entry of a known id`);
  }
}

/** Another process ends what one left open; where there is only one at a time, that is everything. */
async function restart(world: World, dead: Client): Promise<void> {
  const { process, ledger } = world.anyClient();
  const before = world.store.clients === 1 ? undefined : dead.process;
  const { spooled, folder: spoolFolder } = spoolThatIsFound(world, dead);
  const leftOpen = (): readonly Call[] =>
    openCalls(world).filter(({ order }) => before === undefined || order.process === before);
  const waits = new Set(spooled.map(({ hold }) => hold));
  const plans = new Map<string, Plan>();
  for (const call of leftOpen().filter(({ order }) => !waits.has(order.hold))) {
    if (call.task !== null) plans.set(call.order.hold, planFor(world, call));
  }
  const resumeTask = async ({ holdId }: OpenHold): Promise<Ending | "unknown"> => {
    const plan = plans.get(holdId);
    if (plan === undefined) throw new TypeError(`nobody planned for ${holdId}`);
    if (plan === "fails") throw new Error("the vendor is away");
    return plan === "unknown" ? plan : endingOf(world, plan);
  };
  const found = await recover({ ledger, spoolFolder, before, resumeTask });
  const expected = { ...takeAll(world, spooled), resumed: 0, voided: 0 };
  for (const call of leftOpen()) {
    const plan = plans.get(call.order.hold) ?? "unknown";
    if (plan === "fails") expected.problems += 1;
    const resumed = typeof plan === "object";
    expected[resumed ? "resumed" : "voided"] += 1;
    world.auditor.take(resumed ? plan : recoveredOrder(world, call.order), world.nowMs);
  }
  const { spooled: posted, late, resumed, voided, problems } = found;
  world.note(`${process} recovered ${voided} voided, ${resumed} resumed, ${problems.join("; ")}`);
  const told = { posted, late, resumed, voided, problems: problems.length };
  world.expect("recovered", told, expected);
}

/** The spool of a dead process, or an empty one because its disk comes back later. */
function spoolThatIsFound(world: World, dead: Client) {
  const { folder, onDisk } = dead.spooled;
  if (!world.dice.chance(30)) return { folder, spooled: onDisk };
  world.lostSpools.push(dead.spooled);
  return { folder: `${folder}-empty`, spooled: [] };
}

/** What a vendor says of a task that was running. */
type Plan = EndOrder | "unknown" | "fails";

function planFor(world: World, call: Call): Plan {
  return world.dice.weighed<() => Plan>([
    [4, () => newEnd(world, call.order)],
    [1, () => "unknown"],
    [1, () => "fails"],
  ])();
}
