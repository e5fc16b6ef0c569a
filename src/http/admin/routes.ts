import { Hono } from "hono";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { houseOutcomeRoutes } from "../outcomes/routes.ts";
import { houseUsageRoutes } from "../usage/routes.ts";
import { houseWhatIfRoute } from "../what-if/routes.ts";
import { accountRoutes } from "./account-routes.ts";
import { repriceBody } from "./bodies.ts";
import { callRoutes } from "./call-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { actorOf, readAdmin } from "./read.ts";
import { reconciliationRoutes } from "./reconciliation-routes.ts";
import { repriceJson } from "./reprice.ts";
import { statementRoutes } from "./statement-routes.ts";
import { vendorModelsJson } from "./vendor-models.ts";

/** The administration: for the master key and the command line only. Every change is journalled with its actor. */
export function adminRoutes(deps: ApiDeps): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  app.use(async (context, next) => {
    actorOf(context, deps);
    await next();
  });
  accountRoutes(app, deps);
  statementRoutes(app, deps);
  keyRoutes(app, deps);
  callRoutes(app, deps);
  houseUsageRoutes(app, deps);
  houseOutcomeRoutes(app, deps);
  reconciliationRoutes(app, deps);
  houseWhatIfRoute(app, deps);
  app.get("/vendor-models", async (context) => context.json(await vendorModelsJson(deps)));
  app.post("/reprice", async (context) => {
    const asked = await readAdmin(context, repriceBody);
    return context.json(await repriceJson(asked, actorOf(context, deps), deps));
  });
  return app;
}
