import { setImmediate } from "node:timers/promises";
import type { Context, Hono } from "hono";
import { catalogMarket } from "../../advisor/catalog-market.ts";
import type { Market } from "../../advisor/market.ts";
import { among } from "../../advisor/rule/families.ts";
import { frontierOf } from "../../advisor/rule/frontier.ts";
import { readFrontier, readRule, type Sent } from "../../advisor/rule/query.ts";
import { computeRule } from "../../advisor/rule/rule.ts";
import { frontierJson, type RuleJson, ruleJson } from "../../advisor/rule/rule-json.ts";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import { Refusal } from "../../refusals.ts";
import { estimateOf } from "../../vendors/registry.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";

type RuleContext = Context<ApiEnvironment>;

/** Rules that are kept as they were computed: the catalog doesn't change while a gateway runs. */
const KEPT_MAX = 32;

/** `GET /v1/rule`, `GET /v1/frontier`: for any valid API key. */
export function ruleRoutes(
  app: Hono<ApiEnvironment>,
  deps: ApiDeps,
  keyOf: (context: RuleContext) => Promise<KeyPolicy>,
): void {
  const rules = new KeptRules(deps);
  app.get("/v1/rule", async (context) => {
    await keyOf(context);
    return context.json(await rules.of(sentOf(context)));
  });
  app.get("/v1/frontier", async (context) => {
    await keyOf(context);
    const asked = readFrontier(sentOf(context), known(deps));
    const market = among(marketAt(asked.asOf, deps), asked.chosen);
    return context.json(frontierJson(frontierOf(asked, market)));
  });
}

/** Each rule computed once; whoever asks for the same meanwhile gets the same. */
class KeptRules {
  readonly #deps: ApiDeps;
  readonly #kept = new Map<string, Promise<RuleJson>>();

  constructor(deps: ApiDeps) {
    this.#deps = deps;
  }

  of(sent: Sent): Promise<RuleJson> {
    const asked = readRule(sent, known(this.#deps));
    const { chosen, ...rest } = asked;
    const key = JSON.stringify([chosen.asked, rest]);
    const found = this.#kept.get(key);
    if (found !== undefined) return found;
    const made = this.#make(asked);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, made);
    made.catch(() => this.#kept.delete(key));
    return made;
  }

  /** Other requests have their turn after every step. */
  async #make(asked: ReturnType<typeof readRule>): Promise<RuleJson> {
    const { claims } = this.#deps;
    const steps = computeRule(asked, { market: marketAt(asked.asOf, this.#deps), claims });
    for (;;) {
      const step = steps.next();
      if (step.done === true) return ruleJson(step.value);
      await setImmediate();
    }
  }
}

function known({ catalog, claims, asOf }: ApiDeps) {
  return { catalog, claims, today: asOf() };
}

function marketAt(asOf: string, { catalog, ratings }: ApiDeps): Market {
  return catalogMarket(catalog, { asOf, ratings, estimateOf });
}

function sentOf(context: RuleContext): Sent {
  return Object.fromEntries(
    Object.entries(context.req.queries()).map(([name, values]) => {
      const [value = "", ...more] = values;
      if (more.length === 0) return [name, value];
      const why = `${name}: is given more than once; put commas between values`;
      throw new Refusal("invalid_value", why, { param: name, sent: values.join(", ") });
    }),
  );
}
