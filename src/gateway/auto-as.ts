import type { Model } from "../catalog/schema.ts";
import type { ImageOrder } from "../gates/order.ts";
import { readSize, resolveSize, SIZE_FORMS, sizesFor, sizeText } from "../gates/size.ts";
import type { AutoAs, KeyPolicy } from "../ledger/accounts-port.ts";
import { Refusal } from "../refusals.ts";

/** An owner's default that took the place of what a request left open (MONEY §3): shown, never silent. */
export type Resolved = {
  readonly param: keyof AutoAs;
  /** `auto`, or null where the parameter was left out. */
  readonly asked: string | null;
  readonly sent: string;
  readonly by: "key" | "account" | "config";
};

/** An order with its owner's defaults in place of what it left open. */
export type ResolvedOrder = {
  readonly order: ImageOrder;
  readonly resolved: readonly Resolved[];
};

/**
 * Puts the owner's defaults in the place of an omitted or `auto` quality and size. A default that the model
 * can't do (a tier it doesn't have, a size it doesn't make) isn't applied: one setting serves all models,
 * and the request then stays as open as it was sent.
 *
 * @param policy of the key; it decides before the gateway's own setting does. Undefined: no key asks.
 */
export function applyAutoAs(
  order: ImageOrder,
  model: Model,
  of: { readonly policy: KeyPolicy["autoAs"] | undefined; readonly config: AutoAs },
): ResolvedOrder {
  const quality = applied("quality", order.quality, of);
  const size = applied("size", sizeText(order), of);
  const resolved: Resolved[] = [];
  let changed = order;
  const { tiers = [] } = model.capabilities.quality ?? {};
  if (quality !== undefined && tiers.includes(quality.sent)) {
    changed = { ...changed, quality: quality.sent };
    resolved.push(quality);
  }
  const asked = size === undefined ? undefined : readSize(size.sent);
  const named = order.aspectRatio !== undefined || order.resolution !== undefined;
  if (size !== undefined && asked !== undefined && !named) {
    const sized = { ...changed, size: asked };
    if (makes(model, sized)) {
      changed = sized;
      resolved.push(size);
    }
  }
  return { order: changed, resolved };
}

/** The default for a parameter that was left open; undefined when it wasn't, or nobody set one. */
function applied(
  param: keyof AutoAs,
  asked: string | undefined,
  { policy, config }: { readonly policy: KeyPolicy["autoAs"] | undefined; readonly config: AutoAs },
): Resolved | undefined {
  if (asked !== undefined && asked !== "auto") return undefined;
  const sent = policy?.[param] ?? config[param];
  if (sent === undefined) return undefined;
  return { param, asked: asked ?? null, sent, by: policy?.by[param] ?? "config" };
}

function makes(model: Model, order: ImageOrder): boolean {
  try {
    resolveSize(order, sizesFor(order, model.capabilities));
    return true;
  } catch (cause) {
    if (cause instanceof Refusal) return false;
    throw cause;
  }
}

/**
 * Checks defaults before they are kept: one that no model could ever take would be a setting that does
 * nothing and says so nowhere.
 *
 * @throws Refusal naming the field under `at`, what was sent and what is allowed.
 */
export function checkAutoAs(autoAs: AutoAs, models: readonly Model[], at: string): void {
  const { quality, size } = autoAs;
  const tiers = [...new Set(models.flatMap((model) => model.capabilities.quality?.tiers ?? []))];
  if (quality !== undefined && !tiers.includes(quality)) {
    throw noDefault(`${at}.quality`, quality, {
      why: `no model has this tier; there are ${tiers.join(", ")}`,
      allowed: tiers,
    });
  }
  if (size === undefined) return;
  const asked = readSize(size);
  const made = (model: Model): boolean =>
    makes(model, {
      model: model.id,
      prompt: "",
      n: 1,
      ...(asked === undefined ? {} : { size: asked }),
    });
  if (asked === undefined || asked.kind === "auto" || !models.some(made)) {
    throw noDefault(`${at}.size`, size, {
      why: "no model makes this size; give WxH or a label such as 2K",
      allowed: SIZE_FORMS.filter((form) => form !== "auto"),
    });
  }
}

function noDefault(
  param: string,
  sent: string,
  { why, allowed }: { readonly why: string; readonly allowed: readonly string[] },
): Refusal {
  return new Refusal("invalid_value", `${param}=${sent}: ${why}`, { param, sent, allowed });
}
