import type { Hono } from "hono";
import { newId } from "../../ids.ts";
import {
  type Account,
  type FundResult,
  LEVELS_MAX,
  type MoveResult,
  type NewAccountResult,
} from "../../ledger/accounts-port.ts";
import { formatUsd, parseUsd, USD_AMOUNT_LIMIT } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import {
  accountBody,
  accountChange,
  accountsQuery,
  fundBody,
  limitsBody,
  moveBody,
} from "./bodies.ts";
import { inOurWords, limitsInOurWords } from "./known-words.ts";
import { accountJson, accountsJson, levelOf } from "./node-json.ts";
import { type AdminContext, actorOf, notFound, queryAdmin, readAdmin } from "./read.ts";
import { limitsChangeOf, limitsOf, settingsChangeOf, settingsOf } from "./settings.ts";

/** What a root made in live mode without a prepaid balance or a limit may spend a day (DESIGN §9). */
const LIVE_DEFAULT_LIMITS = { day: "10" };

/** The tree of accounts: who pays, and how much at most. */
export function accountRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  app.post("/accounts", (context) => create(context, deps));
  app.get("/accounts", (context) => list(context, deps));
  app.get("/accounts/:id", async (context) => answer(context, context.req.param("id"), deps));
  app.patch("/accounts/:id", (context) => change(context, context.req.param("id"), deps));
  app.put("/accounts/:id/limits", (context) =>
    replaceLimits(context, context.req.param("id"), deps),
  );
  app.post("/accounts/:id/move", (context) => move(context, context.req.param("id"), deps));
  app.post("/accounts/:id/fund", (context) => fund(context, context.req.param("id"), deps));
}

async function create(context: AdminContext, deps: ApiDeps) {
  const asked = await readAdmin(context, accountBody, {
    words: (body) => inOurWords(body, "account"),
  });
  const { name, prepaid, parent_id, limits = {}, ...settings } = asked;
  const parentId = parent_id ?? null;
  if (parentId !== null) refuseHouseLimits(settings, parentId);
  // What stands below a root is bounded by it.
  const unlimited = parentId === null && !prepaid && Object.keys(limits).length === 0;
  const made = await deps.ledger.createAccount({
    name,
    parentId,
    prepaid,
    limits: limitsOf(unlimited && deps.world === "live" ? LIVE_DEFAULT_LIMITS : limits),
    settings: settingsOf(settings, deps.catalog),
    actor: actorOf(context, deps),
  });
  if (made.kind === "refused") throw creationRefusal(made.reason, parentId ?? "");
  return context.json(accountJson(made.account, await levelOf(made.account, deps.ledger)), 201);
}

async function list(context: AdminContext, deps: ApiDeps) {
  const { below } = queryAdmin(context, accountsQuery);
  const accounts = await deps.ledger.listAccounts(below);
  const [first] = accounts;
  if (below !== undefined && first === undefined) throw notFound("account", below, "below");
  const level = first === undefined ? 1 : await levelOf(first, deps.ledger);
  return context.json({ object: "list", data: accountsJson(accounts, level) });
}

async function change(context: AdminContext, accountId: string, deps: ApiDeps) {
  const asked = await readAdmin(context, accountChange, {
    words: (body) => inOurWords(body, "account"),
  });
  const { name, limits, ...settings } = asked;
  const before = await accountOf(accountId, deps);
  if (before.parentId !== null) refuseHouseLimits(settings, before.parentId);
  await deps.ledger.changeNode({
    nodeId: accountId,
    actor: actorOf(context, deps),
    ...(name === undefined ? {} : { name }),
    ...(limits === undefined ? {} : { limits: limitsChangeOf(limits) }),
    ...(Object.keys(settings).length === 0
      ? {}
      : { settings: settingsChangeOf(settings, before.settings, deps.catalog) }),
  });
  return answer(context, accountId, deps);
}

async function replaceLimits(context: AdminContext, accountId: string, deps: ApiDeps) {
  const limits = await readAdmin(context, limitsBody, {
    words: (body) => limitsInOurWords(body, ""),
  });
  await accountOf(accountId, deps);
  await deps.ledger.changeNode({
    nodeId: accountId,
    limits: { ...limitsChangeOf(null), ...limitsOf(limits) },
    actor: actorOf(context, deps),
  });
  return answer(context, accountId, deps);
}

