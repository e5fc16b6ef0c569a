import type { HttpBindings } from "@hono/node-server";
import type { ReconciliationStore } from "../audit/reconcile/store.ts";
import type { BillFormat } from "../bills/format.ts";
import type { Claims } from "../catalog/claims.ts";
import type { Deps } from "../gateway/deps.ts";
import type { Runs } from "../runs/engine/runs.ts";
import type { AdminSecrets } from "./credentials.ts";

/** What hono hands on: node's own request and answer, which bears the request's id already. */
export type ApiEnvironment = { readonly Bindings: HttpBindings };

/** What the routes work with, beside the main path's dependencies. */
export type ApiDeps = Deps & {
  readonly admin: AdminSecrets;
  /** How a vendor's bills are read. */
  readonly billFormats: (vendor: string) => readonly BillFormat[];
  /** Where reconciliations and the prices that they confirmed are kept. */
  readonly reconciliations: ReconciliationStore;
  /** What was published of prices, for the rule to be held against. */
  readonly claims: Claims;
  /** Runs that this process carries out. */
  readonly runs: Runs;
  /** The package's version. */
  readonly version: string;
};
