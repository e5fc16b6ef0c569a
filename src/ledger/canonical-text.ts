/** What canonical text can say: JSON without floats. An undefined property is an absent one. */
export type CanonicalValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue | undefined };

const SAFE_INTEGER_MAX = 9_007_199_254_740_991;

/**
 * The one text of a value: keys sorted by UTF-16 code units, no spaces, every integer as a decimal
 * string. Equal values have equal texts, whoever wrote them, and no reader can round an integer.
 *
 * @throws Error on floats, undefined array members and the key `__proto__`, which readers lose.
 */
export function canonicalText(value: CanonicalValue): string {
  return write(value, asString);
}

/**
 * `canonicalText` of an object some of whose members are canonical texts already, so that a part that
 * was written once isn't written again.
 */
export function canonicalObject(
  members: { readonly [key: string]: CanonicalValue | undefined },
  texts: { readonly [key: string]: string },
): string {
  let text = "";
  for (const key of sorted([...Object.keys(members), ...Object.keys(texts)])) {
    const member = members[key];
    const part = texts[key] ?? (member === undefined ? undefined : write(member, asString));
    if (part !== undefined) text += (text === "" ? "{" : ",") + labelOf(key) + part;
  }
  return text === "" ? "{}" : `${text}}`;
}

/**
 * Sorted JSON that keeps integers as JSON numbers: for free-form values (`sent`, `resolved`) that an
 * entry carries as one string, so that what was a number comes back as a number. An integer that a
 * JSON reader would round stays a string of digits.
 */
export function plainJson(value: CanonicalValue): string {
  return write(value, (digits) => (isSafe(BigInt(digits)) ? digits : `"${digits}"`));
}

function asString(digits: string): string {
  return `"${digits}"`;
}

function isSafe(value: bigint): boolean {
  return value >= -SAFE_INTEGER_MAX && value <= SAFE_INTEGER_MAX;
}

/** How an integer's digits are written. */
type Integer = (digits: string) => string;

function write(value: CanonicalValue, integer: Integer): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return integer(integerDigits(value));
    case "bigint":
      return integer(value.toString());
    case "object":
      if (value === null) return "null";
      return isList(value) ? bracketed(value, integer) : braced(value, integer);
    default:
      throw new Error(`canonical text can't say a value of type ${typeof value}`);
  }
}

function bracketed(members: readonly CanonicalValue[], integer: Integer): string {
  let text = "";
  for (const member of members) text += (text === "" ? "[" : ",") + write(member, integer);
  return text === "" ? "[]" : `${text}]`;
}

/** An object's text: its members under their sorted keys. */
function braced(
  members: { readonly [key: string]: CanonicalValue | undefined },
  integer: Integer,
): string {
  let text = "";
  for (const key of sorted(Object.keys(members))) {
    const member = members[key];
    if (member === undefined) continue;
    text += (text === "" ? "{" : ",") + labelOf(key) + write(member, integer);
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Beyond so many keys `sort` is the faster one. */
const SORTED_IN_PLACE_MAX = 32;

/** By UTF-16 code units. Objects have few keys, and `sort` leaves more garbage behind than their text is long. */
function sorted(keys: string[]): string[] {
  if (keys.length > SORTED_IN_PLACE_MAX) return keys.sort();
  for (let end = 1; end < keys.length; end += 1) {
    const key = keys[end] ?? "";
    let place = end;
    for (; place > 0; place -= 1) {
      const before = keys[place - 1] ?? "";
      if (before <= key) break;
      keys[place] = before;
    }
    keys[place] = key;
  }
  return keys;
}

/** The same few keys are written all day. */
const labels = new Map<string, string>();
const LABELS_MAX = 1_000;

/** A key as it stands before its member. */
function labelOf(key: string): string {
  const known = labels.get(key);
  if (known !== undefined) return known;
  if (key === "__proto__") throw new Error("canonical text can't say the key __proto__");
  const label = `${quoted(key)}:`;
  if (labels.size < LABELS_MAX) labels.set(key, label);
  return label;
}

/** Characters that JSON writes as they are; the test is many times faster than `JSON.stringify`. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A string as JSON writes it. */
export function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

// Array.isArray does not narrow readonly arrays out of a union.
function isList(value: object): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

/** The digits of a whole number within the range that a double counts exactly. */
function integerDigits(value: number): string {
  if (!(value >= -SAFE_INTEGER_MAX && value <= SAFE_INTEGER_MAX) || value % 1 !== 0) {
    throw new Error(`canonical text holds whole numbers only, got ${value}`);
  }
  // Within that range a double prints as plain digits, and -0 as 0.
  return value.toString();
}
