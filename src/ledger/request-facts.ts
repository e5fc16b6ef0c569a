import type { PricedFacts } from "../billing/rate.ts";
import type { PicoUsd } from "../money/pico-usd.ts";

/** By which route and in which form a call came in: its answer is written that way, whoever writes it. */
export const SURFACES = [
  "generations",
  "edits",
  "generate_content",
  "generate_content_list",
  "generate_content_events",
] as const;
export type Surface = (typeof SURFACES)[number];

/** Everything that the price of a request depends on, as far as it is known before the call (MONEY §4). */
export type RequestFacts = {
  readonly surface: Surface;
  readonly n: number;
  /** The caller asked for a stream of events. */
  readonly stream?: true;
  /** The caller asked for URLs in the place of base64. */
  readonly urls?: true;
  /** The caller keeps the pictures in the owner's store of outputs. */
  readonly output?: true;
  /** Interim pictures that were asked for. */
  readonly partialImages?: number;
  /** Vendor calls of one image each that the images are spread over (`fan_out`); absent: one call. */
  readonly legs?: number;
  /** The quality that the caller named, null when none; absent in entries of before it was kept. */
  readonly qualityAsked?: string | null;
  readonly size: {
    readonly asked: string | null;
    readonly pixels: string | null;
    readonly label: string | null;
    readonly ratio: string | null;
  };
  readonly priced: PricedFacts;
  readonly promptBytes: number;
  readonly promptTokens: number;
  /** The pictures that came along, in their order; absent when none did. */
  readonly references?: readonly ReferenceFacts[];
  readonly mask?: ReferenceFacts;
  /** Absent when it wasn't asked. */
  readonly inputFidelity?: string;
  /** How its model was chosen; absent where the caller named one. */
  readonly route?: RouteFacts;
};

/** What is kept of a picture that a caller supplied: never its bytes. */
export type ReferenceFacts = {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
};

/** How the model of a call was chosen (`model: "auto"`). */
export type RouteFacts = {
  /** `auto`, or `auto/` and the name of a preset. */
  readonly requested: string;
  readonly preset: string | null;
  /** The model's id. */
  readonly chosen: string;
  /** The tier that goes out; null where the model has none. */
  readonly quality: string | null;
  /** Sentences for people. */
  readonly reasons: readonly string[];
  /** The cheapest of another model that would have done; null where there was none. */
  readonly runnerUp: {
    readonly model: string;
    readonly quality: string | null;
    /** Its expected price. */
    readonly total: PicoUsd;
  } | null;
};
