import { z } from "zod";
import type { ImageOrder, SizeAsked } from "../../gates/order.ts";
import { readSize, SIZE_FORMS } from "../../gates/size.ts";
import { readChoice } from "../../gateway/choice-fields.ts";
import type { LegacyAliases } from "../../gateway/deps.ts";
import { Refusal } from "../../refusals.ts";
import { translateLegacy } from "./legacy.ts";
import { readOutput, spotmeterField } from "./spotmeter-field.ts";

/**
 * Reads the body of an images request: the closed parameter list of DESIGN §8. `null` means omitted; a
 * name that isn't in the list is refused, never ignored.
 */

const TAGS_MAX = 16;
const USER_CHARACTERS_MAX = 256;

const integer = z.int();
const word = z.string().min(1).max(64);

/** The closed list of parameters, with the type that each must have. */
export const orderBody = z.object({
  model: z.string().min(1).max(128),
  prompt: z.string().min(1),
  n: integer.min(1).max(1_000).optional(),
  size: z.string().min(1).max(16).optional(),
  quality: word.optional(),
  background: word.optional(),
  output_format: word.optional(),
  output_compression: integer.optional(),
  moderation: word.optional(),
  response_format: z.enum(["b64_json", "url"]).optional(),
  stream: z.boolean().optional(),
  partial_images: integer.optional(),
  user: z.string().max(USER_CHARACTERS_MAX).optional(),
  input_fidelity: word.optional(),
  mask: z.unknown().optional(),
  image: z.unknown().optional(),
  images: z.unknown().optional(),
  aspect_ratio: z
    .string()
    .regex(/^\d{1,2}:\d{1,2}$/, "must be W:H, such as 16:9")
    .optional(),
  resolution: word.optional(),
  seed: integer.optional(),
  negative_prompt: z.string().optional(),
  guidance_scale: z.number().optional(),
  watermark: z.boolean().optional(),
  prompt_extend: z.boolean().optional(),
  fan_out: z.boolean().optional(),
  tags: z
    .record(z.string().min(1).max(64), z.string().max(256))
    .refine((tags) => Object.keys(tags).length <= TAGS_MAX, `at most ${TAGS_MAX} tags`)
    .optional(),
  spotmeter: spotmeterField.optional(),
});
type Parsed = z.infer<typeof orderBody>;

/** Names under which pictures to work on come in; they are read apart from the other parameters. */
export const PICTURE_NAMES = ["image", "images", "mask"] as const;

const names = Object.keys(orderBody.shape);

/** The parameters that are no pictures. */
export const parameterNames: readonly string[] = names.filter(
  (name) => !PICTURE_NAMES.some((picture) => picture === name),
);

/**
 * What a JSON body asks for, by parameter; null is left out.
 *
 * @throws Refusal when it isn't an object.
 */
export function askedIn(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new Refusal("invalid_value", "the body must be a JSON object of parameters");
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/**
 * The order in a JSON body, without pictures.
 *
 * @throws Refusal naming the parameter, what was sent and what is allowed.
 */
export function parseOrder(body: unknown, legacy: LegacyAliases): ImageOrder {
  const { asked, translated } = translateLegacy(askedIn(body), legacy);
  for (const name of Object.keys(asked)) {
    if (!names.includes(name)) {
      const hint = name === "style" ? LEGACY_HINT : "";
      throw new Refusal("unknown_parameter", `unknown parameter: ${shown(name)}${hint}`, {
        param: shown(name),
        sent: shown(asked[name]),
        allowed: names,
      });
    }
  }
  const parsed = orderBody.safeParse(asked);
  if (!parsed.success) throw wrongValue(parsed.error.issues[0], asked);
  refusePictures(parsed.data);
  const order = toOrder(parsed.data);
  return translated.length === 0 ? order : { ...order, translated };
}

/** For what only models that are gone understood. */
const LEGACY_HINT =
  "; only models that are gone had it: an owner can let another stand for them, with legacy_aliases in spotmeter.yaml";

function wrongValue(
  issue: z.core.$ZodIssue | undefined,
  asked: Readonly<Record<string, unknown>>,
): Refusal {
  const [name = "body", ...inner] = issue?.path.map(String) ?? [];
  const param = name === "spotmeter" ? [name, ...inner].join(".") : name;
  if (issue === undefined || !(name in asked)) {
    return new Refusal("missing_parameter", `${param} is required`, { param });
  }
  const sent = param === "prompt" ? typeof asked[param] : shown(asked[name]);
  return new Refusal("invalid_value", `${param}: ${issue.message}`, { param, sent });
}

/** What a caller sent, short enough to be said back. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? typeof value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

function refusePictures(asked: Parsed): void {
  const param = PICTURE_NAMES.find((name) => asked[name] !== undefined);
  if (param === undefined) return;
  const why = `${param}: pictures to work on are read by POST /v1/images/edits (and /v1/images/quote), which takes the same parameters`;
  throw new Refusal("unsupported_parameter", why, { param, allowed: null });
}

function toOrder(asked: Parsed): ImageOrder {
  const order = {
    model: asked.model,
    prompt: asked.prompt,
    n: asked.n ?? 1,
    nOmitted: asked.n === undefined ? (true as const) : undefined,
    urls: asked.response_format === "url" ? (true as const) : undefined,
    output: readOutput(asked.spotmeter),
    stream: asked.stream === true ? (true as const) : undefined,
    partialImages: asked.partial_images,
    fanOut: asked.fan_out === true ? (true as const) : undefined,
    size: asked.size === undefined ? undefined : parseSize(asked.size),
    aspectRatio: asked.aspect_ratio,
    resolution: asked.resolution,
    quality: asked.quality,
    background: asked.background,
    outputFormat: asked.output_format,
    outputCompression: asked.output_compression,
    moderation: asked.moderation,
    inputFidelity: asked.input_fidelity,
    seed: asked.seed,
    negativePrompt: asked.negative_prompt,
    guidanceScale: asked.guidance_scale,
    watermark: asked.watermark,
    promptExtend: asked.prompt_extend,
    user: asked.user,
    tags: asked.tags,
    choice: readChoice(asked.spotmeter ?? {}),
  };
  return omitUndefined(order);
}

function parseSize(text: string): SizeAsked {
  const size = readSize(text);
  if (size !== undefined) return size;
  throw new Refusal(
    "invalid_value",
    `size=${shown(text)}: must be WxH such as 1024x1024, a label such as 2K, or auto`,
    {
      param: "size",
      sent: shown(text),
      allowed: SIZE_FORMS,
    },
  );
}

type Defined<T> = {
  readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** The same object without the names whose value is undefined: not asked is not there. */
function omitUndefined<T extends object>(object: T): Defined<T> {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
