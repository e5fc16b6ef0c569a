import { z } from "zod";
import { statementSchema } from "../../statements/statement-schema.ts";
import type { Described } from "../described.ts";
import {
  accountBody,
  accountChange,
  accountsQuery,
  closeBody,
  correctionBody,
  draftQuery,
  exposuresQuery,
  fundBody,
  keyBody,
  keyChange,
  keysQuery,
  limitsBody,
  moveBody,
  pageQuery,
  reconciliationBody,
  reconciliationsQuery,
  statementBody,
  statementsQuery,
} from "./bodies.ts";

/** The administration's part of the OpenAPI description. */

const usd = z.string().describe("US dollars as a plain decimal string, exact");
const seconds = z.int().describe("Unix time in seconds");

const account = z.looseObject({
  id: z.string(),
  name: z.string(),
  parent_id: z.string().nullable(),
  root_id: z.string(),
  level: z.int().describe("1 for a root, at most 6"),
  prepaid: z.boolean(),
  limits: limitsBody,
  created: seconds,
  settled: usd,
  held: usd,
  available: usd.nullable().describe("The tightest of its own limits and those above; null: none"),
});
const key = z.looseObject({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  revoked: z.boolean(),
  expires_at: z.string().nullable(),
  expired: z.boolean(),
  limits: limitsBody,
  allowed_models: z.array(z.string()).nullable().describe("null: all"),
  tags: z.record(z.string(), z.string()),
});
const hold = z.looseObject({
  id: z.string(),
  account_id: z.string(),
  amount: usd,
  created: seconds,
});
const exposure = z.looseObject({
  entry_id: z.string(),
  receipt_id: z.string(),
  account_id: z.string(),
  amount: usd,
  reason: z.string(),
  opened: seconds,
  open: z.boolean(),
  billed: usd.nullable(),
});
const overrun = z.looseObject({
  entry_id: z.string(),
  receipt_id: z.string(),
  account_id: z.string(),
  ceiling: usd,
  amount: usd,
});
const correction = z.looseObject({
  entry_id: z.string(),
  corrects: z.string(),
  of: z.enum(["charge", "cost", "exposure", "fund"]),
  before: usd,
  after: usd,
  reason: z.string(),
});
const reconciliation = z.looseObject({
  object: z.literal("reconciliation"),
  id: z.string(),
  connection: z.string(),
  billed: usd.describe("Everything on the bill, taxes and credits included"),
  explained_percent: z.string(),
  matched: usd.describe("Calls of the journal that the bill holds, at list price"),
  settled: usd.describe("Billed for ceilings and exposures, whose cost nobody knew"),
  ours_only: usd,
  theirs_only: usd,
  price_differs: usd,
  rounding: usd,
  tax: usd,
  credits: usd,
  discount: usd,
  outside: usd.describe("What the same vendor key spent elsewhere"),
  findings: z.array(z.looseObject({})),
  proposals: z.array(z.looseObject({})),
  drift: z.boolean(),
});
const alert = z.looseObject({
  node_id: z.string().describe("An account or a key"),
  limit: z.enum(["prepaid", "day", "month", "total", "range"]),
  window: z.string().nullable(),
  threshold: z.union([z.literal(50), z.literal(80), z.literal(100)]).describe("Percent"),
  used: usd,
  of: usd,
});

function listOf(item: z.ZodType): z.ZodType {
  return z.object({ object: z.literal("list"), data: z.array(item) });
}

function pageOf(item: z.ZodType): z.ZodType {
  const next = z.string().nullable().describe("Give it back as before; null on the last page");
  return z.object({ object: z.literal("list"), data: z.array(item), next });
}

const accounts: readonly Described[] = [
  {
    method: "post",
    path: "/accounts",
    summary: "Create an account: a root, or one below parent_id",
    body: accountBody,
    answer: account,
    status: 201,
  },
  {
    method: "get",
    path: "/accounts",
    summary: "List accounts, parents before children; all, or one with all below it",
    query: accountsQuery,
    answer: listOf(account),
  },
  { method: "get", path: "/accounts/{id}", summary: "One account", answer: account },
  {
    method: "patch",
    path: "/accounts/{id}",
    summary: "Change an account's name, limits or settings",
    body: accountChange,
    answer: account,
  },
  {
    method: "put",
    path: "/accounts/{id}/limits",
    summary: "Replace an account's limits",
    body: limitsBody,
    answer: account,
  },
  {
    method: "post",
    path: "/accounts/{id}/move",
    summary: "Hang an account, with all below it, below another one of its root",
    body: moveBody,
    answer: account,
  },
  {
    method: "post",
    path: "/accounts/{id}/fund",
    summary: "Add to a prepaid balance",
    body: fundBody,
    answer: z.looseObject({ account_id: z.string(), entry_id: z.string(), amount: usd }),
  },
];

