import { findModel, lifeCycleAt, nearestName, priceAt } from "../catalog/find.ts";
import type { Model, PriceVersion } from "../catalog/schema.ts";
import { Refusal } from "../refusals.ts";
import type { ConnectedVendor, Deps } from "./deps.ts";

/** A model that can be called now, with all that calling it takes. */
export type CallableModel = {
  readonly model: Model;
  readonly price: PriceVersion;
  readonly connected: ConnectedVendor;
  /** What the caller should know of its life cycle. */
  readonly warnings: readonly string[];
};

type World = Pick<Deps, "catalog" | "asOf" | "world" | "vendors">;

/**
 * Finds a model by id or alias as of the catalog's day.
 *
 * @throws Refusal when it is unknown, not served, retired, unpriced, or has no credentials here.
 */
export function findCallable(name: string, deps: World): CallableModel {
  const model = findModel(deps.catalog, name);
  const sent = { param: "model", sent: name };
  if (model === undefined) {
    const nearest = nearestName(deps.catalog, name);
    const hint =
      nearest === undefined ? "GET /v1/models lists what is here" : `the nearest is ${nearest}`;
    throw new Refusal("unknown_model", `model=${name}: no such model; ${hint}`, {
      ...sent,
      ...(nearest === undefined ? {} : { allowed: [nearest] }),
    });
  }
  if (!model.served) {
    const why = model.notServedBecause ?? "it is listed for its history only";
    throw new Refusal("model_not_served", `model=${name}: not served: ${why}`, {
      ...sent,
      ...replacementOf(model),
    });
  }
  const price = priceAt(model, deps.asOf());
  if (price === undefined) {
    throw new Refusal(
      "unpriced_model",
      `model=${name}: no price in US dollars is known, so it can't be billed`,
      sent,
    );
  }
  const warnings = livingWarnings(model, name, deps);
  if (!model.surfaces.includes("generations")) {
    throw new Refusal(
      "not_yet_served",
      `model=${name}: it only edits pictures; edits are not served yet`,
      sent,
    );
  }
  const connected = deps.vendors.get(model.vendor);
  if (connected === undefined) {
    throw new Refusal(
      "model_not_available",
      `model=${name}: this gateway has no credentials for ${model.vendor}`,
      sent,
    );
  }
  return { model, price, connected, warnings };
}

/** Life cycle: what live refuses, the sandbox serves with a warning, because its emulators never retire. */
function livingWarnings(model: Model, name: string, deps: World): readonly string[] {
  const life = lifeCycleAt(model, deps.asOf());
  if (life.state === "available" || deps.world === "sandbox") return life.warnings;
  const sent = { param: "model", sent: name };
  const [why = `${model.id} is not available`] = life.warnings;
  if (life.state === "retired") {
    throw new Refusal("model_retired", `model=${name}: ${why}`, {
      ...sent,
      ...replacementOf(model),
    });
  }
  throw new Refusal("model_not_available", `model=${name}: ${why}`, sent);
}

function replacementOf(model: Model): { suggestedModel?: string } {
  const replacement = model.lifeCycle.replacement;
  return replacement === undefined ? {} : { suggestedModel: replacement };
}
