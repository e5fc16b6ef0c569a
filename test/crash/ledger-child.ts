import { openLedger } from "../../src/ledger/open.ts";
import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";
import { openSpool, spoolFolder } from "../../src/ledger/spool.ts";
import { holdOf, settleFlat, usd, voidOf } from "../ledger/fixtures.ts";

/**
 * Holds and ends as fast as the ledger takes it, and prints each acknowledgement, until it is killed.
 * Arguments: home, account, key, a name that makes its ids its own.
 */
const [home = "", accountId = "", keyId = "", round = ""] = process.argv.slice(2);
const PARALLEL = 24;

await takeOwnerLock({ home });
const ledger = await openLedger({ home, world: "sandbox", checkpointEvery: 250n });
const spool = openSpool(spoolFolder(home));
const party = { accountId, keyId };

async function callAfterCall(lane: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const asked = holdOf(party, { id: `rcpt_${round}_${lane}_${index}`, n: 1 + (index % 3) });
    // What recovery voids is a loss of the house, and there will be many.
    const hold = { ...asked, admission: { connectionLimits: { exposureHour: usd("900000") } } };
    const result = await ledger.hold(hold);
    console.log(`${result.kind} ${hold.id}`);
    const ending = index % 5 === 4 ? voidOf(hold.id) : settleFlat(hold);
    // Some calls stay open, as if their vendor were still drawing; some go through the spool.
    if (index % 7 === 3) continue;
    if (index % 11 === 5) {
      await spool.append(ending);
      console.log(`spooled ${hold.id} ${ending.kind}`);
      if (index % 2 === 0) await spool.drain(ledger);
      continue;
    }
    const { chain } = await ledger.end(ending);
    console.log(`ended ${hold.id} ${ending.kind} ${chain.sequence} ${chain.hash}`);
  }
}

await Promise.all(Array.from({ length: PARALLEL }, (_, lane) => callAfterCall(lane)));