const keys: readonly Described[] = [
  {
    method: "post",
    path: "/keys",
    summary: "Create an API key; shown once",
    body: keyBody,
    answer: key.extend({ key: z.string() }),
    status: 201,
  },
  {
    method: "get",
    path: "/keys",
    summary: "List keys, all or of one account",
    query: keysQuery,
    answer: listOf(key),
  },
  { method: "get", path: "/keys/{id}", summary: "One key, never its secret", answer: key },
  {
    method: "patch",
    path: "/keys/{id}",
    summary: "Change a key's name, limits or settings",
    body: keyChange,
    answer: key,
  },
  { method: "delete", path: "/keys/{id}", summary: "Revoke a key", answer: key },
];

const calls: readonly Described[] = [
  {
    method: "get",
    path: "/receipts/{id}",
    summary: "A receipt with vendor cost, attempts and corrections",
    answer: z.looseObject({ object: z.literal("receipt"), id: z.string() }),
  },
  {
    method: "get",
    path: "/holds",
    summary: "Holds without an ending, newest first",
    query: pageQuery,
    answer: pageOf(hold),
  },
  {
    method: "get",
    path: "/exposures",
    summary: "What vendors may bill though nobody is charged, newest first",
    query: exposuresQuery,
    answer: pageOf(exposure),
  },
  {
    method: "post",
    path: "/exposures/{id}/close",
    summary: "Say what the vendor billed for an exposure",
    body: closeBody,
    answer: correction,
  },
  {
    method: "get",
    path: "/overruns",
    summary: "Usage beyond the ceiling, which the house pays, newest first",
    query: pageQuery,
    answer: pageOf(overrun),
  },
  {
    method: "get",
    path: "/corrections",
    summary: "What was mended, newest first",
    query: pageQuery,
    answer: pageOf(correction),
  },
  {
    method: "post",
    path: "/corrections",
    summary: "Lower a charge or a funding; set what a vendor billed",
    body: correctionBody,
    answer: correction,
    status: 201,
  },
  {
    method: "get",
    path: "/alerts",
    summary: "Limits of which 50, 80 or 100 % are used, newest first",
    query: pageQuery,
    answer: pageOf(alert),
  },
];

const reconciliations: readonly Described[] = [
  {
    method: "post",
    path: "/reconciliations",
    summary: "Hold a vendor's bill against the journal; with apply: post what it says",
    body: reconciliationBody,
    answer: reconciliation,
    status: 201,
  },
  {
    method: "get",
    path: "/reconciliations",
    summary: "Bills that were compared before, newest first, without their lists",
    query: reconciliationsQuery,
    answer: listOf(z.looseObject({ id: z.string(), findings: z.int(), proposals: z.int() })),
  },
  {
    method: "get",
    path: "/reconciliations/{id}",
    summary: "One of them, as it was answered",
    answer: reconciliation,
  },
];

const statementPath = "/accounts/{id}/statements";
const statementAsked = {
  summary: "One of them as it was issued; draft in place of a number: the month so far",
  query: draftQuery.partial(),
};

const statements: readonly Described[] = [
  {
    method: "get",
    path: statementPath,
    summary: "Monthly statements of an account, newest first",
    query: statementsQuery,
    answer: pageOf(
      z.looseObject({
        number: z.string().describe("YYYY-MM-NNNN, without gaps in its root and month"),
        month: z.string(),
        total: usd,
        sha256: z.string().describe("Of the bytes that the statement's route answers"),
        entry: z.object({ id: z.string(), sequence: z.int(), hash: z.string() }),
      }),
    ),
  },
  {
    method: "post",
    path: statementPath,
    summary: "Issue the statement of a month that is over; again: 200 and the same bytes",
    body: statementBody,
    answer: statementSchema,
    status: 201,
  },
  {
    method: "get",
    path: `${statementPath}/{number}`,
    ...statementAsked,
    answer: statementSchema,
  },
  {
    method: "get",
    path: `${statementPath}/{number}.html`,
    ...statementAsked,
    answer: z.string().describe("A page that needs nothing else and prints on A4"),
    media: "text/html",
  },
  {
    method: "get",
    path: `${statementPath}/{number}.csv`,
    ...statementAsked,
    answer: z.string().describe("RFC 4180, with a header row"),
    media: "text/csv",
  },
];

const vendors: readonly Described[] = [
  {
    method: "get",
    path: "/vendor-models",
    summary: "What each vendor lists of its image models, beside the catalog's rows",
    answer: listOf(
      z.looseObject({
        connection: z.string(),
        vendor: z.string(),
        status: z.enum(["listed", "failed", "no_list_published"]),
        error: z.string().nullable(),
        models: z.array(z.looseObject({ id: z.string(), model: z.string().nullable() })),
      }),
    ),
  },
];

export const describedAdminRoutes: readonly Described[] = [
  ...accounts,
  ...keys,
  ...calls,
  ...reconciliations,
  ...statements,
  ...vendors,
].map((route) => ({ ...route, path: `/admin/v1${route.path}` }));
