import { z } from "zod";
import { type Catalog, findModel, nearestName } from "../catalog/find.ts";
import type { Ratings } from "../catalog/ratings.ts";
import { readSize, SIZE_FORMS } from "../gates/size.ts";
import { choiceFields, readChoice } from "../gateway/choice-fields.ts";
import { knownRegions, readConstraints } from "../gateway/constraints.ts";
import { Refusal } from "../refusals.ts";
import type { Choice } from "./choice.ts";

/** A what-if as it is asked for: by API and command line, of the journal or of an imported set. */

const name = z.string().min(1).max(128);
const day = z.iso.date({ error: "must be a day, YYYY-MM-DD" });
const set = z
  .strictObject({
    quality: name.optional().describe("a quality tier"),
    size: name.optional().describe("WxH or a label such as 2K"),
    fan_out: z.literal(true).optional().describe("several pictures by as many calls"),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), "names nothing");

/** The body of `POST /v1/what-if`. Without a choice it finds levers. */
export const ownWhatIfBody = z.strictObject({
  from: day.optional().describe("first UTC day; default: the first of the last day's month"),
  to: day.optional().describe("last UTC day, at most 366 days in all; default: today"),
  key_id: name.optional().describe("requests of this key only"),
  set: set.optional().describe("another quality or size"),
  model: name.optional().describe("another model"),
  auto: z
    .strictObject(choiceFields)
    .optional()
    .describe("the cheapest capable model under these constraints"),
  price_version: name.optional().describe("another version of a model's price"),
  as_of: day.optional().describe("prices and models as of this day"),
});

/** The same of one account with all below it, or of everything. */
export const whatIfBody = ownWhatIfBody.extend({
  account_id: name.optional().describe("requests of this account and all below it only"),
});
export type WhatIfAsked = z.infer<typeof whatIfBody>;
type ChoiceAsked = Pick<WhatIfAsked, "set" | "model" | "auto" | "price_version" | "as_of">;

/** That part of what was asked that is a choice, in its own words. */
export function choiceAsked(asked: WhatIfAsked): ChoiceAsked {
  const { set: other, model, auto: constraints, price_version, as_of } = asked;
  return {
    ...(other === undefined ? {} : { set: other }),
    ...(model === undefined ? {} : { model }),
    ...(constraints === undefined ? {} : { auto: constraints }),
    ...(price_version === undefined ? {} : { price_version }),
    ...(as_of === undefined ? {} : { as_of }),
  };
}

/**
 * @param by what the words are read against; ratings as of `asOf`, where the choice names no day.
 * @throws Refusal for what contradicts itself, or names what the catalog hasn't.
 */
export function choiceOf(
  asked: ChoiceAsked,
  by: { readonly catalog: Catalog; readonly ratings: Ratings; readonly asOf: string },
): Choice {
  refuseContradictions(asked);
  const { catalog } = by;
  const { set: other, model, auto: constraints, price_version: version, as_of: asOf } = asked;
  return {
    ...(other?.quality === undefined ? {} : { quality: tierOf(other.quality, catalog) }),
    ...(other?.size === undefined ? {} : { size: sizeOf(other.size) }),
    ...(other?.fan_out === undefined ? {} : { fanOut: other.fan_out }),
    ...(model === undefined ? {} : { model: modelOf(model, catalog) }),
    ...(constraints === undefined
      ? {}
      : {
          auto: readConstraints(readChoice(constraints) ?? {}, {
            ...{ ...by, asOf: asOf ?? by.asOf, at: "auto" },
            regions: knownRegions(catalog.models, []),
          }),
        }),
    ...(version === undefined ? {} : { prices: versionOf(version, catalog) }),
    ...(asOf === undefined ? {} : { prices: { kind: "day", day: asOf } }),
  };
}

function refuseContradictions({ model, auto: other, price_version, as_of }: ChoiceAsked): void {
  const pairs = [
    [{ model }, { auto: other }, "a model is named, or chosen"],
    [{ price_version }, { as_of }, "a version is of one day already"],
    [{ price_version }, { model }, "a version prices the model that it belongs to"],
    [{ price_version }, { auto: other }, "a version prices the model that it belongs to"],
  ] as const;
  for (const [one, two, why] of pairs) {
    const [[param, sent] = []] = Object.entries(one);
    const [[against, given] = []] = Object.entries(two);
    if (param === undefined || sent === undefined || given === undefined) continue;
    throw new Refusal("unsupported_combination", `${param} goes without ${against}: ${why}`, {
      param,
      sent,
    });
  }
}

function tierOf(quality: string, { models }: Catalog): string {
  const tiers = [...new Set(models.flatMap((model) => model.capabilities.quality?.tiers ?? []))];
  if (tiers.includes(quality)) return quality;
  throw wrong(
    "set.quality",
    quality,
    `no model has this tier; there are ${tiers.join(", ")}`,
    tiers,
  );
}

function sizeOf(size: string): NonNullable<Choice["size"]> {
  const read = readSize(size);
  if (read !== undefined) return read;
  throw wrong("set.size", size, `must be one of ${SIZE_FORMS.join(", ")}`, SIZE_FORMS);
}

function modelOf(id: string, catalog: Catalog): string {
  const param = "model";
  const model = findModel(catalog, id);
  if (model !== undefined) return model.id;
  const nearest = nearestName(catalog, id);
  const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
  throw new Refusal("unknown_model", `${param}=${id}: no such model${hint}`, { param, sent: id });
}

function versionOf(id: string, { models }: Catalog): NonNullable<Choice["prices"]> {
  for (const model of models) {
    const version = model.rateCard.find((each) => each.id === id);
    if (version !== undefined) return { kind: "version", modelId: model.id, version };
  }
  const why = "no such price version in the catalog or in spotmeter.yaml";
  throw wrong("price_version", id, why);
}

function wrong(param: string, sent: string, why: string, allowed?: readonly string[]): Refusal {
  return new Refusal("invalid_value", `${param}=${sent}: ${why}`, {
    param,
    sent,
    ...(allowed === undefined ? {} : { allowed }),
  });
}
