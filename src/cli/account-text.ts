import { alignPoints, table } from "./table.ts";
import type { Account } from "./wire-admin.ts";

/** Accounts for people, in the API's own figures. */

/** One line: what was made or changed. */
export function accountText(account: Account): string {
  return `${account.id} (${account.name}), ${kindText(account)}, limits: ${amountsText(account.limits)}, available: ${account.available ?? "unlimited"}`;
}

function kindText({ parent_id: parent, prepaid }: Account): string {
  if (parent !== null) return `below ${parent}`;
  return prepaid ? "prepaid" : "pay later";
}

/** `day 5, month 50`, or `none`. */
export function amountsText(amounts: Readonly<Record<string, string>>): string {
  const texts = Object.entries(amounts).map(([name, amount]) => `${name} ${amount}`);
  return texts.length === 0 ? "none" : texts.join(", ");
}

/** `quality=low, size=1024x1024`, or `none`. */
export function pairsText(pairs: Readonly<Record<string, string>> | null): string {
  const texts = Object.entries(pairs ?? {}).map(([name, value]) => `${name}=${value}`);
  return texts.length === 0 ? "none" : texts.join(", ");
}

/** Every account under the one that it stands below. */
export function treeText(accounts: readonly Account[]): string {
  const settled = alignPoints(accounts.map((account) => account.settled));
  const held = alignPoints(accounts.map((account) => account.held));
  const available = alignPoints(accounts.map((account) => account.available ?? "unlimited"));
  const [first] = accounts;
  const top = first?.level ?? 1;
  return table(
    [
      { name: "name" },
      { name: "account" },
      { name: "kind" },
      { name: "settled" },
      { name: "held" },
      { name: "available" },
      { name: "limits (USD)" },
    ],
    accounts.map((account, index) => [
      `${"  ".repeat(account.level - top)}${account.name}`,
      account.id,
      account.parent_id === null ? kindText(account) : "-",
      settled[index] ?? "",
      held[index] ?? "",
      available[index] ?? "",
      amountsText(account.limits),
    ]),
  );
}

/** All that is known of one. */
export function accountInFull(account: Account): string {
  const { margin, house_limits: house } = account;
  const rows = [
    ["account", account.id],
    ["name", account.name],
    ["parent", account.parent_id ?? "none: a root"],
    ["level", String(account.level)],
    ["kind", account.prepaid ? "prepaid" : "pay later"],
    ["settled", account.settled],
    ["held", account.held],
    ["available", account.available ?? "unlimited"],
    ["limits", amountsText(account.limits)],
    ["auto as", pairsText(account.auto_as)],
    ["retain", account.retain ?? "answers for a day"],
    ["margin", margin === null ? "none of its own" : marginText(margin)],
    ["house limits", amountsText(house ?? {})],
  ].filter(
    ([name]) => account.parent_id === null || !["kind", "house limits"].includes(name ?? ""),
  );
  const width = rows.reduce((widest, [name = ""]) => Math.max(widest, name.length), 0);
  return rows.map(([name = "", value = ""]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function marginText(margin: NonNullable<Account["margin"]>): string {
  return `${margin.basis_points} basis points + ${margin.fixed} USD a request`;
}
