import { amountsText, pairsText } from "./account-text.ts";
import { table } from "./table.ts";
import type { Key } from "./wire-admin.ts";

/** Keys for people; never a secret, the gateway itself has none. */

export function keysText(keys: readonly Key[]): string {
  return table(
    [
      { name: "key" },
      { name: "account" },
      { name: "name" },
      { name: "made" },
      { name: "state" },
      { name: "limits (USD)" },
      { name: "models" },
      { name: "rate a minute" },
    ],
    keys.map((key) => [
      key.id,
      key.account_id,
      key.name,
      new Date(key.created * 1_000).toISOString().slice(0, 10),
      stateText(key),
      amountsText(key.limits),
      key.allowed_models?.join(" ") ?? "all",
      rateText(key),
    ]),
  );
}

/** All that is set at one. */
export function keyText(key: Key): string {
  const rows = [
    ["key", key.id],
    ["name", key.name],
    ["account", key.account_id],
    ["state", stateText(key)],
    ["expires", key.expires_at ?? "never"],
    ["limits", amountsText(key.limits)],
    ["models", key.allowed_models?.join(" ") ?? "all"],
    ["rate", rateText(key)],
    ["auto as", pairsText(key.auto_as)],
    ["tags", pairsText(key.tags)],
  ];
  return rows.map(([name = "", value = ""]) => `${name.padEnd(7)}  ${value}`).join("\n");
}

function stateText({ revoked, expired }: Key): string {
  if (revoked) return "revoked";
  return expired ? "expired" : "good";
}

function rateText({ rate_limit: rate }: Key): string {
  const { requests_per_minute: requests, images_per_minute: images } = rate ?? {};
  const parts = [
    ...(requests === undefined ? [] : [`${requests} requests`]),
    ...(images === undefined ? [] : [`${images} images`]),
  ];
  return parts.length === 0 ? "any" : parts.join(", ");
}
