import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { Claims } from "../catalog/claims.ts";
import { type LoadedCatalog, loadCatalog, loadClaims, loadRatings } from "../catalog/load.ts";
import type { Ratings } from "../catalog/ratings.ts";
import { readSourceText } from "../catalog/source-text.ts";
import type { Config, SettingsFile } from "../config.ts";
import { StartError } from "./errors.ts";
import { packageFolder } from "./package.ts";

/** The shipped catalog with the owner's models and prices over it, the table of ratings, and what was published of prices. */
export type CatalogRead = LoadedCatalog & { readonly ratings: Ratings; readonly claims: Claims };

/** @throws StartError naming every problem with file, line and field. */
export function readCatalog({ settings }: Pick<Config, "settings">): CatalogRead {
  try {
    const folder = join(packageFolder, "catalog");
    const catalog = loadCatalog({ folder: join(folder, "models"), overrides: settings });
    const own = settings === undefined ? undefined : ownRatings(settings);
    return {
      ...catalog,
      ratings: loadRatings(own ?? join(folder, "ratings.json"), catalog),
      claims: loadClaims(join(folder, "claims.json"), catalog),
    };
  } catch (cause) {
    throw new StartError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

const ratingsField = z.looseObject({ ratings: z.string().min(1).nullish() });

/**
 * The owner's own table in place of the shipped one, as `spotmeter.yaml` names it beside itself:
 *
 *     ratings: ratings.json
 *
 * @throws Error naming file, line and field.
 */
function ownRatings({ file, text }: SettingsFile): string | undefined {
  const source = readSourceText(text);
  const parsed = ratingsField.safeParse(source.value ?? {});
  const complain = (why: string) =>
    new Error(`bad settings\n${file}:${source.lineOf(["ratings"])} ratings: ${why}`);
  if (!parsed.success) throw complain("must be the path of a file, such as ratings.json");
  const { ratings } = parsed.data;
  if (ratings === null || ratings === undefined) return undefined;
  const path = resolve(dirname(file), ratings);
  if (!existsSync(path)) throw complain(`there is no file ${path}`);
  return path;
}
