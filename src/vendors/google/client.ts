import type { ImageSink, ImageVendor, Outcome, VendorCall } from "../port.ts";
import { exchange, type WireEnd } from "../wire/exchange.ts";
import { jsonBody } from "../wire/json-body.ts";
import { ScanError } from "../wire/scan-json.ts";
import { judgeUnanswered } from "../wire/small-body.ts";
import { usageTextOf } from "../wire/usage-text.ts";
import { AnswerReader } from "./answer-reader.ts";
import { judgeFailure, judgeFailureIn200 } from "./failures.ts";
import { listModels } from "./model-list.ts";
import { judgeNoImage } from "./no-image.ts";
import { wireBody, wirePath } from "./request.ts";
import { type Answer, readAnswer } from "./response.ts";
import { estimate, isOnLaw } from "./tokens.ts";
import { isStandardTier, readCost, readUsage } from "./usage.ts";

/** Gemini's image models over the native `generateContent`. */
export function googleVendor(): ImageVendor {
  return {
    id: "google",
    // Interim pictures come as ordinary parts, the last one is final: docs.apiyi.com, 66 recorded calls,
    // 2026 [seen], checked 2026-11-22.
    sendsDrafts: true,
    estimate,
    sent: () => ({}),
    dispatch,
    listModels,
  };
}

async function dispatch(call: VendorCall, sink: ImageSink): Promise<Outcome> {
  const { accepted, connection, signal } = call;
  const reader = new AnswerReader(sink);
  const end = await exchange(
    {
      method: "POST",
      url: `${connection.baseUrl}${wirePath(accepted.model.wireId)}`,
      headers: {
        ...call.headers,
        "x-goog-api-key": connection.key,
        "content-type": "application/json",
      },
      body: jsonBody(wireBody(accepted)),
      signal,
    },
    reader,
  );
  return judge(end, reader, call);
}

function judge(end: WireEnd, reader: AnswerReader, call: VendorCall): Outcome {
  const status = end.kind === "not_sent" ? null : (end.head?.status ?? null);
  const facts = { status, vendorRequestId: null, usageText: null };
  // A bad status decides by itself, whether its explanation came whole or not.
  if (status !== null && status !== 200)
    return { ...facts, ...judgeFailure(status, reader.error()) };
  if (end.kind !== "complete") {
    return end.kind === "broken" && end.cause instanceof ScanError
      ? { ...facts, kind: "unknown", why: "unreadable" }
      : { ...facts, ...judgeUnanswered(end, call.signal) };
  }
  const skeleton = reader.isScanning ? wholeSkeleton(reader) : undefined;
  const answer = readAnswer(skeleton);
  if (answer === undefined) return { ...facts, kind: "unknown", why: "unreadable" };
  return judgeAnswer(answer, skeleton, { reader, call });
}

function wholeSkeleton(reader: AnswerReader): unknown {
  try {
    return reader.skeleton();
  } catch (cause) {
    if (cause instanceof ScanError) return undefined;
    throw cause;
  }
}

function judgeAnswer(
  answer: Answer,
  skeleton: unknown,
  { reader, call }: { readonly reader: AnswerReader; readonly call: VendorCall },
): Outcome {
  const facts = {
    status: 200,
    vendorRequestId: answer.responseId,
    usageText: usageTextOf(answer.usage),
  };
  if (!endsInFinalImage(answer, reader)) {
    if (answer.isError) return { ...facts, ...judgeFailureIn200(skeleton) };
    const cost = readCost(answer.usage);
    return {
      ...facts,
      kind: "refused",
      ...judgeNoImage(answer),
      ...(cost === undefined ? {} : { cost }),
    };
  }
  const usage = readUsage(answer.usage);
  return {
    ...facts,
    kind: "made",
    images: reader.images,
    usage,
    servedModel: answer.modelVersion,
    answer: {
      created: Math.floor(Date.now() / 1000),
      top: {},
      perImage: Array.from({ length: reader.images }, () => ({})),
    },
    flags: flagsOf(answer, usage, call),
  };
}

/** A picture inside a thought is a sketch: an answer whose last picture is one has no final image. */
function endsInFinalImage(answer: Answer, reader: AnswerReader): boolean {
  const last = reader.filled.lastIndexOf(true);
  return last !== -1 && answer.pictures[last]?.isThought !== true;
}

function flagsOf(
  answer: Answer,
  usage: ReturnType<typeof readUsage>,
  { accepted }: VendorCall,
): string[] {
  const flags: string[] = [];
  if (usage.kind === "reported") {
    const image = usage.items.find(({ meter }) => meter === "image_output_tokens");
    if (image !== undefined && !isOnLaw(image.quantity, accepted))
      flags.push("token_law_deviation");
  }
  if (!isStandardTier(answer.usage)) flags.push("service_tier_not_standard");
  if (answer.finishReason !== null && answer.finishReason !== "STOP") {
    flags.push("finish_reason_not_stop");
  }
  return flags;
}
