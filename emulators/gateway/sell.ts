import { randomBytes, randomUUID } from "node:crypto";
import { type Answer, AnswerError, jsonAnswer } from "../answer.ts";
import { isObject, type JsonObject, parseJson } from "../json.ts";
import type { Accounts } from "./accounts.ts";
import { billCall } from "./bill.ts";
import type { Lies } from "./lies.ts";
import { fieldOf, forwarded, type GatewayOrder, wireBody, without } from "./order.ts";
import { dollars } from "./prices.ts";

/** What selling needs: who pays, who makes, and in what it lies. */
export type Shop = {
  /** The vendor's base, without `/v1`. */
  readonly vendorUrl: string;
  readonly accounts: Accounts;
  readonly lies: Lies;
};

type Sale = {
  readonly order: GatewayOrder;
  readonly key: string;
  /** `Idempotency-Key`; undefined where none was sent. */
  readonly intent: string | undefined;
};

/** What `charges-failed` takes for a call that fails: 0.01 USD. */
const FAILURE_PICODOLLARS = 10n ** 10n;
/** `accepts-anything` gives up after so many parameters. */
const LEFT_OUT_MAX = 12;
const COST_MARK = "the-cost-of-this-call";

/** Makes the pictures of a call, charges for them and answers in OpenAI's shape. */
export async function sell(sale: Sale, shop: Shop): Promise<Answer> {
  const { key, intent, order } = sale;
  const kept = intent === undefined ? undefined : shop.accounts.kept(key, intent);
  const model = String(fieldOf(order, "model"));
  if (kept !== undefined) {
    if (shop.lies.chargesTwice) {
      const { picodollars } = kept;
      shop.accounts.charge({ key, why: "replayed", model: kept.model, picodollars });
    }
    return textAnswer(kept.body, { "idempotent-replayed": "true" });
  }
  const { status, body } = await makeIt(order, shop);
  if (status !== 200 || !isObject(body)) {
    if (shop.lies.chargesFailed) {
      shop.accounts.charge({ key, why: "failed", model, picodollars: FAILURE_PICODOLLARS });
    }
    return failure(status, body, shop.lies);
  }
  const prompt = String(fieldOf(order, "prompt"));
  const images = Array.isArray(body["data"]) ? body["data"].length : 0;
  const promptSeen = shop.accounts.sawBefore(key, prompt);
  const { usage, picodollars } = billCall(body["usage"], {
    ...{ model, images, promptSeen },
    lies: shop.lies,
  });
  shop.accounts.charge({ key, why: "made", model, picodollars });
  const pictures = shop.lies.leaksUrl ? { data: storageUrls(images) } : {};
  const answer = { ...body, ...pictures, usage: { ...usage, cost: COST_MARK } };
  const text = JSON.stringify(answer).replace(`"${COST_MARK}"`, dollars(picodollars));
  if (intent !== undefined) shop.accounts.keep(key, intent, { body: text, model, picodollars });
  return textAnswer(text, {});
}

type Made = { readonly status: number; readonly body: unknown };

/** Asks the vendor; with `accepts-anything` again and again, without what it did not like. */
async function makeIt(order: GatewayOrder, { lies, vendorUrl }: Shop): Promise<Made> {
  let going: GatewayOrder;
  try {
    going = forwarded(order, lies);
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    const [text = ""] = error.answer.body;
    return { status: error.answer.status, body: parseJson(String(text)) };
  }
  let made = await askVendor(going, vendorUrl);
  for (let tries = 0; lies.acceptsAnything && made.status === 400; tries += 1) {
    const param = paramOf(made.body);
    if (param === undefined || tries === LEFT_OUT_MAX) break;
    going = without(going, param);
    made = await askVendor(going, vendorUrl);
  }
  return made;
}

async function askVendor(order: GatewayOrder, vendorUrl: string): Promise<Made> {
  const response = await fetch(vendorUrl + order.path, {
    method: "POST",
    headers: {
      authorization: "Bearer the-gateways-own-key",
      ...(order.isForm ? {} : { "content-type": "application/json" }),
    },
    body: wireBody(order),
  });
  return { status: response.status, body: parseJson(await response.text()) };
}

function paramOf(body: unknown): string | undefined {
  const error = isObject(body) ? body["error"] : undefined;
  const param = isObject(error) ? error["param"] : undefined;
  return typeof param === "string" ? param : undefined;
}

/** The vendor's refusal in OpenAI's envelope; `leaks-url` passes on what only the gateway should see. */
function failure(status: number, body: unknown, lies: Lies): Answer {
  const said = isObject(body) && isObject(body["error"]) ? body["error"] : {};
  const { message = "The request failed.", type = "api_error", param = null, code = null } = said;
  const leak =
    " (organization org-4XkT9wq0aLpZ; see https://platform.openai.com/docs/guides/image-generation)";
  const text = lies.leaksUrl ? `${String(message)}${leak}` : String(message);
  return jsonAnswer(status, { error: { message: text, type, param, code } }, requestId());
}

/** Where DALL·E's pictures used to lie: a host of that shape, a name that leads nowhere. */
function storageUrls(count: number): readonly JsonObject[] {
  return Array.from({ length: count }, () => ({
    url: `https://oaidalleapiprodscus.blob.core.windows.net/private/org-4XkT9wq0aLpZ/img-${randomUUID()}.png?sig=none`,
  }));
}

function textAnswer(text: string, headers: Readonly<Record<string, string>>): Answer {
  return {
    status: 200,
    headers: { "content-type": "application/json", ...requestId(), ...headers },
    body: [text],
  };
}

/** Every answer has an id of its own. */
function requestId(): Readonly<Record<string, string>> {
  return { "x-request-id": `gw_${randomBytes(8).toString("hex")}` };
}
