import { z } from "zod";
import type { JsonValue } from "../../json.ts";
import type { FedAnswer } from "./image-feed.ts";
import { readVendorError, type VendorError } from "./vendor-error.ts";

/** The facts around the pictures of an answer `{created, data: [{b64_json | url | error, …}], usage, …}`. */
export type ImagesBody = {
  /** Unix seconds; undefined when the vendor doesn't say. */
  readonly created: number | undefined;
  /** The id that the vendor says it ran; null when it doesn't say. */
  readonly model: string | null;
  /** Undefined and null both: none was sent. */
  readonly usage: JsonValue | undefined;
  readonly usageText: string | null;
  readonly error: VendorError | undefined;
  readonly items: readonly BodyItem[];
  /** What else stands beside `data`, small values only. */
  readonly top: JsonObject;
  readonly flags: readonly string[];
};

export type BodyItem = {
  /** Where its picture is: gone to the sink already, at an address, or nowhere. */
  readonly picture:
    | { readonly at: "sink" }
    | { readonly at: "url"; readonly url: string }
    | { readonly at: "nowhere"; readonly error: VendorError | undefined };
  /** What else it says, small values only. */
  readonly fields: JsonObject;
};

export type JsonObject = { readonly [name: string]: JsonValue };

/** A field longer than this is no fact about a picture. In characters of JSON. */
const FIELD_LENGTH_MAX = 4_096;
/** Usage is some ten numbers; beyond this it isn't kept. In characters of JSON. */
const USAGE_LENGTH_MAX = 65_536;
/** 9999-12-31: what a client can still read as a date. Unix seconds. */
const CREATED_MAX = 253_402_300_799;

const objectSchema = z.record(z.string(), z.json());

/** Undefined when the answer can't be read: it is no object, or its pictures are not those that arrived. */
export function readImagesBody({ skeleton, filled }: FedAnswer): ImagesBody | undefined {
  const parsed = objectSchema.safeParse(skeleton);
  if (!parsed.success) return undefined;
  const { created, data, usage, model, error, ...rest } = parsed.data;
  const items = readItems(Array.isArray(data) ? data : [], filled);
  if (items === undefined) return undefined;
  const top = smallFields(rest);
  const usageText = usage === undefined || usage === null ? null : JSON.stringify(usage);
  const usageTooLong = usageText !== null && usageText.length > USAGE_LENGTH_MAX;
  const dropped = top.dropped || items.some((item) => item.dropped);
  return {
    created: readCreated(created),
    model: typeof model === "string" && model !== "" ? model : null,
    usage,
    usageText: usageTooLong ? null : usageText,
    error: readVendorError(error),
    items,
    top: top.fields,
    flags: [
      ...(dropped ? ["answer_field_dropped"] : []),
      ...(usageTooLong ? ["usage_text_dropped"] : []),
    ],
  };
}

/** Undefined when the strings that the scanner saw are not the items' own, one each: a doubled key, for one. */
function readItems(
  data: readonly JsonValue[],
  filled: readonly boolean[],
): (BodyItem & { readonly dropped: boolean })[] | undefined {
  let seen = 0;
  const items = data.map((item) => {
    const { b64_json: picture, url, error, ...rest } = asObject(item);
    const small = smallFields(rest);
    const arrived = typeof picture === "string" && filled[seen] === true;
    if (typeof picture === "string") seen += 1;
    return { ...small, picture: whereIs({ arrived, url, error }) };
  });
  return seen === filled.length ? items : undefined;
}

function whereIs(item: {
  readonly arrived: boolean;
  readonly url: JsonValue | undefined;
  readonly error: JsonValue | undefined;
}): BodyItem["picture"] {
  if (item.arrived) return { at: "sink" };
  if (typeof item.url === "string" && item.url !== "") return { at: "url", url: item.url };
  return { at: "nowhere", error: readVendorError(item.error) };
}

function smallFields(object: JsonObject): {
  readonly fields: JsonObject;
  readonly dropped: boolean;
} {
  const all = Object.entries(object);
  const small = all.filter(([, value]) => JSON.stringify(value).length <= FIELD_LENGTH_MAX);
  return { fields: Object.fromEntries(small), dropped: small.length < all.length };
}

function readCreated(created: JsonValue | undefined): number | undefined {
  const known = typeof created === "number" && Number.isInteger(created);
  return known && created >= 0 && created <= CREATED_MAX ? created : undefined;
}

/** An empty object for whatever is none. */
function asObject(value: JsonValue): { readonly [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}
