import { Refusal } from "../../refusals.ts";

/**
 * Words that people know from other gateways, read as ours where they mean the same:
 *
 * | Theirs                                       | Ours                                        |
 * | -------------------------------------------- | ------------------------------------------- |
 * | `max_budget`, beside the name or in `limits` | `limits.total`                              |
 * | … with `budget_duration: "1d"`               | `limits.day`                                |
 * | … with `budget_duration: "1mo"`              | `limits.month`                              |
 * | `limits.daily`, `limits["1d"]`               | `limits.day`                                |
 * | `limits.monthly`, `limits["1mo"]`            | `limits.month`                              |
 * | a key's `rpm_limit`, there or in `rate_limit` | `rate_limit.requests_per_minute`            |
 * | a key's `models`                             | `allowed_models`                            |
 *
 * Where they mean something else (thirty days are no calendar month, tokens a minute are no images) they are
 * refused with the word to use. Nothing is guessed, and no word is dropped. Values are left alone: whoever
 * reads them afterwards checks them.
 */
export function inOurWords(body: unknown, of: "account" | "key"): unknown {
  if (!isFields(body)) return body;
  refuseForeign(body, "");
  const { max_budget, budget_duration, ...own } = body;
  const budget = { max_budget, budget_duration };
  const named = Object.entries(budget).filter(([name]) => name in body);
  for (const [name] of named) refuseTwice(own["limits"], name, "limits");
  const limits =
    named.length === 0
      ? own["limits"]
      : { ...(isFields(own["limits"]) ? own["limits"] : {}), ...Object.fromEntries(named) };
  const read = limits === undefined ? own : { ...own, limits: limitsInOurWords(limits) };
  return of === "key" ? keyInOurWords(read) : read;
}

/** The same for the body of limits alone. */
export function limitsInOurWords(limits: unknown, at = "limits"): unknown {
  if (!isFields(limits)) return limits;
  refuseForeign(limits, at);
  const windows = { ...limits };
  if ("budget_duration" in windows || "max_budget" in windows) {
    const { budget_duration: duration, max_budget: amount } = windows;
    delete windows["budget_duration"];
    delete windows["max_budget"];
    put(windows, { theirs: "max_budget", ours: windowOf(duration, amount), value: amount, at });
  }
  for (const [theirs, ours] of Object.entries(windowWords)) {
    if (!(theirs in windows)) continue;
    const value = windows[theirs];
    delete windows[theirs];
    put(windows, { theirs, ours, value, at });
  }
  const [lasting] = Object.keys(windows).filter((name) => /^\d+[a-z]+$/i.test(name));
  if (lasting !== undefined) throw noDuration(fieldOf(at, lasting), lasting);
  return windows;
}

type Fields = { readonly [name: string]: unknown };

const windowWords = { daily: "day", "1d": "day", monthly: "month", "1mo": "month" } as const;

/** Windows are calendar days and months (UTC); nothing rolls. */
function windowOf(duration: unknown, amount: unknown): "day" | "month" | "total" {
  if (amount === undefined) {
    const message = "budget_duration says for how long, max_budget how much: give both";
    throw new Refusal("invalid_value", message, { param: "max_budget" });
  }
  if (duration === undefined || duration === null) return "total";
  if (duration === "1d") return "day";
  if (duration === "1mo") return "month";
  throw noDuration("budget_duration", duration);
}

function noDuration(param: string, sent: unknown): Refusal {
  const text = typeof sent === "string" ? sent : JSON.stringify(sent);
  return new Refusal(
    "invalid_value",
    `${param}=${text}: limits are for a calendar day (1d), a calendar month (1mo), both UTC, or for ever; no other time is counted`,
    { param, sent, allowed: ["1d", "1mo"] },
  );
}

function keyInOurWords(body: Fields): Fields {
  const { models, rpm_limit, ...own } = body;
  const key: { [name: string]: unknown } = { ...own };
  if ("models" in body) {
    put(key, { theirs: "models", ours: "allowed_models", value: models, at: "" });
  }
  const { rate_limit: rate } = own;
  const rates: { [name: string]: unknown } = isFields(rate) ? { ...rate } : {};
  if (isFields(rate)) refuseForeign(rate, "rate_limit");
  const inside = rates["rpm_limit"];
  delete rates["rpm_limit"];
  for (const value of [rpm_limit, inside]) {
    if (value === undefined) continue;
    put(rates, { theirs: "rpm_limit", ours: "requests_per_minute", value, at: "rate_limit" });
    key["rate_limit"] = rates;
  }
  return key;
}

/** Puts a value under our word, unless something stands there. */
function put(
  fields: { [name: string]: unknown },
  of: {
    readonly theirs: string;
    readonly ours: string;
    readonly value: unknown;
    readonly at: string;
  },
): void {
  const { theirs, ours, value, at } = of;
  if (ours in fields) {
    const [param, same] = [fieldOf(at, theirs), fieldOf(at, ours)];
    throw new Refusal("invalid_value", `${param} and ${same} say the same: give one`, { param });
  }
  fields[ours] = value;
}

function refuseTwice(limits: unknown, name: string, at: string): void {
  if (!isFields(limits) || !(name in limits)) return;
  const message = `${name} stands beside and in ${at}: give it once`;
  throw new Refusal("invalid_value", message, { param: name });
}

/** What means something that isn't there, or something else here: why, and the word to use. */
const foreign: { readonly [word: string]: readonly [why: string, ours: string] } = {
  soft_budget: ["50, 80 and 100 % of every limit are alerts; there is nothing to set", "limits"],
  tpm_limit: ["pictures are counted, not tokens a minute", "rate_limit.images_per_minute"],
  max_parallel_requests: [
    "calls at the same time are not counted, those of a minute are",
    "rate_limit.requests_per_minute",
  ],
  duration: ["say when instead of how long: an ISO date-time", "expires_at"],
  expires_in: ["say when instead of how long: an ISO date-time", "expires_at"],
  team_id: ["accounts are the teams", "account_id of a key, parent_id of an account"],
  key_alias: ["it is the name", "name"],
  team_alias: ["it is the name", "name"],
  metadata: ["what is written on every call are tags", "tags"],
};

function refuseForeign(fields: Fields, at: string): void {
  const [word] = Object.keys(fields).filter((name) => Object.hasOwn(foreign, name));
  const [why, ours] = foreign[word ?? ""] ?? [];
  if (word === undefined || why === undefined || ours === undefined) return;
  const param = fieldOf(at, word);
  const message = `${param}: ${why}; the word here is ${ours}`;
  throw new Refusal("invalid_value", message, { param, allowed: [ours] });
}

function fieldOf(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
