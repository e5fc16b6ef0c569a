import { type Blocker, blockerOf, type Market, type MarketModel } from "../advisor/market.ts";
import { isDoubtful, lifeCycleAt } from "../catalog/find.ts";
import type { Model } from "../catalog/schema.ts";
import { mayCall } from "./allowed-models.ts";
import { applyAutoAs } from "./auto-as.ts";
import { callability, paceRefusal } from "./find-model.ts";
import type { PreparedFor } from "./prepared-for.ts";

/**
 * The market as an API key sees it now: its models, its connections, its owner's defaults.
 *
 * @param n images of the request: no connection sends more at once than it may in a minute.
 */
export function marketFor(by: PreparedFor, n = 1): Market {
  const { catalog, ratings, asOf } = by.deps;
  return { asOf: asOf(), ratings, models: catalog.models.map((model) => entryOf(model, n, by)) };
}

function entryOf(model: Model, n: number, by: PreparedFor): MarketModel {
  const found = callability(model, by);
  const obstacles = mayCall(by.policy, model) ? [] : [notThisKeys(model, by)];
  const asOf = by.deps.asOf();
  // The sandbox serves what the vendor has shut down; nobody is led to it all the same.
  const doubtful = isDoubtful(model, asOf) || lifeCycleAt(model, asOf).state !== "available";
  const defaults = { policy: by.policy.autoAs, config: by.deps.autoAs };
  const shared = {
    model,
    doubtful,
    adapt: (order: Parameters<typeof applyAutoAs>[0]) => applyAutoAs(order, model, defaults).order,
  };
  if (found.kind === "obstacle") {
    const { code, why } = found;
    const blocker = { code, param: "model", sent: model.id, allowed: null, why };
    return {
      ...shared,
      priceable: undefined,
      obstacles: [blocker, ...obstacles],
      regions: model.regions,
      warnings: [],
    };
  }
  const { price, vendor, connections, warnings } = found;
  const pace = paceRefusal(n, found);
  return {
    ...shared,
    priceable: { model, price, estimate: vendor.estimate },
    obstacles: pace === undefined ? obstacles : [...obstacles, blockerOf(pace)],
    regions: connections.flatMap(({ connection }) => connection.region ?? model.regions),
    warnings,
  };
}

function notThisKeys(model: Model, { policy }: PreparedFor): Blocker {
  const allowed = policy.settings.allowedModels ?? [];
  const why = `this key may call ${allowed.join(", ")} only`;
  return { code: "model_not_allowed", param: "model", sent: model.id, allowed, why };
}
