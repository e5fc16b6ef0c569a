import { checkKey, makeKey } from "../gateway/api-keys.ts";
import type { Ledger } from "../ledger/port.ts";
import { Refusal } from "../refusals.ts";

const ACTOR = "sandbox_start";

/**
 * The sandbox's own account and key, so that a first call needs no set-up. A key kept from an earlier
 * start is used again while the ledger knows it. Nothing limits the account: its money is not real.
 */
export async function demoKey(kept: string | undefined, ledger: Ledger): Promise<string> {
  if (kept !== undefined && (await isGood(kept, ledger))) return kept;
  const made = await ledger.createAccount({
    name: "demo",
    prepaid: false,
    limits: {},
    actor: ACTOR,
  });
  if (made.kind === "refused") throw new Error(`the demo account was refused: ${made.reason}`);
  const { id, key, sha256 } = makeKey("sandbox");
  await ledger.createKey({ id, sha256, accountId: made.account.id, name: "demo", actor: ACTOR });
  return key;
}

async function isGood(key: string, ledger: Ledger): Promise<boolean> {
  try {
    await checkKey(key, "sandbox", ledger);
    return true;
  } catch (cause) {
    if (cause instanceof Refusal) return false;
    throw cause;
  }
}
