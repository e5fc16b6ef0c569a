import type { Context, Hono } from "hono";
import { ownOutcomes } from "../../advisor/own-outcomes.ts";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import {
  choiceAsked,
  choiceOf,
  ownWhatIfBody,
  type WhatIfAsked,
  whatIfBody,
} from "../../what-if/asked.ts";
import { journalCalls, type NotSettled } from "../../what-if/journal.ts";
import { LISTED_MAX, whatIfJson } from "../../what-if/json.ts";
import { marketsOf } from "../../what-if/market.ts";
import type { Sums } from "../../what-if/tally.ts";
import { whatIf } from "../../what-if/what-if.ts";
import { notFound, readAdmin } from "../admin/read.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { daysOf } from "../usage/query.ts";

type WhatIfContext = Context<ApiEnvironment>;

/** `POST /v1/what-if`: what the requests of an API key's account, and all below it, would have cost. */
export function ownWhatIfRoute(
  app: Hono<ApiEnvironment>,
  deps: ApiDeps,
  keyOf: (context: WhatIfContext) => Promise<KeyPolicy>,
): void {
  app.post("/v1/what-if", async (context) => {
    const { accountId, rootId } = await keyOf(context);
    const asked = await readAdmin(context, ownWhatIfBody);
    const of = { ...asked, account_id: accountId };
    return context.json(await answer(of, { rootId, context }, deps));
  });
}

/** The same of one account or of all; for the master key. */
export function houseWhatIfRoute(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  app.post("/what-if", async (context) => {
    const asked = await readAdmin(context, whatIfBody);
    const { account_id: accountId } = asked;
    const account = accountId === undefined ? undefined : await deps.ledger.account(accountId);
    if (accountId !== undefined && account === undefined) {
      throw notFound("account", accountId, "account_id");
    }
    return context.json(await answer(asked, { rootId: account?.rootId, context }, deps));
  });
}

async function answer(
  asked: WhatIfAsked,
  by: { readonly rootId: string | undefined; readonly context: WhatIfContext },
  deps: ApiDeps,
) {
  const { rootId, context } = by;
  const { ledger, world } = deps;
  const { account_id: accountId, key_id: keyId } = asked;
  const days = daysOf(asked);
  const { catalog, ratings } = deps;
  const choice = choiceOf(asked, { catalog, ratings, asOf: days.to });
  if (keyId !== undefined && (await ledger.findKey(keyId)) === undefined) {
    throw notFound("key", keyId, "key_id");
  }
  const others: NotSettled = { voided: 0, open: 0 };
  // Nobody waits for the answer any more: the ledger is left to others.
  const isGone = (): boolean => context.env.outgoing.destroyed;
  const calls = journalCalls(ledger, { ...days, accountId, keyId }, { others, isGone });
  const sums = await whatIf(calls, choice, { markets: marketsOf(deps) });
  return whatIfJson(sums, {
    ...{ ...days, choice, asked: choiceAsked(asked), imported: null, others },
    ...{ accountId: accountId ?? null, keyId: keyId ?? null },
    keyNames: await keyNamesIn(sums, deps),
    outcomes: ownOutcomes(await ledger.judged({ rootId, accountId })),
    emulated: world === "sandbox",
  });
}

async function keyNamesIn({ levers }: Sums, { ledger }: ApiDeps) {
  const names = new Map<string, string>();
  for (const id of new Set(levers.slice(0, LISTED_MAX).flatMap(({ key }) => key ?? []))) {
    const key = await ledger.findKey(id);
    if (key !== undefined) names.set(id, key.name);
  }
  return names;
}
