import type { Command } from "commander";
import { usd } from "./flags.ts";

/** Flags that accounts and keys share: limits, and an owner's defaults. */

/** A flag that may be given, taken away with `--no-…`, or left out. */
export type Change<T> = T | false;

export type LimitFlags = {
  readonly limitDay?: Change<string>;
  readonly limitMonth?: Change<string>;
  readonly limitTotal?: Change<string>;
};

export type AutoFlags = {
  readonly autoQuality?: Change<string>;
  readonly autoSize?: Change<string>;
};

export function withLimits(command: Command): Command {
  return command
    .option("--limit-day <usd>", "at most this a UTC day", usd)
    .option("--limit-month <usd>", "at most this a UTC month", usd)
    .option("--limit-total <usd>", "at most this for ever", usd);
}

export function withoutLimits(command: Command): Command {
  return command
    .option("--no-limit-day", "take the day's limit away")
    .option("--no-limit-month", "take the month's limit away")
    .option("--no-limit-total", "take the total limit away");
}

export function withAuto(command: Command): Command {
  return command
    .option("--auto-quality <tier>", "quality where a request leaves it open or says auto")
    .option("--auto-size <size>", "size where a request leaves it open or says auto");
}

export function withoutAuto(command: Command): Command {
  return command
    .option("--no-auto-quality", "leave an open quality open")
    .option("--no-auto-size", "leave an open size open");
}

/** The flags that were given, under the API's names; those taken away are null. Undefined when none was. */
export function given(
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const found = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (found.length === 0) return undefined;
  return Object.fromEntries(found.map(([name, value]) => [name, value === false ? null : value]));
}

export function limitsGiven({ limitDay, limitMonth, limitTotal }: LimitFlags) {
  return given({ day: limitDay, month: limitMonth, total: limitTotal });
}

export function autoGiven({ autoQuality, autoSize }: AutoFlags) {
  return given({ quality: autoQuality, size: autoSize });
}
