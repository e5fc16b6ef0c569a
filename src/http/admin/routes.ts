import { Hono } from "hono";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { houseUsageRoutes } from "../usage/routes.ts";
import { accountRoutes } from "./account-routes.ts";
import { callRoutes } from "./call-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { actorOf } from "./read.ts";

/** The administration: for the master key and the command line only. Every change is journalled with its actor. */
export function adminRoutes(deps: ApiDeps): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  app.use(async (context, next) => {
    actorOf(context, deps);
    await next();
  });
  accountRoutes(app, deps);
  keyRoutes(app, deps);
  callRoutes(app, deps);
  houseUsageRoutes(app, deps);
  return app;
}
