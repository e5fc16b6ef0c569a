import { join } from "node:path";
import { type LoadedCatalog, loadCatalog, loadRatings } from "../catalog/load.ts";
import type { Ratings } from "../catalog/ratings.ts";
import type { Config } from "../config.ts";
import { StartError } from "./errors.ts";
import { packageFolder } from "./package.ts";

/** The shipped catalog with the owner's models and prices over it, and the table of ratings. */
export type CatalogRead = LoadedCatalog & { readonly ratings: Ratings };

/** @throws StartError naming every problem with file, line and field. */
export function readCatalog({ settings }: Pick<Config, "settings">): CatalogRead {
  try {
    const folder = join(packageFolder, "catalog");
    const catalog = loadCatalog({ folder: join(folder, "models"), overrides: settings });
    return { ...catalog, ratings: loadRatings(join(folder, "ratings.json"), catalog) };
  } catch (cause) {
    throw new StartError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
