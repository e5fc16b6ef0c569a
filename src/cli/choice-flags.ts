import type { Command } from "commander";
import { usd } from "./flags.ts";

/** What is asked of a model that is to be chosen, by the names that commander gives the flags. */
export type ChoiceFlags = {
  readonly band?: string;
  readonly atLeast?: string;
  readonly maxCost?: string;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly region?: readonly string[];
  readonly exactSize?: true;
  readonly allowUnrated?: true;
  readonly allowWeakPrices?: true;
};

/** Gives a command the constraints of `--model auto`. */
export function withChoice(command: Command): Command {
  return command
    .option("--band <band>", "for auto: draft, standard, fine or finest, by rating")
    .option("--at-least <model[:tier]>", "for auto: rated level with this one or above")
    .option("--max-cost <usd>", "for auto: bounds the ceiling of the whole request", usd)
    .option("--allow <model>", "for auto: only this one; may be given many times", collect)
    .option("--deny <model>", "for auto: not this one; may be given many times", collect)
    .option("--region <region>", "for auto: callable there; may be given many times", collect)
    .option("--exact-size", "for auto: the pixels asked for are the pixels delivered")
    .option("--allow-unrated", "for auto: models without a rating may win every band")
    .option("--allow-weak-prices", "for auto: guessed and hearsay prices may win");
}

/** The `spotmeter` object of an order; undefined where no flag asks for anything. */
export function readChoiceFlags(flags: ChoiceFlags): object | undefined {
  const choice = {
    band: flags.band,
    at_least: flags.atLeast,
    max_cost: flags.maxCost,
    allow: flags.allow,
    deny: flags.deny,
    regions: flags.region,
    exact_size: flags.exactSize,
    allow_unrated: flags.allowUnrated,
    allow_weak_prices: flags.allowWeakPrices,
  };
  return Object.values(choice).some((value) => value !== undefined) ? choice : undefined;
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
