import type { Page, PageRequest } from "../../src/ledger/reports-port.ts";
import { sumsOf } from "./books.ts";
import { show } from "./language.ts";
import { booksOf, type Call, knownCost, openExposure, sum } from "./past.ts";
import type { World } from "./world.ts";

/** Compares everything that a ledger can tell with what the auditor makes of the past. */
export async function inspect(world: World): Promise<void> {
  await compareBooks(world);
  await compareOpen(world);
  await compareLists(world);
  await compareUsage(world);
  await compareCalls(world);
  await world.store.verify(world.home);
}

/** Money was neither made nor lost: the journal's postings come to what came in and where it went. */
async function compareBooks(world: World): Promise<void> {
  const sums = sumsOf(await world.store.journal(world.home));
  for (const { root } of new Set(world.auditor.past.nodes.values())) {
    const posted = sums.get(world.papers.idOf(root));
    world.expect(`books of ${root}`, posted, booksOf(world.auditor.past, root));
  }
}

async function compareOpen(world: World): Promise<void> {
  const open = await world.anyClient().ledger.openHolds();
  const expected = calls(world).filter((call) => call.end === null);
  world.expect(
    "open holds",
    inOrder(open.map(({ holdId, amount, taskId, process }) => [holdId, amount, taskId, process])),
    inOrder(expected.map(({ order, task }) => [order.hold, order.amount, task, order.process])),
  );
}

async function compareLists(world: World): Promise<void> {
  const { ledger } = world.anyClient();
  const { alerts, corrections } = world.auditor.past;
  const ended = calls(world).flatMap(({ order, end }) => (end === null ? [] : [{ order, end }]));
  const exposed = ended.filter(({ end }) => end.order.exposure > 0n);
  for (const open of [true, false]) {
    world.expect(
      `exposures, open ${open}`,
      inOrder(
        (await pages(world, (of) => ledger.exposures({ ...of, open }))).map(
          ({ holdId, amount, billed, openedMs }) => [holdId, amount, billed, openedMs],
        ),
      ),
      inOrder(
        exposed
          .filter(({ end }) => !open || end.billed === null)
          .map(({ order, end }) => [order.hold, end.order.exposure, end.billed, end.atMs]),
      ),
    );
  }
  world.expect(
    "overruns",
    inOrder(
      (await pages(world, (of) => ledger.overruns(of))).map(
        ({ holdId, ceiling, amount, createdMs }) => [holdId, ceiling, amount, createdMs],
      ),
    ),
    inOrder(
      ended
        .filter(({ end }) => end.order.overrun > 0n)
        .map(({ order, end }) => [order.hold, order.amount, end.order.overrun, end.atMs]),
    ),
  );
  const told = await pages(world, (of) => ledger.corrections(of));
  world.expect(
    "corrections",
    inOrder(told.map((each) => [each.entryId, each.corrects, each.of, each.before, each.after])),
    inOrder([...corrections].map(([id, of]) => [id, of.corrects, of.of, of.before, of.after])),
  );
  const said = await pages(world, (of) => ledger.alerts(of));
  world.expect(
    "alerts",
    inOrder(said.map((alert) => ({ ...alert, nodeId: world.papers.nameOf(alert.nodeId) }))),
    inOrder([...alerts.values()]),
  );
}

async function compareUsage(world: World): Promise<void> {
  const { ledger } = world.anyClient();
  const span = { from: "2000-01-01", to: "2100-01-01" };
  const told = await ledger.usage({ ...span, by: ["day", "connection", "key"] });
  const groups = new Map<string, Call[]>();
  for (const call of calls(world)) {
    const name = show([call.day, call.order.connection, call.order.key]);
    groups.set(name, [...(groups.get(name) ?? []), call]);
  }
  const { papers } = world;
  const account = [...world.auditor.past.nodes.values()].find(({ kind }) => kind === "account");
  if (account === undefined) throw new Error("no account was planted");
  const below = calls(world).filter(({ path }) => path.includes(account.name));
  world.expect(
    `usage below ${account.name}`,
    await ledger.usage({ ...span, by: [], accountId: papers.idOf(account.name) }),
    below.length === 0 ? [] : [{ keys: [], ...usageOf(world, below) }],
  );
  world.expect(
    "usage",
    inOrder(told.map((row) => ({ ...row, keys: show(row.keys) }))),
    inOrder([...groups].map(([keys, group]) => ({ keys, ...usageOf(world, group) }))),
  );
}

function usageOf({ auditor }: World, group: readonly Call[]) {
  const verdictsOn = ({ order }: Call) => [
    ...(auditor.past.verdicts.get(order.hold)?.values() ?? []),
  ];
  const verdicts = group.flatMap(verdictsOn);
  return {
    outcomes: verdicts.length,
    kept: verdicts.filter((kept) => kept).length,
    judgedCharge: sum(group, (call) => shareOf(call, verdictsOn(call).length)),
    calls: group.length,
    settled: group.filter(({ end }) => end?.order.outcome === "made").length,
    images: group.reduce((images, { end }) => images + (end?.order.images ?? 0), 0),
    charge: sum(group, ({ end }) => end?.charge ?? 0n),
    held: sum(group, ({ order, end }) => (end === null ? order.amount : 0n)),
    vendorCost: sum(group, knownCost),
    overrun: sum(group, ({ end }) => end?.order.overrun ?? 0n),
    exposure: sum(group, openExposure),
  };
}

/** What of a call's charge its judged pictures have to bear, rounded up. */
function shareOf({ end }: Call, judged: number): bigint {
  if (judged === 0 || end === null) return 0n;
  const images = BigInt(end.order.images);
  return (end.charge * BigInt(judged) + images - 1n) / images;
}

/** Some calls, one by one: what was posted, and what corrections made of it. */
async function compareCalls(world: World): Promise<void> {
  const { ledger } = world.anyClient();
  const all = calls(world);
  for (let count = 0; count < 10; count += 1) {
    const call = world.dice.pick(all);
    if (call === undefined) return;
    const { order, end, task } = call;
    const told = await ledger.call(order.hold);
    const corrected = [...world.auditor.past.corrections.values()].filter(({ corrects }) =>
      corrects.startsWith(`${order.hold}.`),
    );
    world.expect(
      `call ${order.hold}`,
      {
        ...{ amount: told?.hold.amount, createdMs: told?.hold.createdMs, taskId: told?.taskId },
        ended: told?.ending?.createdMs ?? null,
        charge: told?.ending?.kind === "settle" ? told.ending.charge : 0n,
        corrections: told?.corrections.map(({ after }) => after),
      },
      {
        ...{ amount: order.amount, createdMs: call.atMs, taskId: task },
        ended: end?.atMs ?? null,
        charge: end?.order.charge ?? 0n,
        corrections: corrected.map(({ after }) => after),
      },
    );
  }
  world.expect("no call", await ledger.call("rcpt_none"), undefined);
}

function calls(world: World): readonly Call[] {
  return [...world.auditor.past.calls.values()];
}

/** All pages of a list, of a random length each. */
async function pages<Item>(
  world: World,
  read: (of: PageRequest) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const most = world.dice.oneOf([7, 50, 1_000]);
  const items: Item[] = [];
  for (let before: string | undefined; ; ) {
    const page = await read(before === undefined ? { most } : { most, before });
    items.push(...page.items);
    if (page.next === null) return items;
    before = page.next;
  }
}

/** Lists are compared as sets: in which order they come is a law of its own. */
function inOrder(items: readonly unknown[]): readonly string[] {
  return items.map(show).sort();
}
