import { z } from "zod";
import { missingReasons } from "../billing/usage.ts";
import { marks, meters } from "../catalog/schema.ts";
import type { JsonValue } from "../json.ts";
import { picoUsd } from "../money/pico-usd.ts";
import type { Ending, HoldRequest, StoredPrice } from "./port.ts";
import { SURFACES } from "./request-facts.ts";

/**
 * Reads holds and endings back out of canonical text, which turned every integer into a string: the
 * schemas here know which strings were numbers. Strict, so that a field nobody reads is an error.
 */

const integer = z.string().regex(/^(0|-?[1-9]\d*)$/);
const usd = integer.transform((digits) => picoUsd(BigInt(digits)));
const quantity = integer.transform((digits) => BigInt(digits));
const count = integer.transform((digits, context) => {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  context.addIssue({ code: "custom", message: `${digits} is beyond what a number counts exactly` });
  return z.NEVER;
});

/** Text written by `plainJson`. */
function jsonIn<Shape>(schema: z.ZodType<Shape>): z.ZodType<Shape> {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "not JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const jsonValue: z.ZodType<JsonValue> = z.json();
const mark = z.enum(marks);
const strings = z.array(z.string());
const priceReference = z.strictObject({ id: z.string(), sha256: z.string().length(64) });

const usageItem = z.strictObject({
  meter: z.enum(meters),
  quantity,
  areaPixels: quantity.exactOptional(),
});

const pricedFacts = z.strictObject({
  quality: z.string().exactOptional(),
  size: z.string().exactOptional(),
  promptExtend: z.boolean().exactOptional(),
  serviceTier: z.enum(["batch", "flex", "priority"]).exactOptional(),
});

const referenceFacts = z.strictObject({
  width: count,
  height: count,
  format: z.string(),
  bytes: count,
  sha256: z.string(),
});

const routeFacts = z.strictObject({
  requested: z.string(),
  preset: z.string().nullable(),
  chosen: z.string(),
  quality: z.string().nullable(),
  reasons: strings,
  runnerUp: z
    .strictObject({ model: z.string(), quality: z.string().nullable(), total: usd })
    .nullable(),
});

const requestFacts = z.strictObject({
  surface: z.enum(SURFACES),
  n: count,
  stream: z.literal(true).exactOptional(),
  urls: z.literal(true).exactOptional(),
  output: z.literal(true).exactOptional(),
  partialImages: count.exactOptional(),
  legs: count.exactOptional(),
  qualityAsked: z.string().nullable().exactOptional(),
  size: z.strictObject({
    asked: z.string().nullable(),
    pixels: z.string().nullable(),
    label: z.string().nullable(),
    ratio: z.string().nullable(),
  }),
  priced: pricedFacts,
  promptBytes: count,
  promptTokens: count,
  references: z.array(referenceFacts).exactOptional(),
  mask: referenceFacts.exactOptional(),
  inputFidelity: z.string().exactOptional(),
  route: routeFacts.exactOptional(),
});

/** The request of a hold's entry. `price` is a reference: the JSON is in the table of price versions. */
export const recordedHoldSchema = z.strictObject({
  id: z.string(),
  requestId: z.string(),
  accountId: z.string(),
  keyId: z.string(),
  amount: usd,
  vendorAmount: usd.exactOptional(),
  margin: z.strictObject({ basisPoints: count, fixed: usd }).nullable().exactOptional(),
  expected: usd,
  model: z.string(),
  vendor: z.string(),
  connection: z.string(),
  asOf: z.string(),
  price: priceReference,
  ratingVersion: count,
  facts: requestFacts,
  ceilingItems: z.array(usageItem),
  resolved: jsonIn(z.array(jsonValue)),
  sent: jsonIn(z.record(z.string(), jsonValue)),
  marks: z.array(mark),
  warnings: strings,
  tags: z.record(z.string(), z.string()),
  user: z.string().nullable(),
  run: z.strictObject({ id: z.string(), row: z.string() }).exactOptional(),
});
export type RecordedHold = z.infer<typeof recordedHoldSchema>;

const line = z.strictObject({
  meter: z.enum([...meters, "overrun", "margin"]),
  quantity,
  unitPrice: usd,
  amount: usd,
});

const attempt = z.strictObject({
  vendorRequestId: z.string().nullable(),
  status: count.nullable(),
  outcome: z.string(),
  ms: count,
});

const image = z.strictObject({
  width: count.nullable(),
  height: count.nullable(),
  format: z.string().nullable(),
  bytes: count,
  sha256: z.string().nullable(),
  contentCredentials: z.boolean(),
  flags: strings,
});

const leg = z.strictObject({
  outcome: z.string(),
  code: z.string().nullable(),
  imagesMade: count,
  reason: z.enum(missingReasons).nullable(),
  items: z.array(usageItem),
  echoed: z.boolean(),
});

const endingFacts = {
  holdId: z.string(),
  attempts: z.array(attempt),
  usage: z.string().nullable(),
  servedModel: z.string().nullable(),
  echoedPrice: priceReference.nullable(),
  vendorCost: z.strictObject({ total: usd, lines: z.array(line) }).nullable(),
  exposure: z.strictObject({ amount: usd, reason: z.string() }).nullable(),
  imagesMade: count,
  imagesDelivered: count,
  qualityBilled: z.string().nullable().exactOptional(),
  flags: strings,
  items: z.array(usageItem),
  legs: z.array(leg).exactOptional(),
};

/** The ending of an entry or a spool line. `echoedPrice` is a reference. */
export const recordedEndingSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...endingFacts,
    kind: z.literal("settle"),
    basis: z.enum(["usage", "flat", "ceiling"]),
    reason: z.enum(missingReasons).nullable(),
    charge: usd,
    overrun: usd,
    lines: z.array(line),
    images: z.array(image),
  }),
  z.strictObject({
    ...endingFacts,
    kind: z.literal("void"),
    outcome: z.enum(["refused", "our_account", "unspent", "failed", "unknown", "recovered"]),
    code: z.string(),
  }),
]);
export type RecordedEnding = z.infer<typeof recordedEndingSchema>;

const holdTextSchema = z.object({ request: recordedHoldSchema });
const endingTextSchema = z.object({ ending: recordedEndingSchema });

/** Reads the request back out of a hold's entry, its price version's JSON put back. */
export function readHoldText(text: string, price: StoredPrice): HoldRequest {
  return { ...holdTextSchema.parse(JSON.parse(text)).request, price };
}

/** Reads the ending back out of its entry, the echoed price version's JSON put back. */
export function readEndingText(text: string, echoedPrice: StoredPrice | null): Ending {
  return { ...endingTextSchema.parse(JSON.parse(text)).ending, echoedPrice };
}
