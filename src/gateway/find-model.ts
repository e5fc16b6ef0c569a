import { findModel, nearestName } from "../catalog/find.ts";
import { listingOn } from "../catalog/listing.ts";
import type { Model, PriceVersion } from "../catalog/schema.ts";
import { Refusal, type RefusalCode, type RefusalDetails } from "../refusals.ts";
import type { ImageVendor } from "../vendors/port.ts";
import { type ConnectedVendor, carries } from "./connected-vendor.ts";
import type { Deps } from "./deps.ts";

/** A model that can be called now, with all that calling it takes. */
export type CallableModel = {
  readonly kind: "callable";
  readonly model: Model;
  readonly price: PriceVersion;
  /** The day as which the catalog was read, YYYY-MM-DD. */
  readonly asOf: string;
  readonly vendor: ImageVendor;
  /** Those that the account may use; at least one. */
  readonly connections: readonly ConnectedVendor[];
  /** What the caller should know of its life cycle. */
  readonly warnings: readonly string[];
};

/** Why a model can't be called now. */
export type Obstacle = {
  readonly kind: "obstacle";
  readonly code: RefusalCode;
  /** Without the model's name. */
  readonly why: string;
  readonly details: RefusalDetails;
};

/** What decides whether a model can be called: this gateway, and whose account asks. */
export type AskedBy = {
  readonly deps: Pick<Deps, "asOf" | "world" | "connections">;
  /** The account's id and those of all above it. */
  readonly accountPath: readonly string[];
};

/**
 * Finds a model by id or alias as of the catalog's day.
 *
 * @throws Refusal when it is unknown, not served, retired, unpriced, or has no credentials here.
 */
export function findCallable(
  name: string,
  by: AskedBy & { readonly deps: Pick<Deps, "catalog"> },
): CallableModel {
  const model = findModel(by.deps.catalog, name);
  const sent = { param: "model", sent: name };
  if (model === undefined) {
    const nearest = nearestName(by.deps.catalog, name);
    const hint =
      nearest === undefined ? "GET /v1/models lists what is here" : `the nearest is ${nearest}`;
    throw new Refusal("unknown_model", `model=${name}: no such model; ${hint}`, {
      ...sent,
      ...(nearest === undefined ? {} : { allowed: [nearest] }),
    });
  }
  const found = callability(model, by);
  if (found.kind === "callable") return found;
  const isGone = found.code === "model_not_served" || found.code === "model_retired";
  const hint = isGone
    ? "; an owner can let another stand for it: legacy_aliases in spotmeter.yaml"
    : "";
  const message = `model=${name}: ${found.why}${hint}`;
  throw new Refusal(found.code, message, { ...sent, ...found.details });
}

/** A model as an account may call it now, or the first thing that stands in the way. */
export function callability(
  model: Model,
  { deps, accountPath }: AskedBy,
): CallableModel | Obstacle {
  const asOf = deps.asOf();
  // What live refuses, the sandbox serves with a warning, because its emulators never retire.
  const listing = listingOn(model, asOf, { endsRefuse: deps.world === "live" });
  if (listing.kind === "obstacle") {
    const { code, why, replacement: suggestedModel } = listing;
    return obstacle(code, why, suggestedModel === undefined ? {} : { suggestedModel });
  }
  const connections = deps.connections.allowed(model.vendor, accountPath);
  const [first] = connections;
  if (first === undefined) return obstacle("model_not_available", withoutConnection(model, deps));
  const { vendor } = first;
  const { price, warnings } = listing;
  return { kind: "callable", model, price, asOf, vendor, connections, warnings };
}

/** A call of more images than any connection sends in a minute would wait for ever: the refusal for it. */
export function paceRefusal(
  n: number,
  { connections }: Pick<CallableModel, "connections">,
): Refusal | undefined {
  if (connections.some((connected) => carries(connected, n))) return undefined;
  const most = Math.max(...connections.map(({ pace }) => pace.imagesPerMinute ?? n));
  const why = `n=${n}: the connections to this model's vendor send at most ${most} images a minute`;
  return new Refusal("unsupported_n", why, { param: "n", sent: n, allowed: most });
}

/** No connection of the vendor at all, or none that this account may use. */
function withoutConnection({ vendor }: Model, { connections }: AskedBy["deps"]): string {
  const exists = connections.all.some((each) => each.vendor.id === vendor);
  return exists
    ? `no connection to ${vendor} is open to this account`
    : `this gateway has no credentials for ${vendor}`;
}

function obstacle(code: RefusalCode, why: string, details: RefusalDetails = {}): Obstacle {
  return { kind: "obstacle", code, why, details };
}
