import type { Model } from "../catalog/schema.ts";
import type { KeyPolicy } from "../ledger/accounts-port.ts";
import { Refusal } from "../refusals.ts";

/** Whether a key may call a model: its owner has named none, or this one. Undefined: no key asks. */
export function mayCall(key: Pick<KeyPolicy, "settings"> | undefined, model: Model): boolean {
  return key?.settings.allowedModels?.includes(model.id) ?? true;
}

/** @throws Refusal 403 naming the models that the key may call. */
export function assertMayCall(
  key: Pick<KeyPolicy, "settings"> | undefined,
  model: Model,
  asked: string,
): void {
  if (mayCall(key, model)) return;
  const allowed = key?.settings.allowedModels ?? [];
  throw new Refusal(
    "model_not_allowed",
    `model=${asked}: this key may call ${allowed.join(", ")} only`,
    { param: "model", sent: asked, allowed },
  );
}
