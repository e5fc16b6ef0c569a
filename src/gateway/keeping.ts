import type { ResultWriter } from "../results/port.ts";
import type { AnswerEnd, ErrorText, Opened } from "./client.ts";
import type { Deps } from "./deps.ts";
import { offer } from "./offer.ts";
import type { Retain } from "./retain.ts";
import type { Sameness } from "./same.ts";

/** The call whose answer is kept. */
export type KeptCall = {
  readonly holdId: string;
  readonly same: Sameness;
  /** "none": nothing is kept, whoever may ask for it. */
  readonly retain: Retain;
  readonly opened: Pick<Opened, "copyTo" | "committed">;
  /** Aborted when the client hangs up. */
  readonly left: AbortSignal;
};

/**
 * What is kept of one call's answer for whoever asks the same again: from the first byte on with an
 * `Idempotency-Key`; without one from the moment on that its client leaves with nothing of it (MONEY §7).
 *
 * An answer is on the disk before the ending of its call is committed. What goes wrong with keeping it never
 * goes wrong for the call.
 */
export class Keeping {
  readonly #call: KeptCall;
  readonly #deps: Deps;
  #writer: ResultWriter | undefined;
  #offered: Promise<void> | undefined;
  #ending = false;

  constructor(call: KeptCall, deps: Deps) {
    this.#call = call;
    this.#deps = deps;
    if (call.retain === "none") return;
    if (call.same.intent !== null) this.#copy();
    if (call.same.adopt === null) return;
    if (call.left.aborted) this.#clientLeft();
    else call.left.addEventListener("abort", () => this.#clientLeft(), { once: true });
  }

  /** Call before a settlement is committed. Flags for its receipt: whether the answer can be given again. */
  async sealMade(end: AnswerEnd): Promise<readonly string[]> {
    this.#ending = true;
    if (this.#call.retain === "none")
      return this.#call.same.intent === null ? [] : ["not_retained"];
    if (this.#writer === undefined) return [];
    const kept = await this.#writer.seal({ status: 200, headers: end.headers }, end.tail);
    await this.#offered;
    return kept || this.#call.same.intent === null ? [] : ["not_replayable"];
  }

  /**
   * Call before a void is committed. An error that left no cost frees its `Idempotency-Key`: nobody will
   * ask for it again.
   */
  async sealError(error: ErrorText, of: { readonly leavesCost: boolean }): Promise<void> {
    this.#ending = true;
    if (this.#writer === undefined) return;
    await this.discard();
    if (this.#call.same.intent !== null && !of.leavesCost) return;
    const { status, headers, body } = error;
    const writer = this.#deps.results.begin(this.#call.holdId, "error");
    await writer.seal({ status, headers }, Buffer.from(body, "utf8"));
    await this.#offered;
  }

  /** Call after a settlement was committed: its client may have left meanwhile, with nothing. */
  async sealIfLeft(end: AnswerEnd): Promise<void> {
    const { same, left, opened, retain } = this.#call;
    if (retain === "none" || same.adopt === null || this.#writer !== undefined) return;
    if (!left.aborted || opened.committed()) return;
    this.#copy();
    await this.sealMade(end);
    await this.#offer(same.adopt);
  }

  /** Throws away what was kept so far. Harmless after an end. */
  async discard(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.discard();
  }

  #clientLeft(): void {
    const { same, opened } = this.#call;
    // From the ending on `sealIfLeft` sees to it: an answer is offered only once all of it is kept.
    if (same.adopt === null || this.#ending || opened.committed()) return;
    this.#copy();
    this.#offered = this.#offer(same.adopt);
  }

  #copy(): void {
    const { holdId, opened } = this.#call;
    this.#writer = this.#deps.results.begin(holdId, "made");
    opened.copyTo(this.#writer);
  }

  #offer(body: string): Promise<void> {
    return offer({ holdId: this.#call.holdId, body }, this.#deps);
  }
}
