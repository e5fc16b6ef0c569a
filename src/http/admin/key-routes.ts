import type { Hono } from "hono";
import { makeKey } from "../../gateway/api-keys.ts";
import type { ApiKey } from "../../ledger/accounts-port.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { keyBody, keyChange, keysQuery } from "./bodies.ts";
import { inOurWords } from "./known-words.ts";
import { keyJson } from "./node-json.ts";
import { type AdminContext, actorOf, notFound, queryAdmin, readAdmin } from "./read.ts";
import { limitsChangeOf, limitsOf, settingsChangeOf, settingsOf } from "./settings.ts";

/** Keys: what callers present, on any account, each with limits of its own. */
export function keyRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  app.post("/keys", (context) => create(context, deps));
  app.get("/keys", async (context) => {
    const { account_id: accountId } = queryAdmin(context, keysQuery);
    if (accountId !== undefined && (await deps.ledger.account(accountId)) === undefined) {
      throw notFound("account", accountId, "account_id");
    }
    const keys = await deps.ledger.listKeys(accountId);
    return context.json({ object: "list", data: keys.map((key) => keyJson(key)) });
  });
  app.get("/keys/:id", async (context) =>
    context.json(keyJson(await keyOf(context.req.param("id"), deps))),
  );
  app.patch("/keys/:id", (context) => change(context, context.req.param("id"), deps));
  app.delete("/keys/:id", async (context) => {
    const keyId = context.req.param("id");
    const row = await deps.ledger.revokeKey({ keyId, actor: actorOf(context, deps) });
    if (row === undefined) throw notFound("key", keyId);
    return context.json(keyJson(row));
  });
}

async function create(context: AdminContext, deps: ApiDeps) {
  const asked = await readAdmin(context, keyBody, { words: (body) => inOurWords(body, "key") });
  const { account_id: accountId, name, limits = {}, ...settings } = asked;
  if (settings.expires_at !== undefined && Date.parse(settings.expires_at) <= Date.now()) {
    throw new Refusal("invalid_value", `expires_at=${settings.expires_at}: is past already`, {
      param: "expires_at",
      sent: settings.expires_at,
    });
  }
  const { id, key, sha256 } = makeKey(deps.world);
  const row = await deps.ledger.createKey({
    id,
    sha256,
    accountId,
    name,
    limits: limitsOf(limits),
    settings: settingsOf(settings, deps.catalog),
    actor: actorOf(context, deps),
  });
  if (row === undefined) throw notFound("account", accountId, "account_id");
  // The only time that the key itself is shown.
  return context.json({ ...keyJson(row), key }, 201);
}

/** An instant that is past ends a key at once, and may be taken back: revoking can't. */
async function change(context: AdminContext, keyId: string, deps: ApiDeps) {
  const asked = await readAdmin(context, keyChange, { words: (body) => inOurWords(body, "key") });
  const { name, limits, ...settings } = asked;
  const before = await keyOf(keyId, deps);
  await deps.ledger.changeNode({
    nodeId: keyId,
    actor: actorOf(context, deps),
    ...(name === undefined ? {} : { name }),
    ...(limits === undefined ? {} : { limits: limitsChangeOf(limits) }),
    ...(Object.keys(settings).length === 0
      ? {}
      : { settings: settingsChangeOf(settings, before.settings, deps.catalog) }),
  });
  return context.json(keyJson(await keyOf(keyId, deps)));
}

async function keyOf(keyId: string, deps: ApiDeps): Promise<ApiKey> {
  const key = await deps.ledger.findKey(keyId);
  if (key === undefined) throw notFound("key", keyId);
  return key;
}
