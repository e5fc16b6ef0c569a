/** The law's own figures, and the calendar in UTC, written here a second time. */

/** Accounts stand at most so many levels deep. */
export const LEVELS_MAX = 6;
/** Every counter stays within plus or minus this, in picodollars. */
export const COUNTER_MAX = 9_000_000_000_000_000_000n;
/** What a root and each connection may lose an hour where nothing else is said: 5 USD. */
export const EXPOSURE_HOUR = 5_000_000_000_000n;
/** So long after its end a call can be adopted. */
export const TEN_MINUTES = 600_000;

/** The windows that are open at an instant, in milliseconds since 1970. */
export function windowsAt(atMs: number): { day: string; month: string; hour: string } {
  const date = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const month = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}`;
  const day = `${month}-${two(date.getUTCDate())}`;
  return { day, month, hour: `${day}T${two(date.getUTCHours())}` };
}
