import type { Capabilities } from "../catalog/schema.ts";
import { Refusal } from "../refusals.ts";
import type { ImageOrder, PromptMeasure } from "./order.ts";
import { inRange, oneOf, refuse, unknownTo } from "./refuse.ts";

/** One capability: the refusal when an order asks for more than the model can do. */
type Gate = (order: ImageOrder, can: Capabilities, prompt: PromptMeasure) => Refusal | undefined;

/** Images of one request that are spread over as many calls: what one call of any model makes at most. */
const FAN_OUT_MAX = 10;

/** Every refusal of an order's parameters, in the order of the gates; sizes are resolved beside it. */
export function refusalsOf(
  order: ImageOrder,
  can: Capabilities,
  prompt: PromptMeasure,
): readonly Refusal[] {
  return gates.flatMap((gate) => gate(order, can, prompt) ?? []);
}

const gates: readonly Gate[] = [
  function promptLength(_order, { prompt: limit }, prompt) {
    if (limit.charactersMax !== undefined && prompt.characters > limit.charactersMax) {
      return tooLong(prompt.characters, limit.charactersMax, "characters");
    }
    if (limit.tokensMax !== undefined && prompt.tokens > limit.tokensMax) {
      return tooLong(prompt.tokens, limit.tokensMax, "tokens");
    }
    return undefined;
  },

  function imagesPerCall({ n, fanOut }, { imagesPerCallMax }) {
    if (fanOut === true && n <= FAN_OUT_MAX) return undefined;
    if (fanOut !== true && n <= imagesPerCallMax) return undefined;
    if (fanOut === true || n > FAN_OUT_MAX) {
      const max = fanOut === true ? FAN_OUT_MAX : imagesPerCallMax;
      const why = `at most ${max} images are made by one request; send several`;
      return refuse("unsupported_n", "n", { sent: n, allowed: { min: 1, max }, why });
    }
    return refuse("unsupported_n", "n", {
      sent: n,
      allowed: { min: 1, max: imagesPerCallMax },
      why: `this model makes at most ${imagesPerCallMax} per call; send "fan_out": true for as many calls under one hold, or several requests`,
    });
  },

  function streaming({ stream, n, fanOut }, { streaming: knob }) {
    if (stream !== true || n === 1 || fanOut === true || knob === undefined) return undefined;
    return refuse("unsupported_combination", "stream", {
      sent: true,
      allowed: { n: 1 },
      why: 'this model streams one image a call; send n=1, or "fan_out": true for one event an image',
    });
  },

  function partialImages({ partialImages: asked, stream, n, fanOut }, { streaming: knob }) {
    if (asked === undefined || asked === 0) return undefined;
    if (knob === undefined) return unknownTo("partial_images", asked);
    const max = knob.partialImagesMax;
    const refusal = inRange("partial_images", asked, { min: 0, max });
    if (refusal !== undefined) return refusal;
    if (stream === true && !(fanOut === true && n > 1)) return undefined;
    return refuse("unsupported_combination", "partial_images", {
      sent: asked,
      allowed: { stream: true, n: 1 },
      why: 'they come in a stream of one image: send "stream": true, and no fan_out',
    });
  },

  function quality({ quality: asked }, { quality: knob }) {
    return oneOf("quality", asked, knob?.tiers);
  },

  function background(order, { background: knob, outputFormats }) {
    const { background: asked } = order;
    const refusal = oneOf("background", asked, knob?.values);
    if (refusal !== undefined || asked !== "transparent" || knob === undefined) return refusal;
    const format = order.outputFormat ?? outputFormats.omitted;
    if (knob.transparentFormats.includes(format)) return opaqueSource(order, knob);
    return refuse("unsupported_combination", "background", {
      sent: asked,
      allowed: { output_format: knob.transparentFormats },
      why: `${format} carries no transparency; ask for ${knob.transparentFormats.join(" or ")}`,
    });
  },

  function outputFormat({ outputFormat: asked }, { outputFormats }) {
    const { values, omitted, selectable } = outputFormats;
    return oneOf("output_format", asked, selectable ? values : [omitted]);
  },

  function outputCompression(order, { outputCompression: knob, outputFormats }) {
    const asked = order.outputCompression;
    const refusal = inRange("output_compression", asked, knob);
    if (refusal !== undefined || asked === undefined || knob === undefined) return refusal;
    const format = order.outputFormat ?? outputFormats.omitted;
    if (knob.formats.includes(format)) return undefined;
    return refuse("unsupported_combination", "output_compression", {
      sent: asked,
      allowed: { output_format: knob.formats },
      why: `${format} is not compressed by degrees; ask for ${knob.formats.join(" or ")}`,
    });
  },

  function moderation({ moderation: asked }, { moderation: knob }) {
    return oneOf("moderation", asked, knob);
  },

  function inputFidelity({ inputFidelity: asked, references }, { inputFidelity: knob }) {
    if (asked === undefined) return undefined;
    if (references !== undefined) return oneOf("input_fidelity", asked, knob);
    return refuse("unsupported_parameter", "input_fidelity", {
      sent: asked,
      allowed: null,
      why: "it speaks of reference images, and a generation has none",
    });
  },

  function seed({ seed: asked }, { seed: knob }) {
    return inRange("seed", asked, knob);
  },

  function negativePrompt({ negativePrompt: asked }, { negativePrompt: knob }) {
    if (asked === undefined) return undefined;
    if (knob === undefined) return unknownTo("negative_prompt", "(text)");
    const characters = [...asked].length;
    if (characters <= knob.charactersMax) return undefined;
    return refuse("unsupported_value", "negative_prompt", {
      sent: `(${characters} characters)`,
      allowed: { charactersMax: knob.charactersMax },
      why: `the vendor would cut it at ${knob.charactersMax} characters`,
    });
  },

  function guidanceScale({ guidanceScale: asked }, { guidanceScale: knob }) {
    return inRange("guidance_scale", asked, knob);
  },

  function watermark({ watermark: asked }, can) {
    // `false` asks for nothing: a model without the knob draws no visible mark.
    return asked === true && !can.watermark ? unknownTo("watermark", asked) : undefined;
  },

  function promptExtend({ promptExtend: asked }, can) {
    return asked === true && !can.promptExtend ? unknownTo("prompt_extend", asked) : undefined;
  },
];

/** Where a see-through picture is made of such references only: the refusal for any others. */
function opaqueSource(
  { references }: Pick<ImageOrder, "references">,
  { transparentOfAlphaReferences: wanted }: NonNullable<Capabilities["background"]>,
): Refusal | undefined {
  if (wanted === undefined) return undefined;
  if (references?.length === wanted && references.every(({ alpha }) => alpha)) return undefined;
  return refuse("unsupported_combination", "background", {
    sent: "transparent",
    allowed: { image: { count: wanted, alpha: true } },
    why: `this model makes see-through pictures only of exactly ${wanted} with an alpha channel of its own, by POST /v1/images/edits`,
  });
}

function tooLong(is: number, max: number, unit: "characters" | "tokens"): Refusal {
  return new Refusal(
    "prompt_too_long",
    `prompt: ${is} ${unit}, this model reads at most ${max}; the rest would be cut or refused`,
    { param: "prompt", sent: `(${is} ${unit})`, allowed: { max, unit } },
  );
}
