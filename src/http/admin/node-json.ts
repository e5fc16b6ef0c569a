import { type Account, type ApiKey, EXPOSURE_HOUR_DEFAULT } from "../../ledger/accounts-port.ts";
import type { Ledger } from "../../ledger/port.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { limitsJson, settingsJson } from "./settings.ts";

/** Accounts and keys as the administration sees them. What isn't set is null. */

/** What the house is ready to lose at a root where nothing else is set. */
const HOUSE_DEFAULTS = { exposure_per_hour: formatUsd(EXPOSURE_HOUR_DEFAULT) };

/** @param level 1 for a root. */
export function accountJson(account: Account, level: number) {
  const { credits } = account;
  const { auto_as, margin, house_limits, retain } = settingsJson(account.settings);
  return {
    id: account.id,
    name: account.name,
    parent_id: account.parentId,
    root_id: account.rootId,
    level,
    prepaid: account.prepaid,
    limits: limitsJson(account.limits),
    auto_as: auto_as ?? null,
    margin: margin ?? null,
    retain: retain ?? null,
    house_limits: account.parentId === null ? { ...HOUSE_DEFAULTS, ...house_limits } : null,
    created: seconds(account.createdMs),
    settled: formatUsd(credits.settled),
    held: formatUsd(credits.held),
    available: credits.available === null ? null : formatUsd(credits.available),
  };
}

/** A list in which parents stand before their children, with each one's level. */
export function accountsJson(accounts: readonly Account[], levelOfFirst: number) {
  const levels = new Map<string, number>();
  return accounts.map((account) => {
    const above = levels.get(account.parentId ?? "");
    const level = above === undefined ? levelOfFirst : above + 1;
    levels.set(account.id, level);
    return accountJson(account, level);
  });
}

/** How deep an account stands: 1 for a root. */
export async function levelOf(account: Account, ledger: Pick<Ledger, "account">): Promise<number> {
  let level = 1;
  let { parentId } = account;
  while (parentId !== null) {
    level += 1;
    parentId = (await ledger.account(parentId))?.parentId ?? null;
  }
  return level;
}

export function keyJson(key: ApiKey, nowMs: number = Date.now()) {
  const { expiresMs } = key.settings;
  const { auto_as, allowed_models, tags, expires_at, rate_limit } = settingsJson(key.settings);
  return {
    id: key.id,
    account_id: key.accountId,
    name: key.name,
    created: seconds(key.createdMs),
    revoked: key.revokedMs !== null,
    expires_at: expires_at ?? null,
    expired: expiresMs !== undefined && nowMs >= expiresMs,
    limits: limitsJson(key.limits),
    allowed_models: allowed_models ?? null,
    auto_as: auto_as ?? null,
    tags: tags ?? {},
    rate_limit: rate_limit ?? null,
  };
}

/** Unix time in whole seconds, as every answer gives it. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
