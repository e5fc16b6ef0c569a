import type { UsageItem } from "../../billing/usage.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import { referenceItems } from "../counted-references.ts";
import type { ImageSink, Outcome, VendorCall } from "../port.ts";
import { type Download, downloadImage } from "../wire/download.ts";
import { usageTextOf } from "../wire/usage-text.ts";
import { areaOf, outputImages } from "./estimate.ts";
import { type Failure, judgeFailedTask } from "./failures.ts";
import type { Answer, Picture } from "./response.ts";
import { type ReadUsage, readUsage, type UsageShape } from "./usage.ts";

type Fetched = {
  readonly picture: Picture;
  readonly download: Extract<Download, { kind: "fetched" }>;
};

/** Judges a whole answer and hands its pictures on. */
export async function deliver(answer: Answer, call: VendorCall, sink: ImageSink): Promise<Outcome> {
  const read = usageOf(answer, call.accepted);
  if (answer.pictures.length === 0) return { ...factsOf(answer), ...judgeEmpty(answer, read) };
  const { connection, signal } = call;
  const imagesAsked = call.accepted.order.n;
  const made = await fetchPictures(answer, { read, imagesAsked, connection, signal }, sink);
  return made ?? { ...factsOf(answer), ...unavailable(answer, call.accepted) };
}

/** What fetching pictures takes beside their answer. */
type Fetching = Pick<VendorCall, "connection" | "signal"> & {
  readonly read: ReadUsage;
  readonly imagesAsked: number;
};

/**
 * Hands on the pictures of an answer; undefined when none could be had. They are URLs: all are fetched
 * first, then put into the sink, so that an answer is never half given.
 */
export async function fetchPictures(
  answer: Answer,
  of: Fetching,
  sink: ImageSink,
): Promise<Made | undefined> {
  const { signal, connection } = of;
  const downloads = await Promise.all(
    answer.pictures.map(({ url }) =>
      downloadImage(url, { signal, loopbackAllowed: connection.loopback }),
    ),
  );
  const fetched = answer.pictures.flatMap((picture, index): Fetched[] => {
    const download = downloads[index];
    return download?.kind === "fetched" ? [{ picture, download }] : [];
  });
  try {
    for (const { download } of fetched) await pour(download, sink);
  } finally {
    for (const { download } of fetched) download.dispose();
  }
  return fetched.length === 0 ? undefined : judgeMade(answer, of, fetched);
}

type Made = Extract<Outcome, { kind: "made" }>;

async function pour(download: Fetched["download"], sink: ImageSink): Promise<void> {
  sink.begin({ model: null }); // DashScope's answers name no model
  for await (const piece of download.base64) await sink.piece(piece);
  sink.end();
}

function judgeMade(
  answer: Answer,
  { read, imagesAsked }: Fetching,
  fetched: readonly Fetched[],
): Made {
  const flags = [...read.flags];
  if (answer.pictures.length < imagesAsked) flags.push("images_fewer_than_asked");
  if (answer.pictures.length > fetched.length) flags.push("results_lost");
  return {
    ...factsOf(answer),
    kind: "made",
    images: fetched.length,
    usage: read.usage,
    servedModel: null,
    answer: {
      created: Math.floor(Date.now() / 1000),
      top: {},
      perImage: fetched.map(({ picture: { rewrittenPrompt } }) =>
        rewrittenPrompt === undefined ? {} : { revised_prompt: rewrittenPrompt },
      ),
    },
    flags,
  };
}

/** Pictures were made and can't be had: the house pays what they cost. */
export function unavailable(answer: Answer, accepted: AcceptedOrder): Unavailable {
  const { usage } = usageOf(answer, accepted);
  const made = outputImages(BigInt(answer.pictures.length), areaOf(accepted));
  const references = referenceItems(accepted.order.references?.length ?? 0);
  return {
    kind: "failed",
    code: "result_unavailable",
    message: "the vendor made the picture, but it could not be fetched",
    // Fee = price x pictures made, known by their URLs even where usage is missing, and the references.
    cost: usage.kind === "reported" ? usage.items : [made, ...references],
  };
}

type Unavailable = {
  readonly kind: "failed";
  readonly code: "result_unavailable";
  readonly message: string;
  readonly cost: readonly UsageItem[];
};

type NoImage = {
  readonly kind: "refused";
  readonly code: "no_image";
  readonly message: string;
  readonly cost?: readonly UsageItem[];
};

function judgeEmpty(answer: Answer, read: ReadUsage): Failure | NoImage {
  const [first] = answer.itemFailures;
  if (first !== undefined) return judgeFailedTask(first);
  return {
    kind: "refused",
    code: "no_image",
    message: "the model answered without an image",
    ...(read.usage.kind === "reported" ? { cost: read.usage.items } : {}),
  };
}

function usageOf(answer: Answer, accepted: AcceptedOrder): ReadUsage {
  return readUsage(answer.usage, usageShape(accepted), {
    made: answer.pictures.length,
    references: accepted.order.references?.length ?? 0,
  });
}

function usageShape({ model }: AcceptedOrder): UsageShape {
  const { usageShape: shape } = model.wire;
  if (shape === "three" || shape === "classic") return shape;
  throw new Error(`${model.id}: no usage shape ${String(shape)}`);
}

export function factsOf(answer: Answer): {
  readonly status: number;
  readonly vendorRequestId: string | null;
  readonly usageText: string | null;
} {
  return {
    status: 200,
    vendorRequestId: answer.requestId,
    usageText: usageTextOf(answer.usage),
  };
}
