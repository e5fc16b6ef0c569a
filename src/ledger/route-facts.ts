import type { PicoUsd } from "../money/pico-usd.ts";

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
