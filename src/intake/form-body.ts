import type { IncomingMessage } from "node:http";
import { Refusal } from "../refusals.ts";
import { type FeedLimits, feedBody } from "./feed.ts";
import { boundaryOf, readPartHead } from "./form-head.ts";
import { BrokenForm, FormReader, type FormStep } from "./form-reader.ts";
import { tooManyPictures } from "./json-body.ts";
import { FIELD_BYTES_MAX, FIELDS_MAX, REFERENCES_MAX } from "./limits.ts";
import type { IncomingPicture, PictureRoom } from "./picture.ts";

/** What a form brought: its fields as text, each at most once, and its pictures in their order. */
export type PictureForm = {
  readonly fields: ReadonlyMap<string, string>;
  readonly images: readonly IncomingPicture[];
  readonly mask: IncomingPicture | undefined;
};

/** Parts that are pictures, whatever their type or file name. */
const IMAGE_NAMES = ["image", "image[]"];
const MASK_NAME = "mask";

/**
 * Reads a multipart form, parts in any order; its pictures go to the room as they come.
 *
 * @param fieldNames every field that is known; another one is refused as soon as it begins.
 * @throws Refusal `invalid_form`, `unknown_parameter`, `invalid_value`, `body_too_large`, `too_many_images`.
 */
export async function readPictureForm(
  request: IncomingMessage,
  into: { readonly room: PictureRoom; readonly fieldNames: readonly string[] },
  limits: FeedLimits = {},
): Promise<PictureForm> {
  const boundary = whole(() => boundaryOf(request.headers["content-type"] ?? ""));
  if (boundary === undefined) {
    const why = "the form names no boundary: content-type: multipart/form-data; boundary=…";
    throw new Refusal("invalid_form", why);
  }
  const reader = new FormReader(boundary);
  const parts = new Parts(into);
  await feedBody(
    request,
    (chunk) => {
      const steps = whole(() => reader.push(chunk));
      return steps.length === 0 ? undefined : parts.take(steps);
    },
    { ...limits, code: "invalid_form" },
  );
  whole(() => reader.finish());
  return parts.form();
}

/** What is taking the part that is open. */
type OpenPart = {
  readonly write: (bytes: Buffer) => Promise<void> | undefined;
  readonly end: () => void;
};

class Parts {
  readonly #into: { readonly room: PictureRoom; readonly fieldNames: readonly string[] };
  readonly #fields = new Map<string, string>();
  readonly #images: IncomingPicture[] = [];
  #mask: IncomingPicture | undefined;
  #open: OpenPart | undefined;

  constructor(into: { readonly room: PictureRoom; readonly fieldNames: readonly string[] }) {
    this.#into = into;
  }

  async take(steps: readonly FormStep[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === "part") this.#open = this.#begin(step.head);
      else if (step.kind === "data") await this.#open?.write(step.bytes);
      else this.#open?.end();
    }
  }

  form(): PictureForm {
    return { fields: this.#fields, images: this.#images, mask: this.#mask };
  }

  #begin(head: Buffer): OpenPart {
    const { name } = whole(() => readPartHead(head));
    if (IMAGE_NAMES.includes(name)) return this.#image();
    if (name === MASK_NAME) return this.#oneMask();
    return this.#field(name);
  }

  #image(): OpenPart {
    if (this.#images.length === REFERENCES_MAX) throw tooManyPictures(REFERENCES_MAX);
    const picture = this.#into.room.begin(`image[${this.#images.length}]`);
    this.#images.push(picture);
    return { write: picture.write, end: () => undefined };
  }

  #oneMask(): OpenPart {
    if (this.#mask !== undefined) throw twice(MASK_NAME);
    const picture = this.#into.room.begin(MASK_NAME);
    this.#mask = picture;
    return { write: picture.write, end: () => undefined };
  }

  #field(name: string): OpenPart {
    const { fieldNames } = this.#into;
    if (!fieldNames.includes(name)) {
      const shown = name.length <= 80 ? name : `${name.slice(0, 80)}…`;
      const allowed = [...fieldNames, ...IMAGE_NAMES, MASK_NAME];
      const details = { param: shown, allowed };
      throw new Refusal("unknown_parameter", `unknown parameter: ${shown}`, details);
    }
    if (this.#fields.has(name)) throw twice(name);
    if (this.#fields.size === FIELDS_MAX) {
      throw new Refusal("invalid_form", `the form has more than ${FIELDS_MAX} fields`);
    }
    const chunks: Buffer[] = [];
    let length = 0;
    this.#fields.set(name, "");
    return {
      write: (bytes) => {
        length += bytes.length;
        if (length > FIELD_BYTES_MAX) {
          const why = `${name}: longer than ${FIELD_BYTES_MAX} bytes`;
          const details = { param: name, allowed: { bytesMax: FIELD_BYTES_MAX } };
          throw new Refusal("body_too_large", why, details);
        }
        chunks.push(Buffer.from(bytes));
        return undefined;
      },
      end: () => void this.#fields.set(name, utf8(name, Buffer.concat(chunks))),
    };
  }
}

function twice(name: string): Refusal {
  return new Refusal("invalid_value", `${name}: sent more than once`, { param: name });
}

function utf8(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Refusal("invalid_value", `${name}: not UTF-8`, { param: name, cause });
  }
}

function whole<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (!(cause instanceof BrokenForm)) throw cause;
    throw new Refusal("invalid_form", `the form can't be read: ${cause.message}`, { cause });
  }
}
