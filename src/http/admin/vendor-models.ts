import type { Model } from "../../catalog/schema.ts";
import type { ConnectedVendor } from "../../gateway/connected-vendor.ts";
import type { ModelList } from "../../vendors/port.ts";
import type { ApiDeps } from "../api-deps.ts";

/** How long the vendors may take, all at once. */
const LIST_MS_MAX = 20_000;

/**
 * `GET /admin/v1/vendor-models`: what each connection's vendor lists, beside the catalog's rows. Costs nothing.
 * A vendor that publishes no list says so; one that can't be read names why.
 */
export async function vendorModelsJson(deps: ApiDeps) {
  const signal = AbortSignal.timeout(LIST_MS_MAX);
  const data = await Promise.all(
    deps.connections.all.map(async (connected) => {
      const list = await connected.vendor.listModels?.(connected.connection, signal);
      return connectionJson(connected, list, deps.catalog.models);
    }),
  );
  return { object: "list", data, emulated: deps.world === "sandbox", as_of: deps.asOf() };
}

function connectionJson(
  { vendor, connection }: ConnectedVendor,
  list: ModelList | undefined,
  models: readonly Model[],
) {
  const base = { connection: connection.id, vendor: vendor.id, error: null, models: [] };
  if (list === undefined) return { ...base, status: "no_list_published" };
  if (list.kind === "failed") return { ...base, status: "failed", error: list.why };
  const own = models.filter((model) => model.vendor === vendor.id);
  return {
    ...base,
    status: "listed",
    models: list.models.map(({ id, shutdownDate }) => ({
      id,
      /** Null: listed without an end; left out: this vendor's list tells none. */
      ...(shutdownDate === undefined ? {} : { shutdown_date: shutdownDate }),
      model: own.find((model) => namesOf(model).includes(id))?.id ?? null,
    })),
  };
}

function namesOf({ id, wireId, aliases, snapshots = [] }: Model): readonly string[] {
  return [id, wireId, ...aliases, ...snapshots];
}
