import type { Translated } from "../../gates/order.ts";
import type { LegacyAliases } from "../../gateway/deps.ts";

/**
 * Requests in the words of models that are gone, for clients that can't be changed. Nothing of it happens
 * unless the owner names the old models in `spotmeter.yaml`.
 */

/** The tiers of the old models in today's words. Source: the OpenAPI spec's own lists, openai.md §2.1 [spec], 2026-11-22. */
const qualities: ReadonlyMap<unknown, string> = new Map([
  ["standard", "medium"],
  ["hd", "high"],
]);

/** A request as today's models understand it, and what of it was put in other words. */
export type TranslatedRequest = {
  readonly asked: Readonly<Record<string, unknown>>;
  readonly translated: readonly Translated[];
};

/** Translates what asks for an old model that the owner has named; everything else stays as it is. */
export function translateLegacy(
  asked: Readonly<Record<string, unknown>>,
  aliases: LegacyAliases,
): TranslatedRequest {
  const { model } = asked;
  const target = typeof model === "string" ? aliases.get(model) : undefined;
  if (typeof model !== "string" || target === undefined) return { asked, translated: [] };
  const { style, ...rest } = asked;
  const translated: Translated[] = [{ param: "model", asked: model, sent: target }];
  const quality = qualities.get(asked["quality"]);
  if (quality !== undefined) {
    translated.push({ param: "quality", asked: String(asked["quality"]), sent: quality });
  }
  // Nothing of today does what it did: said on quote and receipt, never silently.
  if (typeof style === "string") translated.push({ param: "style", asked: style, sent: null });
  else if (style !== undefined) return { asked: { ...asked, model: target }, translated };
  return {
    asked: { ...rest, model: target, ...(quality === undefined ? {} : { quality }) },
    translated,
  };
}
