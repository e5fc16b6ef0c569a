import { lifeCycleAt, priceAt } from "../catalog/find.ts";
import type { Model, PriceVersion } from "../catalog/schema.ts";
import { mayCall } from "../gateway/allowed-models.ts";
import { callability } from "../gateway/find-model.ts";
import type { PreparedFor } from "../gateway/prepare.ts";
import { snakeCase } from "./snake-case.ts";

/** A model in OpenAI's list, with what it can do, what it costs, how long it lives and whether this key may call it. */
export function modelJson(model: Model, by: PreparedFor) {
  const day = by.deps.asOf();
  const price = priceAt(model, day);
  const life = lifeCycleAt(model, day);
  const unavailable = whyUnavailable(model, by);
  const from = model.lifeCycle.availableFrom?.on;
  return {
    id: model.id,
    object: "model",
    created: from === undefined ? 0 : Math.floor(Date.parse(from) / 1_000),
    owned_by: model.vendor,
    name: model.name,
    aliases: [...model.aliases, `${model.vendor}/${model.id}`],
    surfaces: model.surfaces,
    regions: model.regions,
    available: unavailable === null,
    unavailable_because: unavailable,
    warnings: life.warnings,
    shutdown_date: model.lifeCycle.shutdownAt?.on ?? null,
    life_cycle: snakeCase(model.lifeCycle),
    capabilities: snakeCase(model.capabilities),
    price: price === undefined ? null : priceJson(price),
    as_of: day,
  };
}

function whyUnavailable(model: Model, by: PreparedFor): string | null {
  const found = callability(model, by);
  if (found.kind !== "callable") return found.why;
  return mayCall(by.policy, model) ? null : "this key may not call it";
}

function priceJson(price: PriceVersion) {
  return {
    price_version: price.id,
    effective_from: price.effectiveFrom,
    currency: "USD",
    source: price.source,
    checked_on: price.checkedOn,
    mark: price.mark,
    terms: snakeCase(price.terms),
  };
}
