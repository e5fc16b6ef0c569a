import { type Context, Hono } from "hono";
import type { z } from "zod";
import { makeKey } from "../../gateway/api-keys.ts";
import { houseReceiptJson } from "../../gateway/receipt-json.ts";
import { newId } from "../../ids.ts";
import type { Account, ApiKey, Limits } from "../../ledger/accounts-port.ts";
import { formatUsd, type PicoUsd, parseUsd, USD_AMOUNT_LIMIT } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { adminActor } from "../credentials.ts";
import { readJson } from "../read-body.ts";
import { houseUsageRoutes } from "../usage/routes.ts";
import { accountBody, fundBody, keyBody, limitsBody } from "./bodies.ts";

const ADMIN_BYTES_MAX = 64 * 1024;
/** What an account made in live mode without a prepaid balance or a limit may spend a day (DESIGN §9). */
const LIVE_DEFAULT_DAY_USD = "10";

type AdminContext = Context<ApiEnvironment>;

/** Accounts, funds, limits, keys, holds and whole receipts; for the master key and the command line only. */
export function adminRoutes(deps: ApiDeps): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  app.use(async (context, next) => {
    actorOf(context, deps);
    await next();
  });
  accountRoutes(app, deps);
  keyRoutes(app, deps);
  houseUsageRoutes(app, deps);
  app.get("/receipts/:id", async (context) => {
    const id = context.req.param("id");
    const call = await deps.ledger.call(id);
    if (call === undefined) throw notFound("receipt", id);
    return context.json(houseReceiptJson(call, deps.world));
  });
  app.get("/holds", async (context) => {
    const holds = await deps.ledger.openHolds();
    const data = holds.map((hold) => ({
      id: hold.holdId,
      account_id: hold.accountId,
      vendor: hold.vendor,
      connection: hold.connection,
      amount: formatUsd(hold.amount),
      created: Math.floor(hold.createdMs / 1_000),
      task_id: hold.taskId,
    }));
    return context.json({ object: "list", data });
  });
  return app;
}

function accountRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  app.post("/accounts", async (context) => {
    const asked = await body(context, accountBody);
    const unlimited = !asked.prepaid && Object.keys(asked.limits ?? {}).length === 0;
    const limits =
      unlimited && deps.world === "live" ? { day: LIVE_DEFAULT_DAY_USD } : asked.limits;
    const made = await deps.ledger.createAccount({
      name: asked.name,
      prepaid: asked.prepaid,
      limits: limitsOf(limits ?? {}),
      actor: actorOf(context, deps),
    });
    if (made.kind === "refused") throw new Error(`a root was refused: ${made.reason}`);
    return context.json(accountJson(made.account), 201);
  });
  app.get("/accounts", async (context) => {
    const accounts = await deps.ledger.listAccounts();
    return context.json({ object: "list", data: accounts.map(accountJson) });
  });
  app.post("/accounts/:id/fund", async (context) => {
    const accountId = context.req.param("id");
    const asked = await body(context, fundBody);
    const amount = parseUsd(asked.amount);
    if (amount === 0n || amount >= USD_AMOUNT_LIMIT) {
      throw new Refusal("invalid_value", "amount: above 0 and below 1000000 USD", {
        param: "amount",
        sent: asked.amount,
      });
    }
    const entryId = asked.entry_id ?? newId("fund");
    const result = await deps.ledger.fund({
      accountId,
      amount,
      entryId,
      actor: actorOf(context, deps),
    });
    if (result.kind === "refused") throw fundRefusal(result.reason, accountId);
    return context.json({
      account_id: accountId,
      entry_id: result.entryId,
      amount: formatUsd(amount),
      available: result.available === null ? null : formatUsd(result.available),
    });
  });
  app.put("/accounts/:id/limits", async (context) => {
    const accountId = context.req.param("id");
    const limits = limitsOf(await body(context, limitsBody));
    await deps.ledger.changeNode({
      nodeId: accountId,
      limits: { day: null, month: null, total: null, ...limits },
      actor: actorOf(context, deps),
    });
    const account = await deps.ledger.account(accountId);
    if (account === undefined) throw notFound("account", accountId);
    return context.json(accountJson(account));
  });
}

function keyRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  app.post("/keys", async (context) => {
    const asked = await body(context, keyBody);
    const { id, key, sha256 } = makeKey(deps.world);
    const row = await deps.ledger.createKey({
      id,
      sha256,
      accountId: asked.account_id,
      name: asked.name,
      actor: actorOf(context, deps),
    });
    if (row === undefined) throw notFound("account", asked.account_id);
    // The only time that the key itself is shown.
    return context.json({ ...keyJson(row), key }, 201);
  });
  app.get("/keys", async (context) => {
    const keys = await deps.ledger.listKeys(context.req.query("account_id"));
    return context.json({ object: "list", data: keys.map(keyJson) });
  });
  app.delete("/keys/:id", async (context) => {
    const keyId = context.req.param("id");
    const row = await deps.ledger.revokeKey({ keyId, actor: actorOf(context, deps) });
    if (row === undefined) throw notFound("key", keyId);
    return context.json(keyJson(row));
  });
}

function actorOf(context: AdminContext, deps: ApiDeps): string {
  return adminActor((header) => context.req.header(header), deps.admin, deps.log);
}

async function body<T>(context: AdminContext, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await readJson(context.env.incoming, ADMIN_BYTES_MAX));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const param = [...(issue?.path ?? []), ...unknown].join(".");
  const why = unknown.length > 0 ? "unknown field" : (issue?.message ?? "not understood");
  throw new Refusal("invalid_value", `${param === "" ? "body" : param}: ${why}`, {
    ...(param === "" ? {} : { param }),
  });
}

function limitsOf(texts: {
  readonly day?: string | undefined;
  readonly month?: string | undefined;
  readonly total?: string | undefined;
}): Limits {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([window, text]): [string, PicoUsd][] =>
      text === undefined ? [] : [[window, parseUsd(text)]],
    ),
  );
}

function accountJson(account: Account) {
  const { credits, limits } = account;
  return {
    id: account.id,
    name: account.name,
    prepaid: account.prepaid,
    limits: Object.fromEntries(
      Object.entries(limits).map(([window, amount]) => [window, formatUsd(amount)]),
    ),
    created: Math.floor(account.createdMs / 1_000),
    settled: formatUsd(credits.settled),
    held: formatUsd(credits.held),
    available: credits.available === null ? null : formatUsd(credits.available),
  };
}

function keyJson(key: ApiKey) {
  return {
    id: key.id,
    account_id: key.accountId,
    name: key.name,
    created: Math.floor(key.createdMs / 1_000),
    revoked: key.revokedMs !== null,
  };
}

function notFound(what: string, id: string): Refusal {
  return new Refusal("not_found", `no such ${what}: ${id}`, { param: "id", sent: id });
}

function fundRefusal(
  reason: "unknown_account" | "not_prepaid" | "range",
  accountId: string,
): Refusal {
  if (reason === "unknown_account") return notFound("account", accountId);
  if (reason === "range") {
    return new Refusal("ledger_range", "the balance would leave the ledger's range");
  }
  return new Refusal(
    "conflict",
    `account ${accountId} is not prepaid: it owes what it spends, and has limits instead of a balance`,
  );
}
