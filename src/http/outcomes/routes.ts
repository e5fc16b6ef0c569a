import type { Context, Hono } from "hono";
import { z } from "zod";
import { outcomeJson } from "../../gateway/receipt-json.ts";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import { refusals } from "../../refusals.ts";
import { actorOf, parseAdmin, readAdmin } from "../admin/read.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { answersFor, ownReceipt } from "../own-receipt.ts";
import {
  BATCH_BYTES_MAX,
  outcomeBody,
  outcomesBatchBody,
  outcomesBody,
  type Verdict,
} from "./bodies.ts";
import {
  type Judge,
  type Noted,
  noSuchReceipt,
  noteBatch,
  noteOne,
  type OutcomeProblem,
  problemsOf,
} from "./note.ts";

type OutcomesContext = Context<ApiEnvironment>;

/** `POST /v1/receipts/{id}/outcome`, `POST /v1/outcomes`: for keys of the account that paid, and of those above. */
export function ownOutcomeRoutes(
  app: Hono<ApiEnvironment>,
  deps: ApiDeps,
  keyOf: (context: OutcomesContext) => Promise<KeyPolicy>,
): void {
  const { ledger } = deps;
  app.post("/v1/receipts/:id/outcome", async (context) => {
    const key = await keyOf(context);
    const { hold } = await ownReceipt(context.req.param("id"), key, ledger);
    return context.json(await noteReceipt(hold.id, { context, actor: key.id, deps }));
  });
  app.post("/v1/outcomes", async (context) => {
    const key = await keyOf(context);
    const mayJudge = (payer: string) => answersFor(key.accountId, payer, ledger);
    return context.json(await noteMany(context, { actor: key.id, mayJudge }, deps));
  });
}

/** The same of any account; for the master key. */
export function houseOutcomeRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  app.post("/receipts/:id/outcome", async (context) => {
    const id = context.req.param("id");
    if ((await deps.ledger.call(id)) === undefined) throw noSuchReceipt(id);
    return context.json(await noteReceipt(id, { context, actor: actorOf(context, deps), deps }));
  });
  app.post("/outcomes", async (context) => {
    const mayJudge = () => Promise.resolve(true);
    return context.json(await noteMany(context, { actor: actorOf(context, deps), mayJudge }, deps));
  });
}

/** One receipt's pictures; answers with all that stands of it. */
async function noteReceipt(
  id: string,
  of: { readonly context: OutcomesContext; readonly actor: string; readonly deps: ApiDeps },
) {
  const { context, actor, deps } = of;
  const verdicts = verdictsIn(await readAdmin(context, z.unknown()));
  const noted = await noteOne(deps.ledger, id, { verdicts, actor });
  const call = await deps.ledger.call(id);
  return {
    object: "outcomes",
    receipt_id: id,
    ...noted,
    outcomes: (call?.outcomes ?? []).map(outcomeJson),
  };
}

/** One outcome, or a list of them. */
function verdictsIn(body: unknown): readonly Verdict[] {
  const isList = typeof body === "object" && body !== null && "outcomes" in body;
  return isList ? parseAdmin(outcomesBody, body).outcomes : [parseAdmin(outcomeBody, body)];
}

async function noteMany(context: OutcomesContext, judge: Judge, deps: ApiDeps) {
  const asked = await readAdmin(context, outcomesBatchBody, { bytesMax: BATCH_BYTES_MAX });
  const { outcomes, dry_run: dryRun = false } = asked;
  const problems = await problemsOf(deps.ledger, outcomes, remembering(judge));
  const [first] = problems;
  if (first === undefined || dryRun) {
    const noted = dryRun ? NOTHING : await noteBatch(deps.ledger, outcomes, judge.actor);
    return batchJson(outcomes.length, { dryRun, noted, problems });
  }
  const { refusal, index } = first;
  const more = problems.length - 1;
  const param = `outcomes.${index}.${refusal.details.param}`;
  const others = more === 0 ? "" : ` (and ${more} more; dry_run says all of them)`;
  throw refusal.saying(`${param}: ${refusal.message}${others}; nothing was noted`).with({ param });
}

const NOTHING: Noted = { posted: 0, unchanged: 0 };

/** Many receipts are of few accounts. */
function remembering({ actor, mayJudge }: Judge): Judge {
  const known = new Map<string, Promise<boolean>>();
  return {
    actor,
    mayJudge: (accountId) => {
      const answer = known.get(accountId) ?? mayJudge(accountId);
      known.set(accountId, answer);
      return answer;
    },
  };
}

function batchJson(
  count: number,
  of: {
    readonly dryRun: boolean;
    readonly noted: Noted;
    readonly problems: readonly OutcomeProblem[];
  },
) {
  return {
    object: "outcomes.batch",
    dry_run: of.dryRun,
    outcomes: count,
    ...of.noted,
    problems: of.problems.map(({ index, receipt_id, image, refusal }) => ({
      ...{ index, receipt_id, image, code: refusal.code, param: refusal.details.param ?? null },
      ...{ status: refusals[refusal.code].status, message: refusal.message },
    })),
  };
}
