/** A Gemini image model's rules. */
export type GeminiModel = {
  readonly id: string;
  /** What `modelVersion` says. */
  readonly version: string;
  /** Labels of `imageSize`; empty: not a parameter of this model, ignored when sent. */
  readonly sizes: readonly string[];
  readonly ratios: readonly string[];
  /** Image output tokens by size label. */
  readonly tokens: Readonly<Record<string, number>>;
  /** Most reference images; undefined: no limit is documented for the Developer API. */
  readonly referencesMax: number | undefined;
  /** Tokens of one reference image. */
  readonly referenceTokens: number;
  /** Levels of `thinkingConfig`; empty: the model does not think. */
  readonly thinkingLevels: readonly string[];
  readonly search: boolean;
  /** Service tiers that are honoured; others are served and reported as standard. */
  readonly tiers: readonly string[];
  readonly outputMime: "image/png" | "image/jpeg";
};

const TEN_RATIOS = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];
const FOURTEEN_RATIOS = [...TEN_RATIOS, "1:4", "4:1", "1:8", "8:1"];

type Rules = Omit<GeminiModel, "id" | "version">;

/** `gemini-2.5-flash-image`: google.md §1, §5.1, §5.3 (1290 a reference, [guess] from the seed's 1,297). */
const RULES_25: Rules = {
  sizes: [],
  ratios: TEN_RATIOS,
  tokens: { "1K": 1_290 },
  referencesMax: undefined,
  referenceTokens: 1_290,
  thinkingLevels: [],
  search: false,
  tiers: ["standard"],
  outputMime: "image/png",
};

/** `gemini-3-pro-image`: §1, §5.1 [spec S7]; 560 a reference by the pricing page; any level is accepted, none has an effect. */
const RULES_3_PRO: Rules = {
  sizes: ["1K", "2K", "4K"],
  ratios: TEN_RATIOS,
  tokens: { "1K": 1_120, "2K": 1_120, "4K": 2_000 },
  referencesMax: 14,
  referenceTokens: 560,
  thinkingLevels: ["MINIMAL", "LOW", "MEDIUM", "HIGH"],
  search: true,
  tiers: ["standard", "flex", "priority"],
  outputMime: "image/jpeg",
};

/** `gemini-3.1-flash-image`: §1, §5.1 [spec S7, S9]. JPEG is [guess] for everything but 3-pro (seen). */
const RULES_31_FLASH: Rules = {
  sizes: ["512", "1K", "2K", "4K"],
  ratios: FOURTEEN_RATIOS,
  tokens: { "512": 747, "1K": 1_120, "2K": 1_680, "4K": 2_520 },
  referencesMax: 14,
  referenceTokens: 1_120,
  thinkingLevels: ["MINIMAL", "HIGH"],
  search: true,
  tiers: ["standard"],
  outputMime: "image/jpeg",
};

/** `gemini-3.1-flash-lite-image`: §1 (ten ratios, third S10), §5.1. */
const RULES_31_LITE: Rules = {
  ...RULES_31_FLASH,
  sizes: ["1K"],
  ratios: TEN_RATIOS,
  tokens: { "1K": 1_120 },
  search: false,
};

/** `gemini-nano-banana-2.1`: §1; at 4K 3780 by the pricing page, not the guide's 2520 (§13.1, DESIGN §5). */
const RULES_21: Rules = {
  ...RULES_31_FLASH,
  sizes: ["1K", "2K", "4K"],
  tokens: { "1K": 1_120, "2K": 1_680, "4K": 3_780 },
  thinkingLevels: ["MINIMAL", "MEDIUM", "HIGH"],
};

/** Every Gemini image model that vendors/google.md §1 names (2026-11-22), previews and retired ones included. */
export const GEMINI_MODELS: readonly GeminiModel[] = [
  named("gemini-nano-banana-2.1", RULES_21),
  named("gemini-3-pro-image", RULES_3_PRO),
  named("gemini-3-pro-image-preview", RULES_3_PRO),
  { ...named("nano-banana-pro-preview", RULES_3_PRO), version: "gemini-3-pro-image-preview" },
  named("gemini-3.1-flash-lite-image", RULES_31_LITE),
  named("gemini-3.1-flash-image", RULES_31_FLASH),
  named("gemini-3.1-flash-image-preview", RULES_31_FLASH),
  named("gemini-2.5-flash-image", RULES_25),
  named("gemini-2.5-flash-image-preview", RULES_25),
];

function named(id: string, rules: Rules): GeminiModel {
  return { id, version: id, ...rules };
}

/** True for Gemini 3 and later: they think, have residual tokens, and want thought signatures back. */
export function thinks(model: GeminiModel): boolean {
  return model.thinkingLevels.length > 0;
}
