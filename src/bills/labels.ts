import type { Meter, Model } from "../catalog/schema.ts";

/** Finds models and meters in what vendors call the things on their bills. */

/** Letters and digits only, everything else one hyphen: `Seedream 4.0` and `seedream-4-0` are the same. */
export function plainLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
}

/**
 * The model whose id, wire id, alias or other given name stands in a label as whole words; of several the
 * longest name, because `x-2` stands in `x-2-pro` too. Null when there is none.
 */
export function modelIn(
  label: string,
  models: readonly Model[],
  moreNames: (model: Model) => readonly string[] = () => [],
): string | null {
  const plain = `-${plainLabel(label)}-`;
  let best: { readonly id: string; readonly length: number } | undefined;
  for (const model of models) {
    for (const name of [model.id, model.wireId, ...model.aliases, ...moreNames(model)]) {
      const { length } = plainLabel(name);
      if (!plain.includes(`-${plainLabel(name)}-`) || length <= (best?.length ?? 0)) continue;
      best = { id: model.id, length };
    }
  }
  return best?.id ?? null;
}

/** The model of exactly this name. */
export function modelNamed(name: string, models: readonly Model[]): string | null {
  const found = models.find((model) =>
    [model.id, model.wireId, ...model.aliases].includes(name.trim()),
  );
  return found?.id ?? null;
}

/**
 * The meter of a token line, by the words in it: `cached`, `image`, `text`, `input`, `output`. Null where they
 * don't say whether it is input or output.
 */
export function tokenMeterIn(label: string, plainOutput: Meter): Meter | null {
  const words = new Set(plainLabel(label).split("-"));
  const image = words.has("image") || words.has("images");
  if (words.has("cached") || words.has("caching") || words.has("cache")) {
    return image ? "cached_image_input_tokens" : "cached_text_input_tokens";
  }
  if (words.has("output")) {
    if (image) return "image_output_tokens";
    return words.has("text") || words.has("thinking") ? "text_output_tokens" : plainOutput;
  }
  if (words.has("input")) return image ? "image_input_tokens" : "text_input_tokens";
  return null;
}
