import { type Catalog, findModel, nearestName } from "../../catalog/find.ts";
import { checkAutoAs } from "../../gateway/auto-as.ts";
import type {
  HouseLimits,
  Limits,
  LimitsChange,
  NodeSettings,
  SettingsChange,
} from "../../ledger/accounts-port.ts";
import { formatUsd, type PicoUsd, parseUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import {
  type LimitsBody,
  type LimitsChangeBody,
  type SettingsBody,
  type SettingsChangeBody,
  settingsBody,
} from "./bodies.ts";
import { parseAdmin } from "./read.ts";

/** Limits and settings of accounts and keys: from the wire to the ledger's port, and back. */

export function limitsOf({ day, month, total }: LimitsBody): Limits {
  return {
    ...(day === undefined ? {} : { day: parseUsd(day) }),
    ...(month === undefined ? {} : { month: parseUsd(month) }),
    ...(total === undefined ? {} : { total: parseUsd(total) }),
  };
}

/** A patch of limits; null instead of the object takes all of them away. */
export function limitsChangeOf(body: LimitsChangeBody | null): LimitsChange {
  if (body === null) return { day: null, month: null, total: null };
  const { day, month, total } = body;
  return {
    ...(day === undefined ? {} : { day: usdOrNull(day) }),
    ...(month === undefined ? {} : { month: usdOrNull(month) }),
    ...(total === undefined ? {} : { total: usdOrNull(total) }),
  };
}

function usdOrNull(text: string | null): PicoUsd | null {
  return text === null ? null : parseUsd(text);
}

export function limitsJson({ day, month, total }: Limits): LimitsBody {
  return {
    ...(day === undefined ? {} : { day: formatUsd(day) }),
    ...(month === undefined ? {} : { month: formatUsd(month) }),
    ...(total === undefined ? {} : { total: formatUsd(total) }),
  };
}

/** @throws Refusal for a model or a default that the catalog does not know. */
export function settingsOf(body: SettingsBody, catalog: Catalog): NodeSettings {
  const { auto_as: autoAs, allowed_models: models, tags, expires_at: expiresAt } = body;
  const { rate_limit: rate, margin, house_limits: house, retain } = body;
  if (autoAs !== undefined) checkAutoAs(autoAs, catalog.models, "auto_as");
  return {
    ...(autoAs === undefined ? {} : { autoAs }),
    ...(models === undefined ? {} : { allowedModels: modelIds(models, catalog) }),
    ...(tags === undefined ? {} : { tags }),
    ...(expiresAt === undefined ? {} : { expiresMs: Date.parse(expiresAt) }),
    ...(rate === undefined ? {} : { rate: rateOf(rate) }),
    ...(margin === undefined ? {} : { margin: marginOf(margin) }),
    ...(house === undefined ? {} : { house: houseOf(house) }),
    ...(retain === undefined ? {} : { retain }),
  };
}

/**
 * A merge patch of settings (RFC 7396): objects are merged field by field, null takes away, anything else
 * takes the place of what was there. An object of which nothing is left is taken away.
 */
export function settingsChangeOf(
  patch: SettingsChangeBody,
  before: NodeSettings,
  catalog: Catalog,
): SettingsChange {
  const present: Fields = settingsJson(before);
  const merged = Object.entries(patch).flatMap(([name, change]): [string, unknown][] => {
    const value = merge(present[name], change);
    return value === null ? [] : [[name, value]];
  });
  const after = settingsOf(parseAdmin(settingsBody, Object.fromEntries(merged)), catalog);
  return {
    ...("auto_as" in patch ? { autoAs: after.autoAs ?? null } : {}),
    ...("allowed_models" in patch ? { allowedModels: after.allowedModels ?? null } : {}),
    ...("tags" in patch ? { tags: after.tags ?? null } : {}),
    ...("expires_at" in patch ? { expiresMs: after.expiresMs ?? null } : {}),
    ...("rate_limit" in patch ? { rate: after.rate ?? null } : {}),
    ...ofAccounts(patch, after),
  };
}

/** What only accounts have. */
function ofAccounts(patch: SettingsChangeBody, after: NodeSettings): SettingsChange {
  return {
    ...("margin" in patch ? { margin: after.margin ?? null } : {}),
    ...("house_limits" in patch ? { house: after.house ?? null } : {}),
    ...("retain" in patch ? { retain: after.retain ?? null } : {}),
  };
}

type Fields = { readonly [name: string]: unknown };

function merge(before: unknown, change: unknown): unknown {
  if (!isFields(change)) return change;
  const all = { ...(isFields(before) ? before : {}), ...change };
  const kept = Object.entries(all).filter(([, value]) => value !== null);
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is set at a node, as it would be sent. */
export function settingsJson(settings: NodeSettings): SettingsBody {
  const { autoAs, allowedModels, tags, expiresMs, rate, margin, house, retain } = settings;
  return {
    ...(autoAs === undefined ? {} : { auto_as: autoAs }),
    ...(allowedModels === undefined ? {} : { allowed_models: [...allowedModels] }),
    ...(tags === undefined ? {} : { tags }),
    ...(expiresMs === undefined ? {} : { expires_at: new Date(expiresMs).toISOString() }),
    ...(rate === undefined ? {} : { rate_limit: rateJson(rate) }),
    ...(margin === undefined
      ? {}
      : { margin: { basis_points: margin.basisPoints, fixed: formatUsd(margin.fixed) } }),
    ...(house === undefined ? {} : { house_limits: houseJson(house) }),
    ...(retain === undefined ? {} : { retain }),
  };
}

/** Ids of models by whatever name they were given; a pinned snapshot is its model. */
function modelIds(names: readonly string[], catalog: Catalog): readonly string[] {
  const ids = names.map((name, index) => {
    const model = findModel(catalog, name);
    if (model !== undefined) return model.id;
    const nearest = nearestName(catalog, name);
    const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
    const param = `allowed_models.${index}`;
    throw new Refusal("invalid_value", `${param}=${name}: no such model${hint}`, {
      param,
      sent: name,
      ...(nearest === undefined ? {} : { allowed: [nearest] }),
    });
  });
  return [...new Set(ids)];
}

type Given<Name extends keyof SettingsBody> = NonNullable<SettingsBody[Name]>;

function rateOf(body: Given<"rate_limit">): NonNullable<NodeSettings["rate"]> {
  const { requests_per_minute: requestsPerMinute, images_per_minute: imagesPerMinute } = body;
  return {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(imagesPerMinute === undefined ? {} : { imagesPerMinute }),
  };
}

function rateJson(rate: NonNullable<NodeSettings["rate"]>): Given<"rate_limit"> {
  const { requestsPerMinute, imagesPerMinute } = rate;
  return {
    ...(requestsPerMinute === undefined ? {} : { requests_per_minute: requestsPerMinute }),
    ...(imagesPerMinute === undefined ? {} : { images_per_minute: imagesPerMinute }),
  };
}

function marginOf(body: Given<"margin">): NonNullable<NodeSettings["margin"]> {
  const { basis_points: basisPoints = 0, fixed } = body;
  return { basisPoints, fixed: fixed === undefined ? ZERO_USD : parseUsd(fixed) };
}

function houseOf(body: Given<"house_limits">): HouseLimits {
  const { exposure_per_hour: hour, vendor_cost_per_day: day, vendor_cost_per_month: month } = body;
  return {
    ...(hour === undefined ? {} : { exposureHour: parseUsd(hour) }),
    ...(day === undefined ? {} : { vendorCostDay: parseUsd(day) }),
    ...(month === undefined ? {} : { vendorCostMonth: parseUsd(month) }),
  };
}

function houseJson(house: HouseLimits): Given<"house_limits"> {
  const { exposureHour, vendorCostDay, vendorCostMonth } = house;
  return {
    ...(exposureHour === undefined ? {} : { exposure_per_hour: formatUsd(exposureHour) }),
    ...(vendorCostDay === undefined ? {} : { vendor_cost_per_day: formatUsd(vendorCostDay) }),
    ...(vendorCostMonth === undefined ? {} : { vendor_cost_per_month: formatUsd(vendorCostMonth) }),
  };
}
