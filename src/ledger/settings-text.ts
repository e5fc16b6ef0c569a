import { z } from "zod";
import { picoUsd } from "../money/pico-usd.ts";
import type { NodeSettings, SettingsChange } from "./accounts-port.ts";
import { type CanonicalValue, canonicalText } from "./canonical-text.ts";

/** The settings of a node as one canonical text: in its row, and in the entries that change them. */

const digits = z.string().regex(/^(0|[1-9]\d*)$/);
const usd = digits.transform((text) => picoUsd(BigInt(text)));
const count = digits.transform(Number);

/** Settings as canonical text writes them: integers are strings of digits. */
export const recordedSettingsSchema = z.strictObject({
  autoAs: z
    .strictObject({ quality: z.string().exactOptional(), size: z.string().exactOptional() })
    .exactOptional(),
  allowedModels: z.array(z.string()).exactOptional(),
  tags: z.record(z.string(), z.string()).exactOptional(),
  expiresMs: count.exactOptional(),
  rate: z
    .strictObject({
      requestsPerMinute: count.exactOptional(),
      imagesPerMinute: count.exactOptional(),
    })
    .exactOptional(),
  retain: z.literal("none").exactOptional(),
  margin: z.strictObject({ basisPoints: count, fixed: usd }).exactOptional(),
  house: z
    .strictObject({
      exposureHour: usd.exactOptional(),
      vendorCostDay: usd.exactOptional(),
      vendorCostMonth: usd.exactOptional(),
    })
    .exactOptional(),
});

/** Texts hardly ever change and are asked for at every hold. */
const read = new Map<string, NodeSettings>();
const READ_MAX = 1_000;

export function settingsIn(text: string): NodeSettings {
  const known = read.get(text);
  if (known !== undefined) return known;
  const settings: NodeSettings = recordedSettingsSchema.parse(JSON.parse(text));
  if (read.size >= READ_MAX) read.clear();
  read.set(text, settings);
  return settings;
}

export function settingsText(settings: NodeSettings): string {
  return canonicalText(settingsBody(settings));
}

export function settingsBody(settings: NodeSettings): CanonicalValue {
  return { ...settings };
}

/** Settings after a change: null takes one away. */
export function changedSettings(settings: NodeSettings, change: SettingsChange): NodeSettings {
  const all = { ...settings, ...change };
  const kept = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return recordedSettingsSchema.parse(JSON.parse(canonicalText(Object.fromEntries(kept))));
}
