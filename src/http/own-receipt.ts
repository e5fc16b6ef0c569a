import type { Account, KeyPolicy } from "../ledger/accounts-port.ts";
import type { Ledger, LedgerCall } from "../ledger/port.ts";
import { Refusal } from "../refusals.ts";

/**
 * A receipt is shown to keys of the account that paid, and of those above it, whose budget it was too.
 *
 * @throws Refusal for anybody else's, which doesn't exist for them.
 */
export async function ownReceipt(id: string, key: KeyPolicy, ledger: Ledger): Promise<LedgerCall> {
  const call = await ledger.call(id);
  if (call === undefined || !(await answersFor(key.accountId, call.hold.accountId, ledger))) {
    throw new Refusal("not_found", "no such receipt on this account", { param: "id", sent: id });
  }
  return call;
}

/** Whether an account is another one, or stands above it now. */
export async function answersFor(
  accountId: string,
  payer: string,
  ledger: Ledger,
): Promise<boolean> {
  let at: string | null = payer;
  while (at !== null && at !== accountId) {
    const account: Account | undefined = await ledger.account(at);
    at = account?.parentId ?? null;
  }
  return at === accountId;
}
