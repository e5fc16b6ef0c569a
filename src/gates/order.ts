import type { Band } from "../catalog/ratings.ts";
import type { PicoUsd } from "../money/pico-usd.ts";

/**
 * One image request as it was asked, on whatever surface: parsed and typed, nothing added, nothing
 * rewritten. `undefined` is "not asked" (null on the wire means the same).
 */
export type ImageOrder = {
  readonly model: string;
  readonly prompt: string;
  /** Images to make: 1 when nothing was asked. */
  readonly n: number;
  /** Set when nobody asked for a number, so that an `n` that goes out all the same is shown as sent. */
  readonly nOmitted?: true;
  /** The answer is a stream of events. */
  readonly stream?: true;
  /** Pictures are answered as URLs of ours, not as base64. */
  readonly urls?: true;
  /** The caller keeps the pictures, under a key of its own (a template) or the owner's usual one. */
  readonly output?: { readonly key?: string };
  /** Interim pictures to send while an image is being made. */
  readonly partialImages?: number;
  /** Several images are made by as many vendor calls. */
  readonly fanOut?: true;
  /** Exact pixels, a resolution label such as "2K", or `auto`. */
  readonly size?: SizeAsked;
  readonly aspectRatio?: string;
  readonly resolution?: string;
  readonly quality?: string;
  readonly background?: string;
  readonly outputFormat?: string;
  readonly outputCompression?: number;
  readonly moderation?: string;
  readonly inputFidelity?: string;
  readonly seed?: number;
  readonly negativePrompt?: string;
  readonly guidanceScale?: number;
  readonly watermark?: boolean;
  readonly promptExtend?: boolean;
  /** The pictures to work on, in their order: at least one makes the order an edit. */
  readonly references?: readonly [Reference, ...Reference[]];
  /** Where the first reference may be changed. */
  readonly mask?: Reference;
  /** What was put in today's words before anything else looked at it. */
  readonly translated?: readonly Translated[];
  /** Journal dimension; forwarded to vendors that have such a field. */
  readonly user?: string;
  /** Journal dimensions of the caller's own choosing. */
  readonly tags?: Readonly<Record<string, string>>;
  /** What the model must be like that is chosen for `model: "auto"`. */
  readonly choice?: ChoiceAsked;
};

/** What is asked of a model that is to be chosen, by whoever sends an order or writes a preset. */
export type ChoiceAsked = {
  /** The band that its rating must earn, or a better one. */
  readonly band?: Band;
  /** `model` or `model:tier`, each of which its rating must be level with or above. */
  readonly atLeast?: readonly string[];
  /** Bounds the ceiling of the whole request. */
  readonly maxCost?: PicoUsd;
  /** Ids or aliases of the only models that may be chosen. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** It must be callable in one of them. */
  readonly regions?: readonly string[];
  /** The pixels asked for are the pixels delivered. */
  readonly exactSize?: boolean;
  readonly allowUnrated?: boolean;
  readonly allowWeakPrices?: boolean;
  /** Only what a proof of the owner's chose; a preset alone says so. */
  readonly proven?: ProvenAsked;
};

/** What a proof stands behind: the candidates that its owner chose after seeing them. */
export type ProvenAsked = {
  readonly preset: string;
  /** The proof's id, and the UTC day of the preset that was made of it. */
  readonly proof: string;
  readonly day: string;
  readonly candidates: readonly ProvenCandidate[];
  /** SHA-256 of its prompts' template; null where each row had a prompt of its own. */
  readonly template: string | null;
  /** What was found to be another one now, beside price and model. */
  readonly changed: readonly string[];
};

/** A model at a tier as it was when it was proven. */
export type ProvenCandidate = {
  readonly model: string;
  /** Null where the model has no tiers. */
  readonly quality: string | null;
  readonly priceVersion: string;
  /** Of what the catalog said of the model. */
  readonly modelSha256: string;
  /** For people: how many of its pictures were kept. */
  readonly kept: string;
};

/** A parameter in the words of a model that is gone, and what it stands for; null: for nothing. */
export type Translated = {
  readonly param: "model" | "quality" | "style";
  readonly asked: string;
  readonly sent: string | null;
};

/** A picture that the caller supplies, measured before anything is decided on it. */
export type Reference = {
  /** By its first bytes, never by its name or declared type: `png`, `jpeg`, `webp`, `gif`, `bmp`, `tiff`, `heic` … */
  readonly format: string;
  /** As stored: a turn that its metadata asks for isn't applied. */
  readonly width: number;
  readonly height: number;
  /** Whether its format and header allow see-through pixels. */
  readonly alpha: boolean;
  /** More than one frame. */
  readonly animated: boolean;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Its bytes from the first one on, as often as needed, until the request is over. */
  readonly read: () => AsyncIterable<Buffer>;
};

export type SizeAsked =
  | { readonly kind: "auto" }
  | { readonly kind: "pixels"; readonly width: number; readonly height: number }
  | { readonly kind: "label"; readonly label: string };

/** What the size of an order comes to on one model, once the gates have let it through. */
export type ResolvedSize = {
  /** Exact pixels, when they were asked for or follow from label and ratio. */
  readonly pixels?: { readonly width: number; readonly height: number };
  readonly label?: string;
  readonly ratio?: string;
};

/** The measures of a prompt that limits and ceilings are about. */
export type PromptMeasure = {
  readonly characters: number;
  readonly bytes: number;
  /** o200k tokens: exact for models that bill by it, a stand-in elsewhere. */
  readonly tokens: number;
};
