import type { Envelope } from "../../gateway/answer.ts";
import type { Finished } from "../../gateway/client.ts";
import type { ImageFacts } from "../../ledger/port.ts";
import type { Refusal } from "../../refusals.ts";
import type { CostSaid } from "../answer-form.ts";
import { refusalAnswer } from "../error-answer.ts";
import { fieldsText, usageText } from "./answer-text.ts";

/**
 * OpenAI's stream of events around the base64: interim pictures where the vendor sends them, then one event
 * an image; usage and cost stand in the last one.
 *
 * Source: OpenAI OpenAPI spec 2.3.0, ImageGenStreamEvent and ImageEditStreamEvent, 2026-08-21 [spec].
 */

/** What the events say beside the pictures, as far as it is known before them. */
export type EventFacts = {
  readonly operation: "image_generation" | "image_edit";
  /** Unix seconds. */
  readonly created: number;
  readonly quality: string;
  readonly background: string;
};

/** Of an image that isn't the last one its fields are said when the next one begins. */
export function eventEnvelope(facts: EventFacts): Envelope {
  const opening = (kind: string): string => {
    const type = `${facts.operation}.${kind}`;
    return `event: ${type}\ndata: {"type":"${type}","b64_json":"`;
  };
  return {
    before: (_index, previous) =>
      previous === undefined
        ? opening("completed")
        : `${fieldsText(fieldsOf(facts, previous))}}\n\n${opening("completed")}`,
    after: () => '"',
    draft: {
      before: opening("partial_image"),
      after: (index, previous) =>
        `"${fieldsText({ ...fieldsOf(facts, previous), partial_image_index: index })}}\n\n`,
    },
  };
}

/** The rest of the last image's event. */
export function eventTail(facts: EventFacts, finished: Finished, cost: CostSaid): string {
  const { answer } = finished.outcome;
  const { failures, settlement } = finished;
  const said = {
    ...fieldsOf(facts, settlement.images.at(-1)),
    ...answer.top,
    ...answer.perImage.at(-1),
    created_at: answer.created,
    ...(failures.length === 0 ? {} : { failures }),
  };
  return `${fieldsText(said)},"usage":${usageText(finished, cost)}}\n\n`;
}

/** What clients are told of a failure once a stream has begun. */
export function errorEvent(refusal: Refusal): string {
  return `event: error\ndata: ${refusalAnswer(refusal).body}\n\n`;
}

/** A comment that keeps connections open; no client sees it. */
export const KEEP_ALIVE = Buffer.from(": keep-alive\n\n", "utf8");

function fieldsOf(facts: EventFacts, image: ImageFacts | undefined) {
  const { width = null, height = null, format = null } = image ?? {};
  return {
    created_at: facts.created,
    size: width === null || height === null ? "auto" : `${width}x${height}`,
    quality: facts.quality,
    background: facts.background,
    output_format: format ?? undefined,
  };
}
