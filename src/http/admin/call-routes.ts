import type { Hono } from "hono";
import { houseReceiptJson } from "../../gateway/receipt-json.ts";
import { newId } from "../../ids.ts";
import type { CorrectionRequest, CorrectionResult } from "../../ledger/accounts-port.ts";
import { InvalidPage, type Page, type PageRequest } from "../../ledger/reports-port.ts";
import { formatUsd, parseUsd } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { closeBody, correctionBody, exposuresQuery, pageQuery } from "./bodies.ts";
import { alertJson, correctionJson, exposureJson, holdJson, overrunJson } from "./call-json.ts";
import { type AdminContext, actorOf, notFound, queryAdmin, readAdmin } from "./read.ts";

/** What became of calls: holds, exposures, overruns, what was mended, and limits that are being used up. */
export function callRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  const { ledger } = deps;
  app.get("/receipts/:id", async (context) => {
    const id = context.req.param("id");
    const call = await ledger.call(id);
    if (call === undefined) throw notFound("receipt", id);
    return context.json(houseReceiptJson(call, deps.world));
  });
  app.get("/holds", (context) => listHolds(context, deps));
  app.get("/exposures", async (context) => {
    const { open, ...query } = queryAdmin(context, exposuresQuery);
    const of = { ...(await pageOf(query, deps, { keys: true })), open: open === "true" };
    return list(context, () => ledger.exposures(of), exposureJson);
  });
  app.post("/exposures/:id/close", (context) => close(context, context.req.param("id"), deps));
  app.get("/overruns", async (context) => {
    const of = await pageOf(queryAdmin(context, pageQuery), deps, { keys: true });
    return list(context, () => ledger.overruns(of), overrunJson);
  });
  app.get("/corrections", async (context) => {
    const of = await pageOf(queryAdmin(context, pageQuery), deps, { keys: false });
    return list(context, () => ledger.corrections(of), correctionJson);
  });
  app.post("/corrections", async (context) => {
    const { entry_id, amount, ...asked } = await readAdmin(context, correctionBody);
    const corrected = await correct(
      context,
      { ...asked, amount: parseUsd(amount), entry_id },
      deps,
    );
    return context.json(corrected, 201);
  });
  app.get("/alerts", async (context) => {
    const of = await pageOf(queryAdmin(context, pageQuery), deps, { keys: true });
    return list(context, () => ledger.alerts(of), alertJson);
  });
}

type Query = {
  readonly account_id?: string | undefined;
  readonly limit: number;
  readonly before?: string | undefined;
};

/**
 * @param keys whether a key's id will do in place of an account's.
 * @throws Refusal for one that isn't there: an empty list would say that all is well.
 */
async function pageOf(
  query: Query,
  { ledger }: ApiDeps,
  { keys }: { readonly keys: boolean },
): Promise<PageRequest> {
  const { account_id: accountId, limit: most, before } = query;
  if (accountId === undefined) return { most, before };
  const known =
    (await ledger.account(accountId)) ?? (keys ? await ledger.findKey(accountId) : undefined);
  if (known === undefined) throw notFound("account", accountId, "account_id");
  return { accountId, most, before };
}

async function list<Item>(
  context: AdminContext,
  read: () => Promise<Page<Item>>,
  itemJson: (item: Item) => object,
) {
  try {
    const { items, next } = await read();
    return context.json({ object: "list", data: items.map(itemJson), next });
  } catch (cause) {
    if (!(cause instanceof InvalidPage)) throw cause;
    throw new Refusal("invalid_value", cause.message, { param: "before" });
  }
}

/** Newest first, of an account and all below it; ids sort by age. */
async function listHolds(context: AdminContext, deps: ApiDeps) {
  const query = queryAdmin(context, pageQuery);
  const { accountId, most, before } = await pageOf(query, deps, { keys: false });
  const open = await deps.ledger.openHolds();
  const below =
    accountId === undefined
      ? undefined
      : new Set((await deps.ledger.listAccounts(accountId)).map((account) => account.id));
  const holds = open
    .filter((hold) => below?.has(hold.accountId) ?? true)
    .filter((hold) => before === undefined || hold.holdId < before)
    .toSorted((left, right) => (left.holdId < right.holdId ? 1 : -1));
  const items = holds.slice(0, most);
  const next = holds.length > most ? (items.at(-1)?.holdId ?? null) : null;
  return context.json({ object: "list", data: items.map(holdJson), next });
}

/** What the vendor billed in the end for a call of which that wasn't known. */
async function close(context: AdminContext, id: string, deps: ApiDeps) {
  const { billed, reason, entry_id } = await readAdmin(context, closeBody);
  const receiptId = id.replace(/\.exposure$/, "");
  const call = await deps.ledger.call(receiptId);
  if (call?.ending?.exposure == null) {
    if (call === undefined) throw notFound("exposure", id);
    throw new Refusal("not_found", `receipt ${receiptId} has no exposure`, {
      param: "id",
      sent: id,
    });
  }
  const closed = call.corrections.findLast((correction) => correction.of === "exposure");
  if (closed !== undefined) {
    throw new Refusal(
      "conflict",
      `exposure ${receiptId}.exposure is closed already, with ${formatUsd(closed.after)} USD billed; POST /admin/v1/corrections changes that`,
    );
  }
  const corrects = `${receiptId}.exposure`;
  const amount = parseUsd(billed);
  return context.json(await correct(context, { corrects, amount, reason, entry_id }, deps));
}

async function correct(
  context: AdminContext,
  asked: Pick<CorrectionRequest, "corrects" | "amount" | "reason"> & {
    readonly entry_id?: string | undefined;
  },
  deps: ApiDeps,
) {
  const { corrects, amount, reason } = asked;
  const entryId = asked.entry_id ?? newId("corr");
  const request = { entryId, corrects, amount, reason, actor: actorOf(context, deps) };
  const result = await deps.ledger.correct(request);
  if (result.kind === "refused") throw correctionRefusal(result, request);
  return {
    object: "correction",
    entry_id: result.entryId,
    corrects,
    of: result.of,
    before: formatUsd(result.before),
    after: formatUsd(result.after),
    reason,
  };
}

function correctionRefusal(
  { reason, now }: Extract<CorrectionResult, { kind: "refused" }>,
  { corrects, amount, entryId }: CorrectionRequest,
): Refusal {
  const [asked, stands] = [formatUsd(amount), now === null ? "nothing" : `${formatUsd(now)} USD`];
  const sent = { param: "amount", sent: asked };
  switch (reason) {
    case "unknown_entry":
      return notFound("entry", corrects, "corrects");
    case "entry_reused":
      return new Refusal(
        "conflict",
        `entry_id=${entryId} stands for something else already: take a new one`,
        { param: "entry_id", sent: entryId },
      );
    case "not_correctable":
      return new Refusal(
        "invalid_value",
        `corrects=${corrects}: this entry moves no money of its own; of a receipt correct .end (the charge), .cost or .late (what the vendor billed) or .exposure, or a funding by its id`,
        { param: "corrects", sent: corrects },
      );
    case "not_lower":
      return new Refusal(
        "conflict",
        `amount=${asked}: ${corrects} stands at ${stands}, and a charge or a funding can only become less`,
        sent,
      );
    case "below_held":
      return new Refusal(
        "conflict",
        `amount=${asked}: of the ${stands} that were funded more than that is charged or held already`,
        sent,
      );
    case "range":
      return new Refusal("ledger_range", "a counter would leave the ledger's range", sent);
    default:
      return reason satisfies never;
  }
}
