import type { PicoUsd } from "../money/pico-usd.ts";
import { readDollars } from "./dollars.ts";
import { isFields } from "./json-records.ts";
import type { BadRecord, Field, Fields, SourceRecord } from "./port.ts";

/** Thrown by the readers of single fields, and turned into a bad record by `reading`. */
class BadField extends Error {
  override readonly name = "BadField";
  readonly column: string;

  constructor(column: string, why: string) {
    super(why);
    this.column = column;
  }
}

/** Reads a record; a field that can't be read makes it a bad one, with its place and what stood there. */
export function reading<Found>(record: SourceRecord, read: () => Found): Found | BadRecord {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof BadField)) throw cause;
    const { file, line } = record;
    return { kind: "bad", file, line, column: cause.column, why: cause.message };
  }
}

export function bad(column: string, sent: Field | undefined, allowed: string): never {
  const said = sent === undefined || sent === null ? "nothing" : shown(sent);
  throw new BadField(column, `${said}: must be ${allowed}`);
}

const SHOWN_MAX = 60;

function shown(sent: Field): string {
  const text = JSON.stringify(sent);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}

/** A field by its path, `usage.amount`; undefined where the record has none. */
export function fieldAt(fields: Fields, path: string): Field | undefined {
  const whole = fields[path];
  if (whole !== undefined) return whole;
  let at: Field | undefined = fields;
  for (const name of path.split(".")) at = isFields(at) ? at[name] : undefined;
  return at;
}

/** Text that isn't empty; null where there is none. */
export function textOrNull(fields: Fields, column: string): string | null {
  const field = fieldAt(fields, column);
  if (field === undefined || field === null) return null;
  if (typeof field !== "string") bad(column, field, "text");
  const text = field.trim();
  return text === "" ? null : text;
}

export function text(fields: Fields, column: string): string {
  return textOrNull(fields, column) ?? bad(column, fieldAt(fields, column), "text");
}

/** A whole number from `min` on; null where there is none. Spreadsheets write 3.0 for 3. */
export function countOrNull(fields: Fields, column: string, min: number): number | null {
  const field = textOrNull(fields, column);
  if (field === null) return null;
  const whole = /^(\d{1,15})(?:\.0+)?$/.exec(field)?.[1];
  const value = whole === undefined ? -1 : +whole;
  return value >= min ? value : bad(column, field, `a whole number from ${min} on`);
}

export function count(fields: Fields, column: string, min: number): number {
  return (
    countOrNull(fields, column, min) ??
    bad(column, fieldAt(fields, column), `a whole number from ${min} on`)
  );
}

export function dollars(fields: Fields, column: string): PicoUsd {
  const sent = text(fields, column);
  return readDollars(sent) ?? bad(column, sent, "US dollars as a plain number");
}

const ALLOWED_TIME = "a time such as 2026-11-22, 2026-11-22T08:00:00Z or Unix seconds";

/** The UTC day of a time: ISO 8601 (without a zone it is UTC), or Unix seconds. */
export function day(fields: Fields, column: string): string {
  const sent = fieldAt(fields, column);
  const field = typeof sent === "string" ? sent.trim() : bad(column, sent, ALLOWED_TIME);
  if (/^\d{9,11}(\.\d+)?$/.test(field)) return dayOf(new Date(parseInt(field, 10) * 1_000));
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|UTC|[-+]\d{2}:?\d{2})?)?$/.exec(
      field,
    );
  if (parts === null) bad(column, sent, ALLOWED_TIME);
  const [, date = "", time = "00:00", zone = "Z"] = parts;
  const utc = zone === "UTC" ? "Z" : zone.replace(/^([-+]\d{2})(\d{2})$/, "$1:$2");
  const instant = new Date(`${date}T${time}${utc}`);
  if (Number.isNaN(instant.getTime())) bad(column, sent, ALLOWED_TIME);
  // 2026-02-30 would quietly become a day in March.
  if (utc === "Z" && dayOf(instant) !== date) bad(column, sent, ALLOWED_TIME);
  return dayOf(instant);
}

function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, "YYYY-MM-DD".length);
}

/** `1024x1024` in whatever dress: `1024 x 1024`, `1024×1024`; labels and everything else as they are. */
export function sizeOrNull(fields: Fields, column: string): string | null {
  const field = textOrNull(fields, column);
  if (field === null || field === "auto") return null;
  const pixels = /^(\d{1,5})\s*[x×X-]\s*(\d{1,5})$/.exec(field);
  if (pixels !== null) return `${pixels[1]}x${pixels[2]}`;
  if (/^\d(\.\d)?K$|^512$/i.test(field)) return field.toUpperCase();
  return bad(column, field, "WxH such as 1024x1024, or a label such as 2K");
}
