import { type Claims, type Family, isNamed } from "../../catalog/claims.ts";
import { type Catalog, findModel, nearestName } from "../../catalog/find.ts";
import { Refusal } from "../../refusals.ts";
import type { Market } from "../market.ts";

/** The models that a rule is about. */
export type Chosen = {
  /** As it was asked. */
  readonly asked: string;
  readonly includes: (model: string) => boolean;
  /** The published sentences are judged among these models: theirs, or the whole catalog. */
  readonly judges: boolean;
};

/**
 * Reads which models a rule is to be about: those that the published claims speak of (`article`), `all`, or
 * names of models and vendors with commas between.
 *
 * @throws Refusal naming the first name that is neither.
 */
export function chooseFamilies(asked: string, catalog: Catalog, claims: Claims): Chosen {
  if (asked === "all") return { asked, includes: () => true, judges: true };
  if (asked === "article") {
    return { asked, includes: (model) => isOfFamilies(model, claims.families), judges: true };
  }
  const ids = new Set(asked.split(",").flatMap((name) => idsOf(name.trim(), catalog)));
  return { asked, includes: (model) => ids.has(model), judges: false };
}

function isOfFamilies(model: string, families: readonly Family[]): boolean {
  return families.some(({ models }) => isNamed(model, models));
}

function idsOf(name: string, catalog: Catalog): readonly string[] {
  const ofVendor = catalog.models.filter(({ vendor }) => vendor === name);
  if (ofVendor.length > 0) return ofVendor.map(({ id }) => id);
  const model = findModel(catalog, name);
  if (model !== undefined) return [model.id];
  const vendors = [...new Set(catalog.models.map(({ vendor }) => vendor))];
  const nearest = nearestName(catalog, name);
  const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
  throw new Refusal(
    "invalid_value",
    `families: ${JSON.stringify(name)} is no model and no vendor${hint}`,
    { param: "families", sent: name, allowed: ["article", "all", ...vendors] },
  );
}

/** The market with the chosen models only. @throws Refusal where none of them is left. */
export function among(market: Market, chosen: Chosen): Market {
  const models = market.models.filter(({ model }) => chosen.includes(model.id));
  if (models.length > 0) return { ...market, models };
  const why = `families=${chosen.asked}: the catalog has none of them`;
  throw new Refusal("invalid_value", why, { param: "families", sent: chosen.asked });
}
