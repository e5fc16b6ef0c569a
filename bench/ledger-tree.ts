import { newId } from "../src/ids.ts";
import type { Ending, HoldRequest, Ledger } from "../src/ledger/port.ts";
import {
  holdOf,
  newAccount,
  type Party,
  settleOf,
  tokenPrice,
  usd,
} from "../test/ledger/fixtures.ts";

/** One hot key at the end of a path three accounts deep, and the calls that it makes. */

/** Far above what a run can spend, so that every window is read, compared and kept, and none refuses. */
const LIMIT = "900000";

/** Makes organisation, team, project and key in a new ledger; every node has all three limits. */
export async function plantTree(ledger: Ledger): Promise<Party> {
  const limits = { day: usd(LIMIT), month: usd(LIMIT), total: usd(LIMIT) };
  const of = { limits, actor: "bench" };
  const root = await newAccount(ledger, { ...of, name: "organisation", prepaid: true });
  const funds = { accountId: root.id, amount: usd(LIMIT), actor: "bench" };
  await ledger.fund({ ...funds, entryId: newId("fund") });
  const below = { ...of, prepaid: false };
  const team = await newAccount(ledger, { ...below, name: "team", parentId: root.id });
  const project = await newAccount(ledger, { ...below, name: "project", parentId: team.id });
  const [keyId, accountId] = [newId("key"), project.id];
  await ledger.createKey({ ...of, id: keyId, accountId, name: "hot", sha256: "0".repeat(64) });
  return { accountId, keyId };
}

/** A hold and its settlement, shaped like a gpt-image-2 call; only their ids differ between calls. */
export function pairsOf(party: Party): () => { readonly hold: HoldRequest; readonly end: Ending } {
  const asked = [
    { meter: "text_input_tokens", quantity: 95n },
    { meter: "image_output_tokens", quantity: 7_024n },
  ] as const;
  const used = [
    { meter: "text_input_tokens", quantity: 15n },
    { meter: "image_output_tokens", quantity: 7_024n },
  ] as const;
  const hold = holdOf(party, { price: tokenPrice, ceilingItems: asked });
  const usage =
    '{"input_tokens":15,"input_tokens_details":{"image_tokens":0,"text_tokens":15},"output_tokens":7024,"total_tokens":7039}';
  const delivered = { usage: { kind: "reported", items: used }, images: 1n } as const;
  const end = { ...settleOf(hold, delivered), usage };
  let calls = 0;
  return () => {
    calls += 1;
    const [id, requestId] = [idLike("rcpt", calls), idLike("req", calls)];
    return { hold: { ...hold, id, requestId }, end: { ...end, holdId: id } };
  };
}

/** An id as long as ours and sorted by age as ours, without their randomness, which is the gateway's cost. */
function idLike(prefix: string, serial: number): string {
  const scattered = (serial * 2_654_435_761) % 4_294_967_296;
  return `${prefix}_${serial.toString().padStart(16, "0")}${scattered.toString().padStart(10, "0")}`;
}
