import { type Context, Hono } from "hono";
import { findModel, nearestName } from "../catalog/find.ts";
import { checkKey } from "../gateway/api-keys.ts";
import type { PreparedFor } from "../gateway/prepared-for.ts";
import { receiptJson } from "../gateway/receipt-json.ts";
import type { KeyPolicy } from "../ledger/accounts-port.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import { adminRoutes } from "./admin/routes.ts";
import type { ApiDeps, ApiEnvironment } from "./api-deps.ts";
import { type HeaderReader, presentedKey } from "./credentials.ts";
import { answerFor } from "./error-answer.ts";
import { geminiRoutes } from "./gemini/models-routes.ts";
import { hotRoute, keptPictureRoute, runFileRoute, runPictureRoute } from "./hot-routes.ts";
import { chosenModelsJson, modelJson } from "./models-json.ts";
import { openapiDocument } from "./openapi.ts";
import { ownOutcomeRoutes } from "./outcomes/routes.ts";
import { ownReceipt } from "./own-receipt.ts";
import { ruleRoutes } from "./rule/routes.ts";
import { runRoutes } from "./runs/routes.ts";
import { ownUsageRoutes } from "./usage/routes.ts";
import { ownWhatIfRoute } from "./what-if/routes.ts";

type ApiContext = Context<ApiEnvironment>;

/** Every route but the hot ones, which run on node's own streams (`hot-routes.ts`). */
export function apiRoutes(deps: ApiDeps): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  app.onError((cause, context) => {
    const requestId = String(context.env.outgoing.getHeader("x-request-id"));
    const answer = answerFor(cause, requestId, deps.log);
    return new Response(answer.body, { status: answer.status, headers: { ...answer.headers } });
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    if (TEXT_PATHS.has(path)) refuseText(path);
    const allowed = methodsOf(path, app);
    if (allowed.length === 0) throw new Refusal("not_found", `no such route: ${method} ${path}`);
    const only = `${path} answers ${allowed.join(", ")} only`;
    throw new Refusal("method_not_allowed", only, { sent: method, allowed });
  });
  app.get("/healthz", (context) =>
    context.json({ status: "ok", version: deps.version, world: deps.world, as_of: deps.asOf() }),
  );
  // Before recovery is done the server answers 503 itself (`server.ts`).
  app.get("/readyz", (context) => context.json({ ready: true }));
  app.get("/openapi.json", (context) => context.json(openapiDocument(deps.version)));
  for (const prefix of ["", "/v1"]) modelRoutes(app, prefix, deps);
  accountRoutes(app, deps);
  ruleRoutes(app, deps, (context) => keyOf(context, deps));
  runRoutes(app, deps, (context) => keyOf(context, deps));
  ownUsageRoutes(app, deps, (context) => keyOf(context, deps));
  ownOutcomeRoutes(app, deps, (context) => keyOf(context, deps));
  ownWhatIfRoute(app, deps, (context) => keyOf(context, deps));
  app.route("/admin/v1", adminRoutes(deps));
  app.route("/v1beta", geminiRoutes(deps));
  return app;
}

/** Where clients ask for text, and some for pictures in it. */
const TEXT_PATHS: ReadonlySet<string> = new Set([
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/responses",
]);

function refuseText(path: string): never {
  const call = 'POST /v1/images/generations {"model": "…", "prompt": "…"}';
  const why = `${path} makes no pictures here; the same is done by ${call}, and with pictures to work on by POST /v1/images/edits`;
  throw new Refusal("unsupported_surface", why, {
    sent: path,
    allowed: ["/v1/images/generations", "/v1/images/edits"],
  });
}

/** The methods under which a path is served; none when it isn't. */
function methodsOf(path: string, app: Hono<ApiEnvironment>): string[] {
  if (hotRoute(path) !== undefined) return ["POST"];
  if (keptPictureRoute(path) !== undefined) return ["GET", "HEAD"];
  if (runFileRoute(path) !== undefined) return ["PUT"];
  if (runPictureRoute(path) !== undefined) return ["GET"];
  return ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
}

function modelRoutes(app: Hono<ApiEnvironment>, prefix: string, deps: ApiDeps): void {
  app.get(`${prefix}/models`, async (context) => {
    const by = askedBy(await keyOf(context, deps), deps);
    const models = deps.catalog.models.map((model) => modelJson(model, by));
    const data = [...models, ...chosenModelsJson(by)];
    return context.json({ object: "list", data });
  });
  app.get(`${prefix}/models/:id{.+}`, async (context) => {
    const by = askedBy(await keyOf(context, deps), deps);
    const name = context.req.param("id");
    const model = findModel(deps.catalog, name);
    if (model !== undefined) return context.json(modelJson(model, by));
    const chosen = chosenModelsJson(by).find(({ id }) => id === name);
    if (chosen !== undefined) return context.json(chosen);
    const nearest = nearestName(deps.catalog, name);
    const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
    throw new Refusal("unknown_model", `model=${name}: no such model${hint}`, { param: "model" });
  });
}

function accountRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  const receipt = async (id: string, context: ApiContext) =>
    receiptJson(await ownReceipt(id, await keyOf(context, deps), deps.ledger), deps.world);
  app.get("/v1/receipts/:id", async (context) =>
    context.json(await receipt(context.req.param("id"), context)),
  );
  app.get("/v1/generation", async (context) =>
    context.json(await receipt(context.req.query("id") ?? "", context)),
  );
  app.get("/v1/credits", async (context) => {
    const key = await keyOf(context, deps);
    const credits = await deps.ledger.credits(key.accountId);
    if (credits === undefined) throw new Error(`key ${key.id} belongs to no account`);
    return context.json({
      object: "credits",
      currency: "USD",
      account_id: key.accountId,
      settled: formatUsd(credits.settled),
      held: formatUsd(credits.held),
      available: credits.available === null ? null : formatUsd(credits.available),
      prepaid: credits.prepaid,
      emulated: deps.world === "sandbox",
    });
  });
}

/** What a key may call, and on which terms. */
function askedBy(key: KeyPolicy, deps: ApiDeps): PreparedFor {
  return { deps, accountPath: key.accountPath, policy: key };
}

function keyOf(context: ApiContext, deps: ApiDeps): Promise<KeyPolicy> {
  const header: HeaderReader = (name) => context.req.header(name);
  return checkKey(presentedKey(header), deps.world, deps.ledger);
}
