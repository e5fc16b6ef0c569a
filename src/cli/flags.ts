import { InvalidArgumentError } from "commander";
import { parseUsd } from "../money/pico-usd.ts";

/** Readers of flag values. What they refuse is a misuse: nothing has been asked of any gateway. */

export function integer(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError("must be a whole number.");
  return Number(text);
}

export function decimal(text: string): number {
  if (!/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) throw new InvalidArgumentError("must be a number.");
  return Number(text);
}

export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > 65_535) throw new InvalidArgumentError("must be from 0 to 65535.");
  return value;
}

/** Checks an amount of US dollars and hands it on as written. */
export function usd(text: string): string {
  try {
    parseUsd(text);
  } catch {
    throw new InvalidArgumentError("must be US dollars as a plain decimal, such as 25 or 12.50.");
  }
  return text;
}

/** Checks a UTC day and hands it on as written. */
export function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new InvalidArgumentError("must be YYYY-MM-DD.");
  return text;
}

/** Collects `name=value`, such as `--tag`'s, once for each name. */
export function pair(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("must be name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Checks a UTC month and hands it on as written. */
export function month(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError("must be YYYY-MM.");
  return text;
}
