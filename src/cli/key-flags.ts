import { type Command, InvalidArgumentError } from "commander";
import { integer, pair } from "./flags.ts";
import {
  type AutoFlags,
  autoGiven,
  type Change,
  given,
  type LimitFlags,
  limitsGiven,
  withAuto,
  withoutAuto,
  withoutLimits,
} from "./node-flags.ts";

/** What can be set at a key, by the names that commander gives the flags. */
export type KeyFlags = LimitFlags &
  AutoFlags & {
    readonly name?: string;
    readonly allowModel?: Change<readonly string[]>;
    readonly rateRequests?: Change<number>;
    readonly rateImages?: Change<number>;
    readonly expires?: Change<string>;
    readonly tag?: Readonly<Record<string, string>>;
    readonly removeTag?: readonly string[];
  };

export function withKeySettings(command: Command): Command {
  return withAuto(command)
    .option("--allow-model <id>", "a model that it may call; may be given many times", several)
    .option("--rate-requests <count>", "accepted orders a minute", integer)
    .option("--rate-images <count>", "ordered images a minute", integer)
    .option("--expires <date-time>", "from then on it opens nothing: 2027-01-31T00:00:00Z", instant)
    .option("--tag <name=value>", "a dimension of each bill; may be given many times", pair);
}

export function withoutKeySettings(command: Command): Command {
  return withoutAuto(withoutLimits(command))
    .option("--no-allow-model", "it may call every model")
    .option("--no-rate-requests", "as many orders as may be")
    .option("--no-rate-images", "as many images as may be")
    .option("--no-expires", "it stays good")
    .option("--remove-tag <name>", "take a tag away; may be given many times", several);
}

/** What was given, as the API takes it; undefined when nothing was. */
export function keyGiven(flags: KeyFlags): Readonly<Record<string, unknown>> | undefined {
  const { name, allowModel, rateRequests, rateImages, expires, tag: tags, removeTag = [] } = flags;
  const removed = removeTag.map((removedTag) => [removedTag, false]);
  return given({
    name,
    limits: limitsGiven(flags),
    allowed_models: allowModel,
    auto_as: autoGiven(flags),
    tags: given({ ...tags, ...Object.fromEntries(removed) }),
    expires_at: expires,
    rate_limit: given({ requests_per_minute: rateRequests, images_per_minute: rateImages }),
  });
}

/** Collects a flag that is given many times. Before the first there is nothing, or `false` of a `--no-…`. */
function several(text: string, before: Change<readonly string[]> | undefined): readonly string[] {
  return [...(before || []), text];
}

/** Checks an instant and hands it on as written. */
function instant(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\S+$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError("must be an ISO date-time such as 2027-01-31T00:00:00Z.");
}
