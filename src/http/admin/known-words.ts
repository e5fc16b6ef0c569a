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
  const named = Object.entries({ max_budget, budget_duration }).filter(([name]) => name in body);
  const beside = named.map(([name]) => name);
  const limits =
    named.length === 0
      ? own["limits"]
      : { ...within(own, "limits", beside), ...Object.fromEntries(named) };
  const read = limits === undefined ? own : { ...own, limits: limitsInOurWords(limits) };
  return of === "key" ? keyInOurWords(read) : read;
}

/** An object into which words that stand beside it are to go. @throws Refusal when it says them too, or is none. */
function within(body: Fields, at: string, beside: readonly string[]): Fields {
  const inside = body[at];
  if (inside === undefined) return {};
  const [word = ""] = isFields(inside) ? beside.filter((name) => name in inside) : beside;
  if (word === "" && isFields(inside)) return inside;
  const message = `${word} stands beside ${at}, which says otherwise: give one`;
  throw new Refusal("invalid_value", message, { param: word });
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
  const given = own["rate_limit"];
  if (isFields(given)) refuseForeign(given, "rate_limit");
  const beside = "rpm_limit" in body;
  if (!beside && !(isFields(given) && "rpm_limit" in given)) return key;
  const { rpm_limit: inside, ...rate } = within(own, "rate_limit", beside ? ["rpm_limit"] : []);
  const rates = { ...rate };
  const value = beside ? rpm_limit : inside;
  put(rates, { theirs: "rpm_limit", ours: "requests_per_minute", value, at: "rate_limit" });
  return { ...key, rate_limit: rates };
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

/** What means something that isn't there, or something else here: why, and the word to use. */
const foreign: ReadonlyMap<string, { readonly why: string; readonly ours: string }> = new Map([
  ["soft_budget", { why: "50, 80 and 100 % of every limit are alerts", ours: "limits" }],
  [
    "tpm_limit",
    { why: "pictures are counted, not tokens a minute", ours: "rate_limit.images_per_minute" },
  ],
  [
    "max_parallel_requests",
    { why: "orders of a minute are counted", ours: "rate_limit.requests_per_minute" },
  ],
  ["duration", { why: "say when, an ISO date-time, instead of how long", ours: "expires_at" }],
  ["expires_in", { why: "say when, an ISO date-time, instead of how long", ours: "expires_at" }],
  ["team_id", { why: "accounts are the teams", ours: "account_id" }],
  ["key_alias", { why: "it is the name", ours: "name" }],
  ["team_alias", { why: "it is the name", ours: "name" }],
  ["metadata", { why: "what is written on every call are tags", ours: "tags" }],
]);

function refuseForeign(fields: Fields, at: string): void {
  for (const word of Object.keys(fields)) {
    const found = foreign.get(word);
    if (found === undefined) continue;
    const param = fieldOf(at, word);
    const message = `${param}: ${found.why}; the word here is ${found.ours}`;
    throw new Refusal("invalid_value", message, { param, allowed: [found.ours] });
  }
}

function fieldOf(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