async function move(context: AdminContext, accountId: string, deps: ApiDeps) {
  const { parent_id: parentId } = await readAdmin(context, moveBody);
  const actor = actorOf(context, deps);
  const moved = await deps.ledger.moveAccount({ accountId, parentId, actor });
  if (moved.kind === "refused") throw moveRefusal(moved.reason, { accountId, parentId });
  return answer(context, accountId, deps);
}

async function fund(context: AdminContext, accountId: string, deps: ApiDeps) {
  const asked = await readAdmin(context, fundBody);
  const amount = parseUsd(asked.amount);
  if (amount === 0n || amount >= USD_AMOUNT_LIMIT) {
    throw new Refusal("invalid_value", "amount: above 0 and below 1000000 USD", {
      param: "amount",
      sent: asked.amount,
    });
  }
  const entryId = asked.entry_id ?? newId("fund");
  const actor = actorOf(context, deps);
  const result = await deps.ledger.fund({ accountId, amount, entryId, actor });
  if (result.kind === "refused") {
    const account = await deps.ledger.account(accountId);
    throw fundRefusal(result.reason, { accountId, entryId, account });
  }
  return context.json({
    account_id: accountId,
    entry_id: result.entryId,
    amount: formatUsd(amount),
    available: result.available === null ? null : formatUsd(result.available),
  });
}

async function answer(context: AdminContext, accountId: string, deps: ApiDeps) {
  const account = await accountOf(accountId, deps);
  return context.json(accountJson(account, await levelOf(account, deps.ledger)));
}

/** @throws Refusal 404 naming the id. */
export async function accountOf(accountId: string, deps: ApiDeps): Promise<Account> {
  const account = await deps.ledger.account(accountId);
  if (account === undefined) throw notFound("account", accountId);
  return account;
}

/** The house's own losses are counted by root: a limit further down would count nothing. */
function refuseHouseLimits(settings: object, parentId: string): void {
  if (!("house_limits" in settings)) return;
  const message = `house_limits: only roots have them, and this account stands below ${parentId}`;
  throw new Refusal("invalid_value", message, { param: "house_limits" });
}

type Reason<Result extends { readonly kind: string }> = Extract<
  Result,
  { kind: "refused"; reason: string }
>["reason"];

function creationRefusal(reason: Reason<NewAccountResult>, parentId: string): Refusal {
  switch (reason) {
    case "unknown_parent":
      return notFound("account", parentId, "parent_id");
    case "prepaid_below_root":
      return new Refusal("invalid_value", "prepaid: only a root may be prepaid", {
        param: "prepaid",
        sent: true,
        allowed: [false],
      });
    case "too_deep":
      return tooDeep(parentId);
    default:
      return reason satisfies never;
  }
}

function moveRefusal(
  reason: Reason<MoveResult>,
  { accountId, parentId }: { readonly accountId: string; readonly parentId: string },
): Refusal {
  switch (reason) {
    case "unknown_account":
      return notFound("account", accountId);
    case "unknown_parent":
      return notFound("account", parentId, "parent_id");
    case "too_deep":
      return tooDeep(parentId);
    case "is_root":
      return conflict(
        `account ${accountId} is a root, and a root stays one: its journal is its own`,
      );
    case "another_root":
      return conflict(`${parentId} stands under another root: what is under one root stays there`);
    case "cycle":
      return conflict(`${parentId} is ${accountId} itself or stands below it`);
    default:
      return reason satisfies never;
  }
}

function fundRefusal(
  reason: Reason<FundResult>,
  of: {
    readonly accountId: string;
    readonly entryId: string;
    readonly account: Account | undefined;
  },
): Refusal {
  const { accountId, entryId, account } = of;
  switch (reason) {
    case "unknown_account":
      return notFound("account", accountId);
    case "not_prepaid":
      return conflict(
        account?.credits.prepaid === true
          ? `account ${accountId} spends from the balance of its root: fund ${account.rootId}`
          : `account ${accountId} is not prepaid: it owes what it spends, and has limits instead of a balance`,
      );
    case "entry_reused":
      return conflict(`entry_id=${entryId} stands for something else already: take a new one`);
    case "range":
      return new Refusal("ledger_range", "the balance would leave the ledger's range");
    default:
      return reason satisfies never;
  }
}

function conflict(message: string): Refusal {
  return new Refusal("conflict", message);
}

function tooDeep(parentId: string): Refusal {
  const message = `below ${parentId} it would stand deeper than ${LEVELS_MAX} levels`;
  return new Refusal("conflict", message, { param: "parent_id", sent: parentId });
}
