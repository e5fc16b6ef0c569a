import type { Confirmations } from "../audit/reconcile/confirmations.ts";
import { unitPrice } from "../billing/rate.ts";
import { lifeCycleAt, priceAt } from "../catalog/find.ts";
import type { Model, PriceVersion, Term } from "../catalog/schema.ts";
import type { ChoiceAsked } from "../gates/order.ts";
import { mayCall } from "../gateway/allowed-models.ts";
import { callability } from "../gateway/find-model.ts";
import type { PreparedFor } from "../gateway/prepared-for.ts";
import { provenAt, staleWarnings } from "../gateway/proven.ts";
import { chosenNames } from "../gateway/search.ts";
import { formatUsd } from "../money/pico-usd.ts";
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
    price: price === undefined ? null : priceJson(price, by.deps.confirmations),
    as_of: day,
  };
}

/** `auto` and the owner's presets in the same list: names under which a model is chosen. */
export function chosenModelsJson({ deps }: PreparedFor): readonly ReturnType<typeof chosenJson>[] {
  return chosenNames(deps.presets).map((name) => chosenJson(name, deps));
}

function chosenJson(id: string, { presets, asOf, catalog }: PreparedFor["deps"]) {
  const preset = presets.get(id.slice(id.indexOf("/") + 1));
  return {
    id,
    object: "model",
    created: 0,
    owned_by: "spotmeter",
    name: "the cheapest model that can do it",
    aliases: [],
    available: true,
    unavailable_because: null,
    warnings:
      preset?.proven === undefined
        ? []
        : staleWarnings({ proven: provenAt(preset.proven, { catalog, asOf: asOf() }) }),
    /** What the preset asks of the choice; empty for `auto`. */
    choice: preset === undefined ? {} : choiceJson(preset),
    capabilities: null,
    price: null,
    as_of: asOf(),
  };
}

function choiceJson({ maxCost, ...choice }: ChoiceAsked) {
  const asked = maxCost === undefined ? choice : { ...choice, maxCost: formatUsd(maxCost) };
  return snakeCase(asked);
}

function whyUnavailable(model: Model, by: PreparedFor): string | null {
  const found = callability(model, by);
  if (found.kind !== "callable") return found.why;
  return mayCall(by.policy, model) ? null : "this key may not call it";
}

function priceJson(price: PriceVersion, confirmations: Confirmations) {
  return {
    price_version: price.id,
    effective_from: price.effectiveFrom,
    currency: "USD",
    source: price.source,
    checked_on: price.checkedOn,
    mark: price.mark,
    terms: price.terms.map((term) => snakeCase(asConfirmed(term, price, confirmations))),
  };
}

/** A term with the mark of a bill, where its price stood on one. */
function asConfirmed(term: Term, price: PriceVersion, confirmations: Confirmations): Term {
  const { meter } = term;
  const own = term.mark ?? price.mark;
  const of = { priceVersion: price.id, meter, unitPrice: unitPrice(term) };
  const mark = confirmations.markOf(of, own);
  return mark === own ? term : { ...term, mark };
}
