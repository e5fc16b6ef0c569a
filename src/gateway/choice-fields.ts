import { z } from "zod";
import { bands } from "../catalog/ratings.ts";
import { usdText } from "../catalog/schema.ts";
import type { ChoiceAsked } from "../gates/order.ts";
import { parseUsd } from "../money/pico-usd.ts";

/** The constraints of a choice by their names on the wire: in `spotmeter` of a request, and in a preset of the owner's. */

const names = z.array(z.string().min(1).max(128)).min(1).max(256);

export const choiceFields = {
  band: z
    .enum(bands)
    .nullish()
    .describe("The band that the rating of the chosen model must earn, or a better one"),
  at_least: z
    .string()
    .min(1)
    .max(128)
    .nullish()
    .describe("model or model:tier, which the chosen one must be rated level with or above"),
  max_cost: usdText
    .refine((text) => /[1-9]/.test(text), "must be above 0")
    .nullish()
    .describe("US dollars as a decimal string: bounds the ceiling of the whole request"),
  allow: names.nullish().describe("The only models that may be chosen"),
  deny: names.nullish(),
  regions: names.nullish().describe("The chosen model must be callable in one of them"),
  exact_size: z.boolean().nullish().describe("The pixels asked for are the pixels delivered"),
  allow_unrated: z
    .boolean()
    .nullish()
    .describe("Models without a rating that counts may win every band"),
  allow_weak_prices: z
    .boolean()
    .nullish()
    .describe("Prices that are a guess, or were told by one third party alone, may win"),
};

const choiceObject = z.object(choiceFields);
type ChoiceFields = z.infer<typeof choiceObject>;

/** What is asked of the choice; undefined where nothing is. */
export function readChoice(fields: ChoiceFields): ChoiceAsked | undefined {
  const { band, at_least: atLeast, max_cost: maxCost, allow, deny, regions } = fields;
  const choice: ChoiceAsked = {
    ...(band == null ? {} : { band }),
    ...(atLeast == null ? {} : { atLeast: [atLeast] }),
    ...(maxCost == null ? {} : { maxCost: parseUsd(maxCost) }),
    ...(allow == null ? {} : { allow }),
    ...(deny == null ? {} : { deny }),
    ...(regions == null ? {} : { regions }),
    ...(fields.exact_size == null ? {} : { exactSize: fields.exact_size }),
    ...(fields.allow_unrated == null ? {} : { allowUnrated: fields.allow_unrated }),
    ...(fields.allow_weak_prices == null ? {} : { allowWeakPrices: fields.allow_weak_prices }),
  };
  return Object.keys(choice).length === 0 ? undefined : choice;
}

/** What a field of a choice is called on the wire. */
export function choiceName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
