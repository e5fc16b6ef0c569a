/**
 * Cuts a multipart body into its parts while it arrives. Strict: what isn't a part, an end or a blank is a
 * broken form, because a part that is skipped in silence is a parameter that nobody honours.
 * Source: RFC 7578, RFC 2046 5.1 [spec].
 */

/** Why a body is no form. */
export class BrokenForm extends Error {
  override readonly name = "BrokenForm";
}

/** What comes out, in the order of the body. Every `part` is followed by its `data` and one `end`. */
export type FormStep =
  | { readonly kind: "part"; readonly head: Buffer }
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "end" };

const LINE_END = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");
const DASHES = Buffer.from("--");
const HEAD_BYTES_MAX = 16 * 1024;
/** Before the first boundary nothing has a meaning; no client is known to send anything there. */
const PREAMBLE_BYTES_MAX = 8 * 1024;
/** Blanks between a boundary and its line's end. */
const PADDING_BYTES_MAX = 64;

export class FormReader {
  readonly #delimiter: Buffer;
  #state: "preamble" | "delimiter" | "head" | "body start" | "body" | "epilogue" = "preamble";
  /** As if a line had ended: the first boundary may open the body. */
  #rest: Buffer = LINE_END;
  #preambleBytes = 0;

  /** @param boundary as the content type names it. */
  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  }

  /**
   * Takes the next bytes. What is given back may be views of them.
   *
   * @throws BrokenForm
   */
  push(chunk: Buffer): FormStep[] {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const steps: FormStep[] = [];
    for (;;) {
      const left = this.#step(data, steps);
      if (left === undefined) break;
      data = left;
    }
    return steps;
  }

  /** @throws BrokenForm unless the last boundary has come. */
  finish(): void {
    if (this.#state === "preamble") throw new BrokenForm("its boundary never comes");
    if (this.#state !== "epilogue") throw new BrokenForm("it is cut off before its last boundary");
  }

  /** One move; gives back what it left, or undefined when it wants more bytes. */
  #step(data: Buffer, steps: FormStep[]): Buffer | undefined {
    switch (this.#state) {
      case "preamble":
        return this.#preamble(data);
      case "delimiter":
        return this.#afterDelimiter(data);
      case "head":
        return this.#head(data, steps);
      case "body start":
        return this.#bodyStart(data, steps);
      case "body":
        return this.#body(data, steps);
      case "epilogue":
        if (data.some((byte) => ![0x20, 0x09, 0x0d, 0x0a].includes(byte))) {
          throw new BrokenForm("something stands behind its last boundary");
        }
        return this.#wait(Buffer.alloc(0));
      default:
        return this.#state satisfies never;
    }
  }

  #wait(rest: Buffer): undefined {
    // A copy: the chunk may be a small view of a large block of the socket's.
    this.#rest = Buffer.from(rest);
    return undefined;
  }

  #preamble(data: Buffer): Buffer | undefined {
    const at = data.indexOf(this.#delimiter);
    const passed = at === -1 ? Math.max(0, data.length - this.#delimiter.length + 1) : at;
    this.#preambleBytes += passed;
    if (this.#preambleBytes > PREAMBLE_BYTES_MAX) throw new BrokenForm("its boundary never comes");
    if (at === -1) return this.#wait(data.subarray(passed));
    this.#state = "delimiter";
    return data.subarray(at + this.#delimiter.length);
  }

  #afterDelimiter(data: Buffer): Buffer | undefined {
    if (data.length < DASHES.length) return this.#wait(data);
    if (data.subarray(0, DASHES.length).equals(DASHES)) {
      this.#state = "epilogue";
      return data.subarray(DASHES.length);
    }
    const end = data.indexOf(LINE_END);
    const padding = end === -1 ? data : data.subarray(0, end);
    if (padding.length > PADDING_BYTES_MAX || /[^ \t\r]/.test(padding.toString("latin1"))) {
      throw new BrokenForm("a boundary is not followed by the end of its line");
    }
    if (end === -1) return this.#wait(data);
    this.#state = "head";
    // The line's end stays: a head without a line in it ends with the next one at once.
    return data.subarray(end);
  }

  #head(data: Buffer, steps: FormStep[]): Buffer | undefined {
    const end = data.indexOf(HEAD_END);
    if (end === -1 ? data.length > HEAD_BYTES_MAX : end > HEAD_BYTES_MAX) {
      throw new BrokenForm(`the head of a part is longer than ${HEAD_BYTES_MAX} bytes`);
    }
    if (end === -1) return this.#wait(data);
    steps.push({ kind: "part", head: Buffer.from(data.subarray(LINE_END.length, end)) });
    this.#state = "body start";
    return data.subarray(end + LINE_END.length);
  }

  /** The empty line behind the head is also the beginning of the boundary where a part has no body at all. */
  #bodyStart(data: Buffer, steps: FormStep[]): Buffer | undefined {
    if (data.length < this.#delimiter.length) return this.#wait(data);
    this.#state = "body";
    const isEmpty = data.subarray(0, this.#delimiter.length).equals(this.#delimiter);
    return isEmpty ? this.#body(data, steps) : data.subarray(LINE_END.length);
  }

  #body(data: Buffer, steps: FormStep[]): Buffer | undefined {
    const at = data.indexOf(this.#delimiter);
    const bytes = at === -1 ? data.subarray(0, -this.#delimiter.length) : data.subarray(0, at);
    if (bytes.length > 0) steps.push({ kind: "data", bytes });
    if (at === -1) return this.#wait(data.subarray(bytes.length));
    steps.push({ kind: "end" });
    this.#state = "delimiter";
    return data.subarray(at + this.#delimiter.length);
  }
}
