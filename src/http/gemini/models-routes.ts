import { type Context, Hono } from "hono";
import { findModel, nearestName } from "../../catalog/find.ts";
import type { Model } from "../../catalog/schema.ts";
import { checkKey } from "../../gateway/api-keys.ts";
import type { PreparedFor } from "../../gateway/prepared-for.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { presentedKey } from "../credentials.ts";
import { refusalFor } from "../error-answer.ts";
import { chosenModelsJson, modelJson } from "../models-json.ts";
import { geminiError } from "./error-envelope.ts";
import { isModelMethod, withQueryKey } from "./target.ts";

/** As in this contract: at most so many models a page, and so many where nothing is asked. */
const PAGE_MAX = 1_000;
const PAGE_OMITTED = 50;

/**
 * `/v1beta`, beside its methods that make images: the models in Google's shape, and everything else refused in
 * Google's envelope. `/v1/models` is OpenAI's.
 *
 * Source: googleapis/js-genai `modelFromMldev`, `listModelsParametersToMldev` [spec], checked 2026-11-22.
 */
export function geminiRoutes(deps: ApiDeps): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  app.onError((cause, context) => {
    const requestId = String(context.env.outgoing.getHeader("x-request-id"));
    const { body, status, headers } = geminiError(refusalFor(cause, requestId, deps.log));
    return new Response(body, { status, headers: { ...headers } });
  });
  app.get("/models", async (context) => {
    const by = await askedBy(context, deps);
    const from = pageFrom(context.req.query("pageToken"));
    const end = from + pageSize(context.req.query("pageSize"));
    const models = [
      ...deps.catalog.models.map((model) => () => contractModel(model, by)),
      ...chosenModelsJson(by).map((chosen) => () => contractChosen(chosen)),
    ];
    return context.json({
      models: models.slice(from, end).map((toJson) => toJson()),
      ...(end < models.length ? { nextPageToken: String(end) } : {}),
    });
  });
  app.get("/models/:id{.+}", async (context) => {
    refuseMethod(context);
    const by = await askedBy(context, deps);
    const name = context.req.param("id");
    const model = findModel(deps.catalog, name);
    if (model !== undefined) return context.json(contractModel(model, by));
    const chosen = chosenModelsJson(by).find(({ id }) => id === name);
    if (chosen !== undefined) return context.json(contractChosen(chosen));
    const nearest = nearestName(deps.catalog, name);
    const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
    throw new Refusal("unknown_model", `model=${name}: no such model${hint}`, { param: "model" });
  });
  app.all("/*", (context) => {
    refuseMethod(context);
    throw new Refusal("not_found", `no such route: ${context.req.method} ${context.req.path}`);
  });
  return app;
}

/** @throws Refusal where images are made, but by POST. */
function refuseMethod({ req: { method, path } }: Context<ApiEnvironment>): void {
  if (!isModelMethod(path)) return;
  const message = `${path} answers POST only`;
  throw new Refusal("method_not_allowed", message, { sent: method, allowed: ["POST"] });
}

async function askedBy({ req }: Context<ApiEnvironment>, deps: ApiDeps): Promise<PreparedFor> {
  const header = withQueryKey((name) => req.header(name), req.url);
  const key = await checkKey(presentedKey(header), deps.world, deps.ledger);
  return { deps, accountPath: key.accountPath, policy: key };
}

/** Methods are those that this key may call now; all that the catalog says stands in `spotmeter`. */
function contractModel(model: Model, by: PreparedFor) {
  const described = modelJson(model, by);
  const { tokensMax } = model.capabilities.prompt;
  return {
    name: `models/${model.id}`,
    displayName: model.name,
    ...(tokensMax === undefined ? {} : { inputTokenLimit: tokensMax }),
    supportedGenerationMethods: described.available ? ["generateContent"] : [],
    spotmeter: described,
  };
}

/** `auto` and presets: which model does it, and what that can do, is not known before the order. */
function contractChosen(chosen: ReturnType<typeof chosenModelsJson>[number]) {
  return {
    name: `models/${chosen.id}`,
    displayName: chosen.name,
    supportedGenerationMethods: ["generateContent"],
    spotmeter: chosen,
  };
}

function pageSize(asked: string | undefined): number {
  if (asked === undefined || asked === "" || asked === "0") return PAGE_OMITTED;
  if (/^\d{1,9}$/.test(asked)) return Math.min(Number(asked), PAGE_MAX);
  throw badQuery("pageSize", asked, `1 to ${PAGE_MAX}`);
}

function pageFrom(token: string | undefined): number {
  if (token === undefined || token === "") return 0;
  if (/^\d{1,9}$/.test(token)) return Number(token);
  throw badQuery("pageToken", token, "the nextPageToken of the page before");
}

function badQuery(param: string, sent: string, allowed: string): Refusal {
  const said = sent.slice(0, 80);
  const message = `${param}=${said}: must be ${allowed}`;
  return new Refusal("invalid_value", message, { param, sent: said, allowed });
}
