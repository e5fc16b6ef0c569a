import type { ImageFacts } from "../ledger/port.ts";
import type { ImageSink, Outcome } from "../vendors/port.ts";
import type { Opened } from "./client.ts";
import type { Deps } from "./deps.ts";
import type { Dispatched } from "./dispatch.ts";
import { KeptPicture } from "./kept-picture.ts";
import { type OutputOrder, putOutputs } from "./put-outputs.ts";

/** So long the stores of outputs may take for all pictures of a call. */
const OUTPUTS_MS_MAX = 60_000;

/** The call whose pictures are kept. */
export type PicturesOf = {
  readonly holdId: string;
  /** Whether they are to lie in the store of results: to be fetched by their URLs, or by whoever follows their run. */
  readonly keeps: boolean;
  readonly opened: Pick<Opened, "sink" | "delivered">;
  /** Where each picture goes that its caller keeps; undefined where nobody asked for that. */
  readonly output: OutputOrder | undefined;
};

/**
 * The pictures of one call, which go to the client's answer and, where they were asked for as URLs, as outputs or
 * for a run, to a store too. Where they weren't, everything only passes.
 */
export class KeptPictures implements ImageSink {
  readonly #of: PicturesOf;
  readonly #deps: Pick<Deps, "results"> & Partial<Pick<Deps, "log">>;
  readonly #whole: KeptPicture[] = [];
  readonly #hashes: string[] = [];
  #current: KeptPicture | undefined;

  /** @param deps the log only where outputs are put. */
  constructor(of: PicturesOf, deps: Pick<Deps, "results"> & Partial<Pick<Deps, "log">>) {
    this.#of = of;
    this.#deps = deps;
  }

  begin(served?: { readonly model: string | null }, draft?: number): void {
    const { holdId, keeps, opened, output } = this.#of;
    opened.sink.begin(served, draft);
    // One that the vendor broke off is followed by another one only where calls are repeated.
    void this.#current?.discard();
    const isKept = draft === undefined && (keeps || output !== undefined);
    const kind = `picture-${this.#whole.length}` as const;
    const begin = () => this.#deps.results.begin(holdId, kind);
    this.#current = isKept
      ? new KeptPicture({
          writer: keeps ? begin() : undefined,
          rests: output !== undefined,
        })
      : undefined;
  }

  piece(base64: Buffer): Promise<void> | undefined {
    const kept = this.#current?.piece(base64);
    const passed = this.#of.opened.sink.piece(base64);
    return kept === undefined ? passed : Promise.all([kept, passed]).then(() => undefined);
  }

  end(): void {
    this.#of.opened.sink.end();
    const picture = this.#current;
    this.#current = undefined;
    if (picture === undefined) return;
    this.#hashes.push(picture.end());
    this.#whole.push(picture);
  }

  /**
   * Call when the vendor is done. A call whose pictures can't be had where they were to be kept is as good as one
   * that made none: its account pays nothing.
   */
  async stored(calls: readonly Dispatched[]): Promise<readonly Dispatched[]> {
    if (!this.#of.keeps || !calls.some(({ outcome }) => outcome.kind === "made")) return calls;
    if (await this.seal()) return calls;
    return calls.map((call) => ({ ...call, outcome: unavailable(call.outcome) }));
  }

  /** Whether all whole pictures lie in the store of results now. */
  async seal(): Promise<boolean> {
    const facts = this.#of.opened.delivered().images;
    const sealed = await Promise.all(
      this.#whole.map(async (picture, index) => {
        const image = facts[index];
        return image !== undefined && (await picture.seal(image));
      }),
    );
    return sealed.every(Boolean);
  }

  /** What is known of the pictures, their hashes included where they were kept. */
  withHashes(images: readonly ImageFacts[]): readonly ImageFacts[] {
    return images.map((image, index) => ({
      ...image,
      sha256: this.#hashes[index] ?? image.sha256,
    }));
  }

  /** Call before a settlement is committed: puts the outputs where they belong. Flags for the receipt. */
  async putOutputs(images: readonly ImageFacts[]): Promise<readonly ImageFacts[]> {
    const { holdId, output } = this.#of;
    const { log } = this.#deps;
    if (output === undefined || log === undefined) return images;
    const deadline = AbortSignal.timeout(OUTPUTS_MS_MAX);
    const put = { receiptId: holdId, images, pictures: this.#whole, output, deadline };
    return putOutputs(put, log);
  }

  /** Gives back what isn't kept; harmless after everything. */
  async discard(): Promise<void> {
    await this.#current?.discard();
    for (const picture of this.#whole) await picture.discard();
  }
}

/** What became of a call whose pictures found no place. */
function unavailable(outcome: Outcome): Outcome {
  if (outcome.kind !== "made") return outcome;
  const { status, vendorRequestId, usageText, usage } = outcome;
  const facts = { status, vendorRequestId, usageText };
  // For how much they were made isn't known: the house expects the worst.
  if (usage.kind === "missing") return { ...facts, kind: "unknown", why: "unreadable" };
  const message = "the pictures were made, but could not be kept to be fetched";
  return { ...facts, kind: "failed", code: "result_unavailable", message, cost: usage.items };
}
