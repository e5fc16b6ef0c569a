import { z } from "zod";
import type { ImageOrder } from "../../gates/order.ts";
import { sha256 } from "../../gateway/api-keys.ts";
import type { LegacyAliases } from "../../gateway/deps.ts";
import { bodyIdentity, type SentFile } from "../../gateway/same.ts";
import { orderIn } from "../../http/order-fields.ts";
import { REFERENCES_MAX, URL_CHARACTERS_MAX } from "../../intake/limits.ts";
import { Refusal } from "../../refusals.ts";

/** What one row of a run asks for: as it came, as the ledger keeps it until the run ends, and as an order. */

/** The forms in which a row names a picture: one that was put to the run, or one to be fetched. */
const FILE = /^sha256:[0-9a-f]{64}$/;
const URL_FORM = /^https?:\/\/[^\s\\]+$/i;
const picture = z
  .string()
  .max(URL_CHARACTERS_MAX)
  .refine((text) => FILE.test(text) || (URL_FORM.test(text) && URL.canParse(text)), {
    error: "must be sha256:… of a file put to this run, or an https or http URL",
  });

/** A row as it is sent, beside its id and line. */
export const rowOrderSchema = z.strictObject({
  order: z.record(z.string(), z.unknown()),
  images: z.array(picture).max(REFERENCES_MAX).nullish(),
  mask: picture.nullish(),
  emulate: z.string().min(1).max(200).nullish(),
});

/** A row's order as it is kept: parameters as they were sent, pictures by their names. */
export type RowOrder = {
  readonly order: Readonly<Record<string, unknown>>;
  readonly images: readonly string[];
  readonly mask: string | null;
  /** Fault switches of the emulators; in the sandbox only. */
  readonly emulate: string | null;
};

/** A row's order as it came, null as if left out. */
export function toRowOrder(sent: z.infer<typeof rowOrderSchema>): RowOrder {
  const { order, images, mask, emulate } = sent;
  const asked = Object.entries(order).filter(([, value]) => value !== null);
  return {
    order: Object.fromEntries(asked),
    images: images ?? [],
    mask: mask ?? null,
    emulate: emulate ?? null,
  };
}

/** Reads what `JSON.stringify` made of one. @throws Error for anything else: the ledger's text is ours. */
export function readRowOrder(text: string): RowOrder {
  return toRowOrder(rowOrderSchema.parse(JSON.parse(text)));
}

/** Of the answer to one call: a row's pictures are kept, and fetched by whoever follows the run. */
const OF_ANSWERS = ["stream", "partial_images", "response_format"] as const;
const PICTURES = ["image", "images", "mask"] as const;

/**
 * The order that a row's parameters make, without its pictures.
 *
 * @throws Refusal naming the parameter, what was sent and what is allowed.
 */
export function orderOfRow({ order, images, mask }: RowOrder, legacy: LegacyAliases): ImageOrder {
  for (const param of OF_ANSWERS) {
    if (order[param] === undefined || order[param] === false || order[param] === 0) continue;
    const why = `${param}: a run's pictures are kept and fetched from it; nothing is answered that could have a form`;
    throw new Refusal("unsupported_parameter", why, { param, allowed: null });
  }
  const inside = PICTURES.find((name) => order[name] !== undefined);
  if (inside !== undefined) {
    const why = `${inside}: a row's pictures stand beside its order, as images and mask`;
    throw new Refusal("unsupported_parameter", why, { param: inside, allowed: null });
  }
  if (mask !== null && images.length === 0) {
    const why = "mask: there is no image that it could belong to";
    throw new Refusal("missing_parameter", why, { param: "images" });
  }
  const { stream: _, partial_images: __, response_format: ___, ...asked } = order;
  return orderIn(asked, legacy);
}

/** The hash of a picture that was put to the run; undefined for one behind a URL. */
export function fileNamed(picture: string): string | undefined {
  return FILE.test(picture) ? picture.slice("sha256:".length) : undefined;
}

/** The files that a row needs. */
export function filesOf({ images, mask }: RowOrder): readonly string[] {
  return [...images, ...(mask === null ? [] : [mask])].flatMap((each) => fileNamed(each) ?? []);
}

/** SHA-256 (hex) of all that is sent: parameters in name order, each picture by its hash, a URL by its text. */
export function contentOf({ order, images, mask, emulate }: RowOrder): string {
  const hashed = (name: string, each: string): SentFile => ({
    name,
    sha256: fileNamed(each) ?? sha256(each),
  });
  const files = [
    ...images.map((each, index) => hashed(`image ${index}`, each)),
    ...(mask === null ? [] : [hashed("mask", mask)]),
  ];
  const identity = bodyIdentity(order, files);
  return emulate === null ? identity : sha256(`${identity} ${emulate}`);
}

/**
 * Under what a row is paid once: SHA-256 (hex) over run, row and content. Another try at a row of which nobody knows
 * what became is another intent, and is counted: both may have to be paid.
 */
export function intentOf(of: {
  readonly run: string;
  readonly row: string;
  readonly content: string;
  /** 0 for the first; the number of claims before where an unknown or failed row is tried again because somebody says so. */
  readonly attempt: number;
}): string {
  return sha256(JSON.stringify([of.run, of.row, of.content, of.attempt]));
}
