import { choiceFields } from "../../gateway/choice-fields.ts";
import { Refusal } from "../../refusals.ts";

/** Where a parameter of ours stands in a request of this contract. */

/** Those that have a field of the contract; every other one stands in `spotmeter`. */
export const CONTRACT_FIELDS = {
  model: "model",
  prompt: "contents",
  image: "contents",
  images: "contents",
  n: "generationConfig.candidateCount",
  aspect_ratio: "generationConfig.imageConfig.aspectRatio",
  resolution: "generationConfig.imageConfig.imageSize",
  seed: "generationConfig.seed",
} as const;

/** The parameters that may stand in `spotmeter`, under the names that the images routes know them by. */
export const OWN_PARAMETERS: readonly string[] = [
  "size",
  "quality",
  "background",
  "output_format",
  "output_compression",
  "moderation",
  "input_fidelity",
  "negative_prompt",
  "guidance_scale",
  "watermark",
  "prompt_extend",
  "fan_out",
  "user",
  "tags",
  "spotmeter",
];

/** And the constraints of `model: "auto"`. */
export const CHOICE_PARAMETERS: readonly string[] = Object.keys(choiceFields);

/** A refusal that names one of our parameters, naming it as this contract does. */
export function inGeminiWords(refusal: Refusal): Refusal {
  const { param } = refusal.details;
  if (param === undefined) return refusal;
  const field = fieldOf(param);
  if (field === undefined || field === param) return refusal;
  const { message } = refusal;
  const isNamed = message.startsWith(param) && /^[=: ]/.test(message.slice(param.length));
  const said = isNamed ? `${field}${message.slice(param.length)}` : message;
  return new Refusal(refusal.code, said, { ...refusal.details, param: field });
}

function fieldOf(param: string): string | undefined {
  const contract: Readonly<Record<string, string>> = CONTRACT_FIELDS;
  if (Object.hasOwn(contract, param)) return contract[param];
  return OWN_PARAMETERS.includes(param) ? `spotmeter.${param}` : undefined;
}
