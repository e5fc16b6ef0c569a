import type { PictureJson, PlacedPicture } from "../../intake/json-body.ts";
import { tooManyPictures } from "../../intake/json-body.ts";
import { REFERENCES_MAX } from "../../intake/limits.ts";
import type { TextKind } from "../../intake/picture-text.ts";
import { Refusal } from "../../refusals.ts";
import type { JsonPath } from "../../vendors/wire/scan-json.ts";
import { PICTURE_NAMES, shown } from "./parse-order.ts";

/**
 * Where pictures stand in a JSON body: `images: [{"image_url": "…"}]`, and what other clients send: `image` or
 * `images` as one string or a list of them. `mask` is one of either form. Each string is a data URL or a URL.
 */

const IMAGE_NAMES = ["image", "images"] as const;
const FORMS = ["https://…", "data:image/png;base64,…", { image_url: "one of these" }];

/** How the string at a place is to be read; undefined where it is a parameter like any other. */
export function kindAt(path: JsonPath): TextKind | undefined {
  const [name, ...rest] = path;
  const isList = rest[0] === null;
  if (name !== "mask" && name !== "image" && name !== "images") return undefined;
  if (isList && name === "mask") return undefined;
  const inside = isList ? rest.slice(1) : rest;
  const isPicture = inside.length === 0 || (inside.length === 1 && inside[0] === "image_url");
  return isPicture ? "url" : undefined;
}

/** `images[2].image_url` */
export function nameOf(path: JsonPath, nth: number): string {
  const [name, ...rest] = path;
  return `${name}${rest.map((key) => (key === null ? `[${nth}]` : `.${key}`)).join("")}`;
}

/** The pictures of a body, found where they may stand. */
export type FoundPictures = {
  readonly images: readonly PlacedPicture[];
  readonly mask: PlacedPicture | undefined;
};

/**
 * Sorts the pictures of a body by what they are for.
 *
 * @param asked the body's parameters, null left out, with every picture's string empty.
 * @throws Refusal for anything else in the pictures' places.
 */
export function sortPictures(
  asked: Readonly<Record<string, unknown>>,
  { pictures }: PictureJson,
): FoundPictures {
  for (const name of PICTURE_NAMES) {
    const strings = countStrings(asked[name], name);
    // Of a name that stands twice JSON keeps the last: which picture was meant can't be known.
    if (pictures.filter(({ path }) => path[0] === name).length !== strings) {
      const why = `${name}: a name stands twice in one object`;
      throw new Refusal("invalid_json", why, { param: name });
    }
  }
  const images = pictures.filter(({ path }) => path[0] !== "mask");
  if (IMAGE_NAMES.every((name) => images.some(({ path }) => path[0] === name))) {
    const why = "image and images: send one of the two, so that the pictures' order is known";
    throw new Refusal("invalid_value", why, { param: "images" });
  }
  if (images.length > REFERENCES_MAX) throw tooManyPictures(REFERENCES_MAX);
  return { images, mask: pictures.find(({ path }) => path[0] === "mask") };
}

/** How many pictures' strings a value holds. */
function countStrings(value: unknown, name: (typeof PICTURE_NAMES)[number]): number {
  if (value === undefined) return 0;
  if (!Array.isArray(value) || name === "mask") return one(value, name);
  return value.reduce<number>((sum, each, index) => sum + one(each, `${name}[${index}]`), 0);
}

function one(value: unknown, param: string): number {
  if (typeof value === "string") return 1;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const why = `${param}: must be a data URL or a URL, or an object with an image_url`;
    throw new Refusal("invalid_value", why, { param, sent: shown(value), allowed: FORMS });
  }
  const fields = Object.entries(value).filter(([, each]) => each !== null);
  const other = fields.find(([key]) => key !== "image_url")?.[0];
  if (other === "file_id") {
    const why = `${param}.file_id: this gateway keeps no files; send the picture itself, as image_url (a data URL or a URL) or in a form (multipart/form-data)`;
    throw new Refusal("unsupported_parameter", why, { param: `${param}.file_id`, allowed: FORMS });
  }
  if (other !== undefined) {
    const at = `${param}.${shown(other)}`;
    const details = { param: at, allowed: ["image_url"] };
    throw new Refusal("unknown_parameter", `unknown parameter: ${at}`, details);
  }
  const [url] = fields;
  if (url === undefined || typeof url[1] !== "string") {
    const at = `${param}.image_url`;
    const details = { param: at, allowed: FORMS };
    throw url === undefined
      ? new Refusal("missing_parameter", `${at} is required`, details)
      : new Refusal("invalid_value", `${at}: must be a data URL or a URL`, details);
  }
  return 1;
}
