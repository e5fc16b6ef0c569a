/** Quality tiers of the GPT image models. */
export type Quality = "low" | "medium" | "high" | "xhigh" | "max";

/** Which law gives the output tokens (vendors/openai.md §6.2). */
export type TokenLaw = "table" | "formula-2" | "formula-2.5";

export type GptImageModel = {
  readonly id: string;
  readonly law: TokenLaw;
  /** What the model takes, dearest last. */
  readonly qualities: readonly Quality[];
  /** What `auto` becomes. [guess], DESIGN §6: low on gpt-image-2, high on 2.6-sunburst, else medium. */
  readonly autoQuality: Quality;
  /** True from gpt-image-2 on: any `WxH` inside the size rule; before: three fixed sizes. */
  readonly freeSizes: boolean;
  /** gpt-image-1's recordings of 2025 have no `output_tokens_details` (openai.md §3). */
  readonly outputDetails: boolean;
  /** How many references `input_fidelity: high` preserves; 0: the parameter is not taken (openai.md §2.2, §6.3). */
  readonly highFidelityImages: number;
  /** Parameters beyond the common ones. */
  readonly extras: readonly string[];
  /** As `GET /v1/models` tells it. */
  readonly shutdownDate: string | null;
};

const CLASSIC: readonly Quality[] = ["low", "medium", "high"];
const FIVE: readonly Quality[] = ["low", "medium", "high", "xhigh", "max"];
const EXTRAS_26 = ["complexity", "svg", "frame_count", "frame_duration_ms"];

/**
 * Every GPT image model and its rules: vendors/openai.md §1, §2.1 and §6.2, compiled 2026-11-22.
 * Retired ones stay: in the sandbox the gateway decides about life cycles (DESIGN §5).
 */
export const GPT_IMAGE_MODELS: readonly GptImageModel[] = [
  oneFamily("gpt-image-1", { outputDetails: false, fidelity: 1, shutdownDate: "2026-10-23" }),
  oneFamily("gpt-image-1-mini", { outputDetails: true, fidelity: 0, shutdownDate: "2026-12-01" }),
  oneFamily("gpt-image-1.5", { outputDetails: true, fidelity: 5, shutdownDate: "2026-12-01" }),
  oneFamily("gpt-image-1.5-2025-12-16", {
    outputDetails: true,
    fidelity: 5,
    shutdownDate: "2026-12-01",
  }),
  oneFamily("chatgpt-image-latest", {
    outputDetails: true,
    fidelity: 5,
    shutdownDate: "2026-12-01",
  }),
  twoFamily("gpt-image-2", { law: "formula-2", autoQuality: "low" }),
  twoFamily("gpt-image-2-2026-04-21", { law: "formula-2", autoQuality: "low" }),
  twoFamily("gpt-image-2.5-flare", { law: "formula-2.5", autoQuality: "medium" }),
  twoFamily("gpt-image-2.5-flare-2026-09-08", { law: "formula-2.5", autoQuality: "medium" }),
  twoFamily("gpt-image-2.5-sunburst", { law: "formula-2.5", autoQuality: "medium" }),
  twoFamily("gpt-image-2.5-sunburst-2026-09-08", { law: "formula-2.5", autoQuality: "medium" }),
  // No law is published for 2.6: 2.5's stands in (DESIGN §9), marked guess, "set by the emulator".
  twoFamily("gpt-image-2.6-flare", {
    law: "formula-2.5",
    autoQuality: "medium",
    extras: EXTRAS_26,
  }),
  twoFamily("gpt-image-2.6-sunburst", {
    law: "formula-2.5",
    autoQuality: "high",
    extras: EXTRAS_26,
  }),
];

/** The GPT image model of that id, if it is one. */
export function findGptImageModel(id: string): GptImageModel | undefined {
  return GPT_IMAGE_MODELS.find((model) => model.id === id);
}

function oneFamily(
  id: string,
  more: {
    readonly outputDetails: boolean;
    readonly fidelity: number;
    readonly shutdownDate: string;
  },
): GptImageModel {
  return {
    id,
    law: "table",
    qualities: CLASSIC,
    autoQuality: "medium",
    freeSizes: false,
    outputDetails: more.outputDetails,
    highFidelityImages: more.fidelity,
    extras: [],
    shutdownDate: more.shutdownDate,
  };
}

function twoFamily(
  id: string,
  more: {
    readonly law: TokenLaw;
    readonly autoQuality: Quality;
    readonly extras?: readonly string[];
  },
): GptImageModel {
  return {
    id,
    law: more.law,
    qualities: more.law === "formula-2" ? CLASSIC : FIVE,
    autoQuality: more.autoQuality,
    freeSizes: true,
    outputDetails: true,
    highFidelityImages: 0,
    extras: more.extras ?? [],
    shutdownDate: null,
  };
}
