import type { Context, Hono } from "hono";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import { TooManyRows, type UsageQuery, type UsageRow } from "../../ledger/reports-port.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { houseUsageQuery, readUsageQuery, type UsageAsked, usageQuery } from "./query.ts";
import { type UsageReport, usageCsv, usageJson } from "./report.ts";

/** Rows that one answer has at most. */
const ROWS_MAX = 50_000;

type UsageContext = Context<ApiEnvironment>;
type Usage = (context: UsageContext) => Promise<UsageReport>;

/** `GET /v1/usage` and `.csv`: what an API key's account, and all below it, has used. */
export function ownUsageRoutes(
  app: Hono<ApiEnvironment>,
  deps: ApiDeps,
  keyOf: (context: UsageContext) => Promise<KeyPolicy>,
): void {
  addRoutes(app, "/v1/usage", async (context) => {
    const { accountId } = await keyOf(context);
    const asked = readUsageQuery(context.req.queries(), usageQuery, today());
    return report({ ...asked, accountId }, { deps, house: false });
  });
}

/** The same of one account or of all, with the house's figures; for the master key. */
export function houseUsageRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  addRoutes(app, "/usage", async (context) => {
    const asked = readUsageQuery(context.req.queries(), houseUsageQuery, today());
    const { accountId } = asked;
    if (accountId !== undefined && (await deps.ledger.account(accountId)) === undefined) {
      const sent = { param: "account_id", sent: accountId };
      throw new Refusal("not_found", `no such account: ${accountId}`, sent);
    }
    return report(asked, { deps, house: true });
  });
}

function addRoutes(app: Hono<ApiEnvironment>, path: string, usage: Usage): void {
  app.get(path, async (context) => context.json(usageJson(await usage(context))));
  app.get(`${path}.csv`, async (context) => {
    const found = await usage(context);
    const file = `usage-${found.from}-${found.to}.csv`;
    return context.body(usageCsv(found), 200, {
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": `attachment; filename="${file}"`,
    });
  });
}

async function report(
  asked: UsageAsked,
  { deps, house }: { readonly deps: ApiDeps; readonly house: boolean },
): Promise<UsageReport> {
  const { from, to, by, keyId, accountId } = asked;
  if (keyId !== undefined && (await deps.ledger.findKey(keyId)) === undefined) {
    throw new Refusal("not_found", `no such key: ${keyId}`, { param: "key_id", sent: keyId });
  }
  const rows = await rowsOf({ from, to, by, keyId, accountId, most: ROWS_MAX }, deps);
  return { from, to, by, rows, world: deps.world, house };
}

async function rowsOf(query: UsageQuery, deps: ApiDeps): Promise<readonly UsageRow[]> {
  try {
    return await deps.ledger.usage(query);
  } catch (cause) {
    if (!(cause instanceof TooManyRows)) throw cause;
    const sent = query.by.join(",");
    const why = `more than ${ROWS_MAX} rows: ask for fewer days or fewer dimensions`;
    throw new Refusal("invalid_value", `by=${sent}: ${why}`, {
      param: "by",
      sent,
      allowed: { rows_max: ROWS_MAX },
      cause,
    });
  }
}

/** The UTC day that it is. */
function today(): string {
  return new Date().toISOString().slice(0, "YYYY-MM-DD".length);
}
