import type { WireEnd } from "./exchange.ts";

/** An answer without pictures in it: an error, a task, a list of URLs. */
export class SmallBody {
  readonly #bytesMax: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Keeps what fits. An answer above the bound is read to its end all the same, and is then no JSON. */
  add(chunk: Buffer): void {
    const left = this.#bytesMax - this.#bytes;
    this.#bytes += chunk.length;
    if (left > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, left)));
  }

  /** The answer as JSON; undefined when it is cut, too long or not JSON at all. */
  json(): unknown {
    if (this.#bytes > this.#bytesMax) return undefined;
    try {
      return JSON.parse(Buffer.concat(this.#chunks).toString("utf8"));
    } catch {
      return undefined; // the status alone decides then
    }
  }
}

/** What an exchange without a whole answer comes to: the same for every vendor (MONEY §1). */
export type Unanswered =
  | { readonly kind: "unspent"; readonly why: "unreachable" }
  | { readonly kind: "unknown"; readonly why: "timeout" | "reset" | "cut" };

/**
 * Judges an exchange that did not end in a whole answer. Before the first request byte nothing can have
 * been spent; after it everything may have been.
 */
export function judgeUnanswered(
  end: Exclude<WireEnd, { readonly kind: "complete" }>,
  signal: AbortSignal,
): Unanswered {
  if (end.kind === "not_sent") return { kind: "unspent", why: "unreachable" };
  if (signal.aborted) return { kind: "unknown", why: "timeout" };
  return { kind: "unknown", why: end.head === undefined ? "reset" : "cut" };
}
