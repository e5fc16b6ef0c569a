/**
 * Names of outputs: a path of plain characters with placeholders in it, such as
 * `shop/{date}/{tag:sku}-{index}.{ext}`.
 */

declare const brand: unique symbol;
/** A template whose placeholders are all known. */
export type KeyTemplate = string & { readonly [brand]: "KeyTemplate" };

/** What a key is made of. */
export type KeyValues = {
  readonly receipt: string;
  /** From 0. */
  readonly index: number;
  /** Without a dot. */
  readonly ext: string;
  readonly model: string;
  /** UTC, YYYY-MM-DD. */
  readonly date: string;
  /** Of the picture, lower-case hex. */
  readonly sha256: string;
  readonly tags: Readonly<Record<string, string>>;
};

const PLACEHOLDERS = ["receipt", "index", "ext", "model", "date", "sha256"] as const;
export const DEFAULT_KEY = keyTemplate("{date}/{receipt}-{index}.{ext}");

/** The longest key, in characters; `.json` must still fit a name of 255 bytes. */
const KEY_LENGTH_MAX = 512;
const NAME_LENGTH_MAX = 240;
const PLAIN = /^[A-Za-z0-9 !_.'()@=+~-]+$/;

/** @throws RangeError for a placeholder that there isn't, or a brace that belongs to none. */
export function keyTemplate(text: string): KeyTemplate {
  for (const name of placeholdersIn(text)) {
    if (PLACEHOLDERS.some((known) => known === name) || /^tag:.+$/.test(name)) continue;
    const known = [...PLACEHOLDERS, "tag:NAME"].map((each) => `{${each}}`).join(" ");
    throw new RangeError(`{${name}} is no placeholder: there are ${known}`);
  }
  const rest = text.replaceAll(/\{[^{}]*\}/g, "");
  if (/[{}]/.test(rest)) throw new RangeError("a { or } belongs to no placeholder");
  return text as KeyTemplate;
}

/** Whether the pictures of one request have different keys. */
export function tellsPicturesApart(template: KeyTemplate): boolean {
  const names = placeholdersIn(template);
  return names.includes("index") || names.includes("sha256");
}

/**
 * The key of one picture.
 *
 * @throws RangeError for a tag that isn't there, or a key that is no plain path.
 */
export function fillKey(template: KeyTemplate, values: KeyValues): string {
  const key = template.replaceAll(/\{([^{}]*)\}/g, (_whole, name: string) => textFor(name, values));
  assertPlainPath(key);
  return key;
}

function textFor(name: string, values: KeyValues): string {
  const { tags, ...plain } = values;
  if (!name.startsWith("tag:")) {
    const value = Object.entries(plain).find(([known]) => known === name)?.[1];
    if (value === undefined) throw new Error(`a placeholder that was not checked: ${name}`);
    return String(value);
  }
  const tag = name.slice("tag:".length);
  const value = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
  if (value === undefined) throw new RangeError(`{${name}}: the request has no tag "${tag}"`);
  if (!PLAIN.test(value)) {
    throw new RangeError(
      `{${name}}: the tag's value can't stand in a key: letters, digits, spaces and !_.'()@=+~- only`,
    );
  }
  return value;
}

function assertPlainPath(key: string): void {
  if (key.length > KEY_LENGTH_MAX) {
    throw new RangeError(`the key has ${key.length} characters, at most ${KEY_LENGTH_MAX}`);
  }
  if (key.endsWith(".json")) throw new RangeError("a key must not end in .json: receipts do");
  for (const name of key.split("/")) {
    if (name === "") throw new RangeError("the key has an empty step: no / at its ends, no //");
    if (name.startsWith(".")) throw new RangeError("no step of the key may begin with a dot");
    if (name.length > NAME_LENGTH_MAX) {
      throw new RangeError(`a step of the key has more than ${NAME_LENGTH_MAX} characters`);
    }
    if (!PLAIN.test(name)) {
      throw new RangeError("the key may hold letters, digits, spaces, / and !_.'()@=+~- only");
    }
  }
}

function placeholdersIn(text: string): string[] {
  return [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name);
}
