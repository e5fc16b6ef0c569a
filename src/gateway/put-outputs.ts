import type { ImageFacts } from "../ledger/port.ts";
import { fillKey, type KeyTemplate, type KeyValues } from "../outputs/key-template.ts";
import type { OutputBytes, OutputStore, Outputs } from "../outputs/port.ts";
import { textBody } from "../results/s3-upload.ts";
import type { Log } from "./deps.ts";
import type { KeptPicture } from "./kept-picture.ts";
import { pictureType } from "./picture-type.ts";

/** Where the pictures of one call go that its caller keeps. */
export type OutputOrder = Pick<Outputs, "store" | "cacheControl"> & {
  readonly key: KeyTemplate;
  /** What is known of every key before the pictures are. */
  readonly values: Pick<KeyValues, "model" | "date" | "tags">;
};

type Put = {
  readonly receiptId: string;
  readonly images: readonly ImageFacts[];
  readonly pictures: readonly KeptPicture[];
  readonly output: OutputOrder;
  /** After it no further picture is put anywhere. */
  readonly deadline: AbortSignal;
};

/** Puts each picture where its caller keeps it, and flags the image where that can't be. Never rejects. */
export async function putOutputs(put: Put, log: Log): Promise<readonly ImageFacts[]> {
  const images: ImageFacts[] = [];
  for (const [index, image] of put.images.entries()) {
    const flag = await putPicture(index, image, put).catch((cause: unknown) => {
      log.error({ receipt: put.receiptId, cause }, "an output can't be kept");
      return "output_not_kept";
    });
    images.push(flag === undefined ? image : { ...image, flags: [...image.flags, flag] });
  }
  return images;
}

/** A flag, or undefined when all went well. */
async function putPicture(
  index: number,
  image: ImageFacts,
  { receiptId, pictures, output, deadline }: Put,
): Promise<string | undefined> {
  const bytes = await pictures[index]?.output();
  if (bytes === undefined) throw new Error("the picture found no room to rest in");
  const { ext, contentType } = pictureType(image.format);
  const { sha256 } = bytes;
  const key = fillKey(output.key, { ...output.values, receipt: receiptId, index, ext, sha256 });
  const { store, cacheControl } = output;
  const said = { key, receiptId, index, image, bytes, contentType, cacheControl, output };
  const putting = putBoth(store, said);
  return await untilAborted(putting, deadline);
}

type Said = {
  readonly key: string;
  readonly receiptId: string;
  readonly index: number;
  readonly image: ImageFacts;
  readonly bytes: OutputBytes;
  readonly contentType: string;
  readonly cacheControl: string | undefined;
  readonly output: OutputOrder;
};

/** The picture first: what its sidecar says is true from the beginning. */
async function putBoth(store: OutputStore, said: Said): Promise<string | undefined> {
  const { key, contentType, cacheControl, bytes } = said;
  if ((await store.put({ key, contentType, cacheControl, bytes })) === "taken") {
    return "output_key_taken";
  }
  const sidecar = {
    key: `${key}.json`,
    contentType: "application/json",
    cacheControl,
    bytes: textBody(`${JSON.stringify(sidecarOf(said), null, 2)}\n`),
  };
  return (await store.put(sidecar)) === "taken" ? "output_sidecar_taken" : undefined;
}

function sidecarOf({ receiptId, index, image, bytes, contentType, cacheControl, output }: Said) {
  return {
    receipt_id: receiptId,
    index,
    model: output.values.model,
    sha256: bytes.sha256,
    bytes: bytes.length,
    content_type: contentType,
    cache_control: cacheControl ?? null,
    width: image.width,
    height: image.height,
    content_credentials: image.contentCredentials,
  };
}

async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const stop = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new Error("the store of outputs took too long"));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { signal: stop.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop.abort();
  }
}
