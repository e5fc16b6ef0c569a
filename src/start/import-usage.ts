import type { Config } from "../config.ts";
import { type ImportRequest, importUsage } from "../imports/import-usage.ts";
import { priceOnIn } from "../what-if/market.ts";
import { readCatalog } from "./read-catalog.ts";

/** Imports with the catalog of this home. */
export function importInto(
  config: Config,
  request: Omit<ImportRequest, "home" | "priceOn" | "now">,
): ReturnType<typeof importUsage> {
  const { models } = readCatalog(config);
  return importUsage({
    ...request,
    home: config.home,
    priceOn: priceOnIn({ models }),
    now: () => new Date(),
  });
}
