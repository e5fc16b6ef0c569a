import type { AtLeast, Constraints } from "../advisor/constraints.ts";
import { type Evidence, evidenceFor } from "../advisor/evidence.ts";
import { type Catalog, findModel, nearestName } from "../catalog/find.ts";
import {
  type Band,
  bands,
  type RatingMode,
  type Ratings,
  ratingModes,
  UNSTATED,
} from "../catalog/ratings.ts";
import type { Model } from "../catalog/schema.ts";
import type { ChoiceAsked } from "../gates/order.ts";
import { minUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import { provenAt } from "./proven.ts";

/** What the words of a choice are read against. */
export type ChoiceWords = {
  readonly catalog: Catalog;
  readonly ratings: Ratings;
  /** YYYY-MM-DD: later tables of ratings are not known yet. */
  readonly asOf: string;
  /** Every region in which anything can be called. */
  readonly regions: readonly string[];
  /** Where the choice was written, for messages: `spotmeter`, or a preset. */
  readonly at: string;
};

/** The regions that models and connections name, in alphabetical order. */
export function knownRegions(
  models: readonly Model[],
  connections: readonly { readonly region?: string | undefined }[],
): readonly string[] {
  const named = connections.flatMap(({ region }) => region ?? []);
  return [...new Set([...models.flatMap(({ regions }) => regions), ...named])].toSorted();
}

/**
 * The same choice with models by their ids, whatever they were called.
 *
 * @throws Refusal for a model that isn't known.
 */
export function withIds(asked: ChoiceAsked, words: ChoiceWords): ChoiceAsked {
  const { allow, deny } = asked;
  return {
    ...asked,
    ...(allow === undefined ? {} : { allow: idsOf("allow", allow, words) }),
    ...(deny === undefined ? {} : { deny: idsOf("deny", deny, words) }),
  };
}

/**
 * What is asked of a choice, as the advisor takes it: names found, ratings looked up.
 *
 * @throws Refusal naming what isn't known, isn't rated, or leaves nothing to choose from.
 */
export function readConstraints(asked: ChoiceAsked, words: ChoiceWords): Constraints {
  const { allow, deny } = withIds(asked, words);
  assertSomeLeft(allow, deny, words);
  if (asked.regions !== undefined) assertRegions(asked.regions, words);
  const { band, maxCost, regions } = asked;
  return {
    ...(band === undefined ? {} : { band }),
    ...(asked.atLeast === undefined
      ? {}
      : { atLeast: asked.atLeast.map((name) => readAtLeast(name, words)) }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
    ...(regions === undefined ? {} : { regions }),
    ...(asked.exactSize === true ? { exactSize: true as const } : {}),
    ...(asked.allowUnrated === true ? { allowUnrated: true as const } : {}),
    ...(asked.allowWeakPrices === true ? { allowWeakPrices: true as const } : {}),
    ...(asked.proven === undefined ? {} : { proven: provenAt(asked.proven, words) }),
  };
}

function assertSomeLeft(
  allow: readonly string[] | undefined,
  deny: readonly string[] | undefined,
  { at, catalog }: ChoiceWords,
): void {
  const left = (allow ?? catalog.models.map(({ id }) => id)).filter((id) => !deny?.includes(id));
  if (left.length > 0) return;
  const [param, sent] = deny === undefined ? [`${at}.allow`, allow] : [`${at}.deny`, deny];
  const why = `${at}.allow and ${at}.deny leave no model to choose from`;
  throw new Refusal("unsupported_combination", why, { param, sent });
}

function assertRegions(asked: readonly string[], { at, regions }: ChoiceWords): void {
  const unknown = asked.find((region) => !regions.includes(region));
  if (unknown === undefined && asked.length > 0) return;
  if (unknown === undefined) {
    const why = `${at}.regions: the request and its preset share none`;
    throw new Refusal("unsupported_combination", why, { param: `${at}.regions`, sent: asked });
  }
  const why = `${at}.regions: nothing is called in ${shown(unknown)}; there are ${regions.join(", ")}`;
  const details = { param: `${at}.regions`, sent: shown(unknown), allowed: regions };
  throw new Refusal("invalid_value", why, details);
}

function idsOf(
  field: "allow" | "deny",
  names: readonly string[],
  words: ChoiceWords,
): readonly string[] {
  return [...new Set(names.map((name) => known(field, name, words).id))];
}

function known(field: string, name: string, { catalog, at }: ChoiceWords): Model {
  const model = findModel(catalog, name);
  if (model !== undefined) return model;
  const nearest = nearestName(catalog, name);
  const hint =
    nearest === undefined ? "GET /v1/models lists what is here" : `the nearest is ${nearest}`;
  throw new Refusal("invalid_value", `${at}.${field}=${shown(name)}: no such model; ${hint}`, {
    param: `${at}.${field}`,
    sent: shown(name),
    ...(nearest === undefined ? {} : { allowed: [nearest] }),
  });
}

/** `model`, or `model:tier` where the model has tiers: a rating is of one. */
function readAtLeast(name: string, words: ChoiceWords): AtLeast {
  const { model, tier } = tiered(name, words);
  const evidence = Object.fromEntries(
    ratingModes.flatMap((mode) => {
      const found = counted({ model, tier, mode }, words);
      return found === undefined ? [] : [[mode, found] as const];
    }),
  );
  if (Object.keys(evidence).length > 0) return { name, model, tier, evidence };
  const { at } = words;
  const why = `${at}.at_least=${shown(name)}: no board rates it, so that nothing can be held against it`;
  throw new Refusal("invalid_value", why, { param: `${at}.at_least`, sent: shown(name) });
}

function tiered(
  name: string,
  words: ChoiceWords,
): { readonly model: Model; readonly tier: string | null } {
  const colon = name.lastIndexOf(":");
  const model = known("at_least", colon === -1 ? name : name.slice(0, colon), words);
  const tier = colon === -1 ? null : name.slice(colon + 1);
  const { tiers = [] } = model.capabilities.quality ?? {};
  if (tier === null ? tiers.length === 0 : tiers.includes(tier)) return { model, tier };
  const allowed = tiers.length === 0 ? [model.id] : tiers.map((each) => `${model.id}:${each}`);
  const why =
    tiers.length === 0
      ? `${model.id} has no tiers`
      : `${model.id} has tiers, and a rating is of one: ${allowed.join(", ")}`;
  const { at } = words;
  throw new Refusal("invalid_value", `${at}.at_least=${shown(name)}: ${why}`, {
    param: `${at}.at_least`,
    sent: shown(name),
    allowed,
  });
}

/** The rating that counts for a model at a tier, at whatever size it was earned. */
function counted(
  of: { readonly model: Model; readonly tier: string | null; readonly mode: RatingMode },
  { ratings, asOf }: ChoiceWords,
): Evidence | undefined {
  const { model, mode } = of;
  // The largest size may claim what any size has earned.
  const rated = { model, mode, asOf, quality: of.tier ?? undefined, resolution: "4K" as const };
  const found = evidenceFor(rated, ratings);
  return found?.uncounted === undefined && found?.rating.tier !== UNSTATED ? found : undefined;
}

/**
 * A preset with what a request asks beside it: the stricter of both. A request may ask for more than its
 * preset, never for less.
 *
 * @throws Refusal for a request that would lift what the preset sets.
 */
export function tightened(
  preset: ChoiceAsked,
  asked: ChoiceAsked,
  of: { readonly preset: string },
): ChoiceAsked {
  assertNotLifted(preset, asked, of);
  const bandsAsked = [preset.band, asked.band].filter((band) => band !== undefined);
  const costs = [preset.maxCost, asked.maxCost].filter((cost) => cost !== undefined);
  const band = stricter(bandsAsked);
  const [cost, ...others] = costs;
  const atLeast = both(preset.atLeast, asked.atLeast);
  const allow = shared(preset.allow, asked.allow);
  const deny = both(preset.deny, asked.deny);
  const regions = shared(preset.regions, asked.regions);
  const { allowUnrated = preset.allowUnrated, allowWeakPrices = preset.allowWeakPrices } = asked;
  return {
    ...(band === undefined ? {} : { band }),
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(cost === undefined ? {} : { maxCost: others.reduce(minUsd, cost) }),
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
    ...(regions === undefined ? {} : { regions }),
    exactSize: preset.exactSize === true || asked.exactSize === true,
    allowUnrated: allowUnrated === true,
    allowWeakPrices: allowWeakPrices === true,
    ...(preset.proven === undefined ? {} : { proven: preset.proven }),
  };
}

function assertNotLifted(
  preset: ChoiceAsked,
  asked: ChoiceAsked,
  of: { readonly preset: string },
): void {
  const lifted =
    (preset.exactSize === true && asked.exactSize === false && "exact_size") ||
    (preset.allowUnrated !== true && asked.allowUnrated === true && "allow_unrated") ||
    (preset.allowWeakPrices !== true && asked.allowWeakPrices === true && "allow_weak_prices");
  if (lifted === false) return;
  const sent = lifted !== "exact_size";
  const why = `spotmeter.${lifted}=${sent}: the preset ${of.preset} says otherwise, and a request may only ask for more than its preset`;
  throw new Refusal("unsupported_combination", why, {
    param: `spotmeter.${lifted}`,
    sent,
    allowed: [!sent],
  });
}

function stricter(asked: readonly Band[]): Band | undefined {
  return bands.findLast((band) => asked.includes(band));
}

function both(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  return one === undefined ? other : [...one, ...(other ?? [])];
}

/** What both lists name; an empty list names nothing. */
function shared(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.filter((each) => other.includes(each));
}

function shown(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
