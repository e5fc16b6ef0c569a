import type { Mark } from "../../catalog/schema.ts";
import { redactVendorText } from "../wire/redact.ts";
import type { Answer } from "./response.ts";

/**
 * The reasons to stop that mean "filtered"; with any other a model that made no image chose not to, or
 * could not. A prompt that was blocked (`promptFeedback.blockReason`) is filtered whatever the reason.
 */
const filtered = {
  reasons: [
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_OTHER",
  ],
  source: "googleapis/js-genai v2.18.0 `FinishReason`, `BlockedReason`",
  mark: "spec",
  checkedOn: "2026-11-22",
} as const satisfies {
  readonly reasons: readonly string[];
  readonly source: string;
  readonly mark: Mark;
  readonly checkedOn: string;
};

/** Why a 200 has no image, for the caller: a failed generation, never charged (P3). */
export function judgeNoImage(answer: Answer): {
  readonly code: "moderation_blocked" | "no_image";
  readonly message: string;
  readonly categories?: readonly string[];
} {
  const reason = answer.blockReason ?? answer.finishReason ?? "no reason given";
  const isFiltered =
    answer.blockReason !== null || filtered.reasons.some((known) => known === reason);
  const says = redactVendorText(answer.says || answer.text);
  const tail = says === "" ? "" : `: ${says}`;
  return isFiltered
    ? {
        code: "moderation_blocked",
        message: `the vendor blocked this picture (${reason})${tail}`,
        // Its reason is all that it names; an unknown one could be anything.
        categories: /^[A-Z_]{1,64}$/.test(reason) ? [reason] : [],
      }
    : { code: "no_image", message: `the model answered without an image (${reason})${tail}` };
}
