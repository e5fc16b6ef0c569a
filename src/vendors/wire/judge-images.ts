import type { Usage } from "../../billing/usage.ts";
import type { ImageSink, Outcome, VendorCall } from "../port.ts";
import { downloadImage } from "./download.ts";
import type { WireBody, WireHead, WireRequest } from "./exchange.ts";
import { type BodyItem, type ImagesBody, type JsonObject, readImagesBody } from "./images-body.ts";
import { type ReceivedImages, receiveImages } from "./receive-images.ts";
import {
  type CodeClass,
  judgeError,
  judgeFailureInSuccess,
  meaningOf,
  readErrorBody,
  type VendorError,
} from "./vendor-error.ts";

/**
 * The judge of vendors that answer `POST …/images/generations` or `…/edits` with `{created, data, usage}`: exactly one
 * outcome of MONEY §1 for each call. What a vendor's codes and usage mean comes in as its rules.
 */

type ImagesRules = {
  readonly codes: readonly CodeClass[];
  /** Images asked for. */
  readonly n: number;
  /** What a whole answer is billed by. Pure; pictures in the vendor's order, none when it made none. */
  readonly bill: (body: ImagesBody, pictures: readonly Picture[]) => Billed;
  readonly loopback: boolean;
};

/** One picture that the vendor made, fetched or not. */
export type Picture = {
  readonly fields: JsonObject;
};

export type Billed = {
  readonly usage: Usage;
  readonly flags: readonly string[];
};

type Facts = Pick<Outcome, "status" | "vendorRequestId" | "usageText">;

const REQUEST_ID_LENGTH_MAX = 200;

/** Posts a body once, under the vendor's base URL, and judges the answer. Never rejects on the vendor's account. */
export async function dispatchImages(
  call: VendorCall,
  to: { readonly sink: ImageSink; readonly path: string; readonly body: string | WireBody },
  by: Pick<ImagesRules, "codes" | "bill">,
): Promise<Outcome> {
  const { sink } = to;
  const request = wireRequest(call, to);
  const n = call.accepted.order.n;
  const rules: ImagesRules = { ...by, n, loopback: call.connection.loopback };
  const received = await receiveImages(request, sink);
  const facts = factsOf(received);
  switch (received.kind) {
    case "not_sent":
      return { ...facts, kind: "unspent", why: "unreachable" };
    case "lost":
      return { ...facts, kind: "unknown", why: received.why };
    case "error":
      return {
        ...facts,
        ...judgeError(received.head, readErrorBody(received.text), rules.codes),
      };
    case "answered": {
      const body = readImagesBody(received.answer);
      if (body === undefined) return { ...facts, kind: "unknown", why: "unreadable" };
      const delivered = await deliver(body.items, { sink, request, rules });
      return judgeAnswer(body, delivered, { ...facts, usageText: body.usageText }, rules);
    }
    default:
      return received satisfies never;
  }
}

function factsOf(received: ReceivedImages): Facts {
  const head: WireHead | undefined = received.kind === "not_sent" ? undefined : received.head;
  return {
    status: head?.status ?? null,
    vendorRequestId: head?.headers["x-request-id"]?.slice(0, REQUEST_ID_LENGTH_MAX) ?? null,
    usageText: null,
  };
}

type Delivered = {
  /** In the vendor's order. */
  readonly pictures: readonly Picture[];
  /** In the sink's order. */
  readonly perImage: readonly JsonObject[];
};

/** Fetches what came as an address, one after the other: those pictures follow the others in the sink. */
async function deliver(
  items: readonly BodyItem[],
  by: { readonly sink: ImageSink; readonly request: WireRequest; readonly rules: ImagesRules },
): Promise<Delivered> {
  const pictures: Picture[] = [];
  const perImage = items.flatMap(({ picture, fields }) => (picture.at === "sink" ? [fields] : []));
  for (const { picture, fields } of items) {
    if (picture.at === "nowhere") continue;
    const delivered = picture.at === "sink" || (await fetchInto(picture.url, by));
    pictures.push({ fields });
    if (picture.at === "url" && delivered) perImage.push(fields);
  }
  return { pictures, perImage };
}

async function fetchInto(
  url: string,
  by: { readonly sink: ImageSink; readonly request: WireRequest; readonly rules: ImagesRules },
): Promise<boolean> {
  const { signal } = by.request;
  const download = await downloadImage(url, { signal, loopbackAllowed: by.rules.loopback });
  if (download.kind === "unavailable") return false;
  try {
    by.sink.begin();
    for await (const piece of download.base64) await by.sink.piece(piece);
    by.sink.end();
    return true;
  } finally {
    download.dispose();
  }
}

function judgeAnswer(
  body: ImagesBody,
  { pictures, perImage }: Delivered,
  facts: Facts,
  rules: ImagesRules,
): Outcome {
  const billed = rules.bill(body, pictures);
  const images = perImage.length;
  if (images > 0) {
    return {
      ...facts,
      kind: "made",
      images,
      usage: billed.usage,
      servedModel: body.model,
      answer: { created: body.created ?? nowSeconds(), top: body.top, perImage },
      flags: [
        ...body.flags,
        ...countFlags(body, images, rules.n),
        ...(pictures.length > images ? ["results_lost"] : []),
        ...billed.flags,
      ],
    };
  }
  const spent = billed.usage.kind === "reported" ? billed.usage.items : [];
  const used = spent.filter((item) => item.quantity > 0n);
  const cost = used.length === 0 ? {} : { cost: used };
  if (pictures.length > 0) {
    const message = "the vendor made the image, but it could not be fetched";
    return { ...facts, kind: "failed", code: "result_unavailable", message, ...cost };
  }
  const error = decidingError(body, rules.codes);
  if (error === undefined) {
    const message = "the vendor answered without an image";
    return { ...facts, kind: "refused", code: "no_image", message, ...cost };
  }
  const judged = judgeFailureInSuccess(error, rules.codes);
  return judged.kind === "refused" || judged.kind === "failed"
    ? { ...facts, ...judged, ...cost }
    : { ...facts, ...judged };
}

/** The whole answer's error, else the first image's; moderation before all others. */
function decidingError(body: ImagesBody, codes: readonly CodeClass[]): VendorError | undefined {
  const errors = [body.error, ...itemErrors(body)].filter((error) => error !== undefined);
  return errors.find((error) => meaningOf(error, codes) === "moderation") ?? errors[0];
}

function itemErrors({ items }: ImagesBody): VendorError[] {
  return items.flatMap(({ picture }) =>
    picture.at === "nowhere" && picture.error !== undefined ? [picture.error] : [],
  );
}

function countFlags(body: ImagesBody, images: number, asked: number): string[] {
  const flags: string[] = [];
  if (images < asked) flags.push("images_fewer_than_asked");
  if (images > asked) flags.push("images_more_than_asked");
  if (body.error !== undefined) flags.push("error_beside_images");
  if (itemErrors(body).length > 0) flags.push("image_failed");
  return flags;
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

function wireRequest(
  { connection, signal, headers }: VendorCall,
  { path, body }: { readonly path: string; readonly body: string | WireBody },
): WireRequest {
  return {
    method: "POST",
    url: `${connection.baseUrl}${path}`,
    headers: {
      ...headers,
      authorization: `Bearer ${connection.key}`,
      "content-type": "application/json",
      accept: "application/json",
      "accept-encoding": "identity",
    },
    body,
    signal,
  };
}
