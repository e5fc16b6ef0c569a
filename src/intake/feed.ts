import type { IncomingMessage } from "node:http";
import { Refusal } from "../refusals.ts";
import { BODY_BYTES_MAX, BODY_MS_MAX, SILENCE_MS_MAX } from "./limits.ts";

/** Bounds on a body; those of `limits.ts` where none are given. */
export type FeedLimits = {
  readonly bytesMax?: number;
  /** For the whole body. */
  readonly msMax?: number;
  /** Between two pieces, our own work on them left out. */
  readonly silenceMsMax?: number;
};

/**
 * Refuses a body that says itself that it is too large, before any of it is read.
 *
 * @throws Refusal `body_too_large`
 */
export function assertLength(request: IncomingMessage, bytesMax: number = BODY_BYTES_MAX): void {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal("body_too_large", `the body is larger than ${bytesMax} bytes`, {
    allowed: { bytesMax },
  });
}

/** Takes pieces of a body. A promise makes the client wait; what it throws or rejects with ends the reading. */
export type TakePiece = (chunk: Buffer) => Promise<void> | undefined;

/** What a body of its kind is called when it stops, takes too long or is cut. */
type BrokenCode = "invalid_json" | "invalid_form";

/**
 * Feeds a body to a reader at the reader's pace and resolves when all of it has been taken. After a
 * rejection nothing more is taken; the rest of the body stays unread.
 *
 * @throws Refusal `body_too_large`, or `code`; what `take` throws.
 */
export function feedBody(
  request: IncomingMessage,
  take: TakePiece,
  limits: FeedLimits & { readonly code: BrokenCode },
): Promise<void> {
  return new Promise((resolve, reject) => {
    new BodyFeed({ request, take, limits }).run(resolve, reject);
  });
}

type Feeding = {
  readonly request: IncomingMessage;
  readonly take: TakePiece;
  readonly limits: FeedLimits & { readonly code: BrokenCode };
};

class BodyFeed {
  readonly #request: IncomingMessage;
  readonly #take: TakePiece;
  readonly #limits: Required<FeedLimits> & { readonly code: BrokenCode };
  #bytes = 0;
  #over = false;
  /** What the reader does now; the end waits for it. */
  #turn: Promise<void> = Promise.resolve();
  #silence: NodeJS.Timeout | undefined;
  #whole: NodeJS.Timeout | undefined;
  #reject: (cause: unknown) => void = () => undefined;
  #resolve: () => void = () => undefined;

  constructor({ request, take, limits }: Feeding) {
    this.#request = request;
    this.#take = take;
    this.#limits = {
      code: limits.code,
      bytesMax: limits.bytesMax ?? BODY_BYTES_MAX,
      msMax: limits.msMax ?? BODY_MS_MAX,
      silenceMsMax: limits.silenceMsMax ?? SILENCE_MS_MAX,
    };
  }

  run(resolve: () => void, reject: (cause: unknown) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
    const { msMax } = this.#limits;
    // Stays: a socket that breaks later, while the answer is on its way, is no error of ours.
    this.#request.on("error", this.#onCut);
    if (this.#request.destroyed) {
      this.#onCut();
      return;
    }
    this.#whole = setTimeout(
      () => this.#refuse(`the body did not arrive within ${msMax} ms`),
      msMax,
    );
    this.#listen();
    this.#request.on("end", this.#onEnd).on("close", this.#onCut).on("data", this.#onData);
  }

  readonly #onData = (chunk: Buffer): void => {
    const { bytesMax } = this.#limits;
    this.#bytes += chunk.length;
    if (this.#bytes > bytesMax) {
      this.#fail(tooLarge(bytesMax));
      return;
    }
    try {
      const wait = this.#take(chunk);
      if (wait === undefined) this.#listen();
      else this.#pauseFor(wait);
    } catch (cause) {
      this.#fail(cause);
    }
  };

  #pauseFor(wait: Promise<void>): void {
    clearTimeout(this.#silence); // what takes long now is our own disk
    this.#request.pause();
    this.#turn = wait.then(() => {
      if (this.#over || this.#request.readableEnded) return;
      this.#listen();
      this.#request.resume();
    });
    this.#turn.catch(this.#fail);
  }

  readonly #onEnd = (): void => {
    clearTimeout(this.#silence);
    this.#turn.then(() => {
      this.#stop();
      this.#resolve();
    }, this.#fail);
  };

  /** The client hung up: nobody reads this answer, and nobody is to be alarmed by it. */
  readonly #onCut = (): void => {
    if (!this.#request.readableEnded) this.#refuse("the body ended before it was whole");
  };

  #listen(): void {
    const { silenceMsMax } = this.#limits;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => this.#refuse(`the body stopped: nothing came for ${silenceMsMax} ms`),
      silenceMsMax,
    );
  }

  #refuse(why: string): void {
    this.#fail(new Refusal(this.#limits.code, why));
  }

  readonly #fail = (cause: unknown): void => {
    this.#stop();
    this.#request.pause();
    this.#reject(cause);
  };

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#whole);
    this.#request.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onCut);
  }
}
