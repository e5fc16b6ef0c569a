import { openLedger } from "../../src/ledger/open.ts";
import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";
import type { Ending } from "../../src/ledger/port.ts";
import { openSpool, spoolFolder } from "../../src/ledger/spool.ts";
import { holdOf, settleFlat, usd, voidOf } from "../ledger/fixtures.ts";
import { expectedLimit, readWork } from "./told.ts";

/**
 * Holds, ends, funds, corrects and changes limits as fast as the ledger takes it, and prints each
 * acknowledgement, until it is killed. Argument: its `Work`, as JSON.
 */
const { home, databaseUrl, accountId, keyId, name, lanes } = readWork(process.argv[2]);

if (databaseUrl === undefined) await takeOwnerLock({ home });
const ledger = await openLedger({
  ...{ home, world: "sandbox", process: name, checkpointEvery: 250n },
  databaseUrl,
});
const spool = openSpool(spoolFolder(home));
const party = { accountId, keyId };
// What recovery voids is a loss of the house, and there will be many.
const admission = { process: name, connectionLimits: { exposureHour: usd("900000") } };

async function callAfterCall(lane: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const serial = `${name}_${lane}_${index}`;
    const hold = { ...holdOf(party, { id: `rcpt_${serial}`, n: 1 + (index % 3) }), admission };
    const result = await ledger.hold(hold);
    console.log(`${result.kind} ${hold.id}`);
    const ending = index % 5 === 4 ? voidOf(hold.id) : settleFlat(hold);
    // Some calls stay open, as if their vendor were still drawing; some go through the spool.
    if (index % 7 === 3) continue;
    if (index % 11 === 5) {
      await spoolIt(ending, index % 2 === 0);
      continue;
    }
    await end(ending);
    if (index % 4 === 0 && ending.kind === "settle") await correct(hold.id, serial);
    if (index % 13 === 6) await fund(serial);
    // By one lane only, so that limits change in the order in which they are asked for.
    if (lane === 0) await changeLimit(index);
  }
}

async function end(ending: Ending): Promise<void> {
  const { chain } = await ledger.end(ending);
  console.log(`ended ${ending.holdId} ${ending.kind} ${chain.sequence} ${chain.hash}`);
}

async function spoolIt(ending: Ending, drains: boolean): Promise<void> {
  await spool.append(ending);
  console.log(`spooled ${ending.holdId} ${ending.kind}`);
  if (drains) await spool.drain(ledger);
}

async function correct(holdId: string, serial: string): Promise<void> {
  const corrects = `${holdId}.end`;
  const of = { entryId: `correction_${serial}`, corrects, amount: usd("0.01") };
  await ledger.correct({ ...of, reason: "a test", actor: "test" });
  console.log(`corrected ${of.entryId} ${corrects}`);
}

async function fund(serial: string): Promise<void> {
  const entryId = `fund_${serial}`;
  await ledger.fund({ accountId, amount: usd("0.01"), actor: "test", entryId });
  console.log(`funded ${entryId}`);
}

async function changeLimit(index: number): Promise<void> {
  const limits = { total: expectedLimit(index) };
  await ledger.changeNode({ nodeId: keyId, limits, actor: "test" });
  console.log(`limited ${index}`);
}

await Promise.all(Array.from({ length: lanes }, (_, lane) => callAfterCall(lane)));
