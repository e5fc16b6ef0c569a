import type { Hono } from "hono";
import type { Account } from "../../ledger/accounts-port.ts";
import { InvalidPage } from "../../ledger/reports-port.ts";
import type { StoredStatement } from "../../ledger/statements-port.ts";
import { monthAfter, monthStartMs, windowsAt } from "../../ledger/windows.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import { draftStatement, issueStatement } from "../../statements/issue.ts";
import { statementCsv } from "../../statements/statement-csv.ts";
import { type StatementProof, statementHtml } from "../../statements/statement-html.ts";
import { statementSchema } from "../../statements/statement-schema.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { accountOf } from "./account-routes.ts";
import { draftQuery, statementBody, statementsQuery } from "./bodies.ts";
import { type AdminContext, actorOf, queryAdmin, readAdmin } from "./read.ts";

/** What stands for a number where a draft is asked for. */
const DRAFT = "draft";

/** Monthly statements of an account: issue, list, show as JSON, HTML or CSV; drafts of months that go on. */
export function statementRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  const path = "/accounts/:id/statements";
  app.get(path, (context) => list(context, context.req.param("id"), deps));
  app.post(path, (context) => issue(context, context.req.param("id"), deps));
  app.get(`${path}/:number{[^/]+\\.html}`, (context) => show(context, ".html", deps));
  app.get(`${path}/:number{[^/]+\\.csv}`, (context) => show(context, ".csv", deps));
  app.get(`${path}/:number`, (context) => show(context, "", deps));
}

type Format = "" | ".html" | ".csv";

async function show(context: AdminContext, format: Format, deps: ApiDeps) {
  const number = (context.req.param("number") ?? "").slice(0, -format.length || undefined);
  const account = await accountOf(context.req.param("id") ?? "", deps);
  const found =
    number === DRAFT ? await draft(context, account, deps) : await issued(account, number, deps);
  return answer(context, found, format);
}

/** A statement's bytes, and where they are proven: null for a draft. */
type Found = { readonly json: string; readonly stored: StoredStatement | null };

async function list(context: AdminContext, accountId: string, deps: ApiDeps) {
  const { limit: most, before } = queryAdmin(context, statementsQuery);
  await accountOf(accountId, deps);
  try {
    const { items, next } = await deps.ledger.statements({ accountId, most, before });
    return context.json({ object: "list", data: items.map(summaryJson), next });
  } catch (cause) {
    if (!(cause instanceof InvalidPage)) throw cause;
    throw new Refusal("invalid_value", cause.message, { param: "before" });
  }
}

function summaryJson(stored: Omit<StoredStatement, "json">) {
  const { number, accountId, month, total, sha256, issuedMs, entryId, chain } = stored;
  return {
    number,
    account_id: accountId,
    month,
    total: formatUsd(total),
    issued_at: new Date(issuedMs).toISOString(),
    sha256,
    entry: { id: entryId, sequence: chain.sequence, hash: chain.hash },
  };
}

/** Issues the statement of a month: 201, or 200 with the very same bytes where it stands already. */
async function issue(context: AdminContext, accountId: string, deps: ApiDeps) {
  const { month } = await readAdmin(context, statementBody);
  const account = await accountOf(accountId, deps);
  refuseBeforeBirth(month, account);
  if (monthStartMs(month) > Date.now()) throw notOver(month);
  const result = await issueStatement({
    ...{ account, month, ledger: deps.ledger, emulated: deps.world === "sandbox" },
    actor: actorOf(context, deps),
  });
  if (result === "month_not_over") throw notOver(month);
  const { statement, isNew } = result;
  return answer(context, { json: statement.json, stored: statement }, "", isNew ? 201 : 200);
}

async function issued(account: Account, number: string, deps: ApiDeps): Promise<Found> {
  const stored = await deps.ledger.statement({ accountId: account.id, number });
  if (stored !== undefined) return { json: stored.json, stored };
  const why = `no such statement of account ${account.id}: ${number}; GET …/statements lists them, POST …/statements issues one`;
  throw new Refusal("not_found", why, { param: "number", sent: number });
}

async function draft(context: AdminContext, account: Account, deps: ApiDeps): Promise<Found> {
  const { month } = queryAdmin(context, draftQuery);
  refuseBeforeBirth(month, account);
  if (monthStartMs(month) > Date.now()) {
    throw invalidMonth(month, "it has not begun: there is nothing to draw up");
  }
  const emulated = deps.world === "sandbox";
  const json = await draftStatement({ account, month, ledger: deps.ledger, emulated });
  return { json, stored: null };
}

/** The stored bytes themselves, or what they say as a page or a table. */
function answer(
  context: AdminContext,
  { json, stored }: Found,
  format: Format,
  status: 200 | 201 = 200,
) {
  const headers = proofHeaders(stored);
  if (format === "") {
    return context.body(json, status, { ...headers, "content-type": "application/json" });
  }
  const statement = statementSchema.parse(JSON.parse(json));
  const file = `statement-${statement.number ?? `draft-${statement.month}`}${format}`;
  if (format === ".html") {
    return context.body(statementHtml(statement, proofOf(stored)), 200, {
      ...headers,
      "content-type": "text/html; charset=utf-8",
      // Names and reasons were written by people: nothing in the page may run.
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "content-disposition": `inline; filename="${file}"`,
    });
  }
  return context.body(statementCsv(statement), 200, {
    ...headers,
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": `attachment; filename="${file}"`,
  });
}

function proofHeaders(stored: StoredStatement | null): Record<string, string> {
  if (stored === null) return {};
  return {
    "x-statement-sha256": stored.sha256,
    "x-chain-sequence": String(stored.chain.sequence),
    "x-chain-hash": stored.chain.hash,
  };
}

function proofOf(stored: StoredStatement | null): StatementProof {
  if (stored === null) return null;
  const { sha256, entryId, chain } = stored;
  return { sha256, entryId, sequence: chain.sequence, hash: chain.hash };
}

/** An account that wasn't there yet has nothing to tell. */
function refuseBeforeBirth(month: string, { id, createdMs }: Account): void {
  const { day, month: first } = windowsAt(createdMs);
  if (month >= first) return;
  throw invalidMonth(month, `account ${id} was made on ${day}: its first month is ${first}`);
}

function notOver(month: string): Refusal {
  const next = monthAfter(month);
  if (monthStartMs(month) > Date.now()) {
    return invalidMonth(month, `it has not begun; it can be issued from ${next}-01 (UTC) on`);
  }
  return new Refusal(
    "conflict",
    `month=${month}: it is not over; it can be issued from ${next}-01 (UTC) on, and until then a draft shows it`,
    { param: "month", sent: month },
  );
}

function invalidMonth(month: string, why: string): Refusal {
  return new Refusal("invalid_value", `month=${month}: ${why}`, { param: "month", sent: month });
}
