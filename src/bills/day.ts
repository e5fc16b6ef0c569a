/** Days of a time zone. A day is YYYY-MM-DD; instants are milliseconds since 1970. */

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether there is a time zone of this name. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** The day in a zone in which an instant falls. */
export function dayAt(ms: number, zone: string): string {
  return formatOf(zone).format(ms).slice(0, 10);
}

/** The instant at which a day begins in a zone. */
export function beginOfDay(day: string, zone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // A zone is at most 14 hours ahead and 12 behind; its offset changes at most once around a day.
  const guess = utc - offsetMs(utc, zone);
  return utc - offsetMs(guess, zone);
}

/** The day so many days later. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whether a text is a day of the calendar. */
function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(ms) && addDays(text, 0) === text;
}

/** First and last day that a bill's cell stands for. */
export type DaySpan = { readonly from: string; readonly to: string };

const DAY = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})/;
const TIME = /^[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;

/**
 * Reads a cell that names a day, a month or an instant. An instant with an offset falls into the zone's day;
 * one without is in the zone already. Undefined for anything else.
 */
export function spanIn(text: string, zone: string): DaySpan | undefined {
  const bare = text.trim();
  const month = /^(\d{4})[-/]?(\d{2})$/.exec(bare);
  if (month !== null) return monthSpan(`${month[1]}-${month[2]}`);
  const match = DAY.exec(bare);
  if (match === null) return undefined;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  if (!isDay(day)) return undefined;
  const rest = bare.slice(match[0].length);
  if (rest === "") return { from: day, to: day };
  const time = TIME.exec(rest);
  if (time === null) return undefined;
  const [, clock = "", offset] = time;
  if (offset === undefined) return { from: day, to: day };
  const ms = Date.parse(
    `${day}T${clock.padStart(clock.length < 6 ? 5 : 8, "0")}${isoOffset(offset)}`,
  );
  if (Number.isNaN(ms)) return undefined;
  const local = dayAt(ms, zone);
  return { from: local, to: local };
}

function isoOffset(offset: string): string {
  if (!/^[+-]/.test(offset)) return "Z";
  return offset.includes(":") ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`;
}

function monthSpan(month: string): DaySpan | undefined {
  const from = `${month}-01`;
  if (!isDay(from)) return undefined;
  const next = addDays(from, 31).slice(0, 7);
  return { from, to: addDays(`${next}-01`, -1) };
}

function offsetMs(ms: number, zone: string): number {
  const [date = "", time = ""] = formatOf(zone).format(ms).split(", ");
  return Date.parse(`${date}T${time}Z`) - Math.floor(ms / 1_000) * 1_000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  formats.set(zone, made);
  return made;
}
