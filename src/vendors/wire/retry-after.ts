/** A day: a vendor that says more is not busy but closed. */
const SECONDS_MAX = 86_400;

/**
 * The seconds after which a busy vendor wants to be asked again, rounded up: from `retry-after-ms`, from
 * `retry-after` (seconds or a date), or from "try again in 1m30s" in its message; undefined when it doesn't say.
 */
export function retryAfterSeconds(
  headers: Readonly<Record<string, string>>,
  message: string,
): number | undefined {
  const { "retry-after-ms": milliseconds, "retry-after": after, date } = headers;
  return (
    bounded(numberIn(milliseconds, 1_000)) ??
    bounded(numberIn(after, 1)) ??
    bounded(secondsUntil(after, date)) ??
    bounded(secondsIn(message))
  );
}

function bounded(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  return Math.min(Math.max(Math.ceil(seconds), 0), SECONDS_MAX);
}

function numberIn(text: string | undefined, perSecond: number): number | undefined {
  if (text === undefined || !/^\d{1,12}(\.\d{1,12})?$/.test(text)) return undefined;
  return Number(text) / perSecond;
}

/** By the vendor's own clock: both dates stand in the same answer. */
function secondsUntil(then: string | undefined, now: string | undefined): number | undefined {
  if (then === undefined || now === undefined) return undefined;
  const seconds = (Date.parse(then) - Date.parse(now)) / 1_000;
  return Number.isNaN(seconds) ? undefined : seconds;
}

function secondsIn(message: string): number | undefined {
  const said =
    /(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?\s?(?:ms|s|m|h|seconds?|minutes?)){1,4})/i;
  const duration = said.exec(message)?.[1];
  if (duration === undefined) return undefined;
  let seconds = 0;
  for (const [, number, unit] of duration.matchAll(/(\d+(?:\.\d+)?)\s?(ms|s|m|h)/gi)) {
    seconds += Number(number) * unitSeconds(unit ?? "s");
  }
  return seconds;
}

function unitSeconds(unit: string): number {
  switch (unit.toLowerCase()) {
    case "ms":
      return 0.001;
    case "m":
      return 60;
    case "h":
      return 3_600;
    default:
      return 1;
  }
}
