import { isObject } from "./json.ts";

/** The four vendors that are emulated. */
export type VendorName = "openai" | "google" | "alibaba" | "byteplus";

/** One generation submit, as `GET /__calls` shows it. Filled in while the call runs. */
export type Call = {
  /** ISO 8601, when the request had arrived whole. */
  readonly at: string;
  readonly vendor: VendorName;
  readonly method: string;
  readonly path: string;
  model: string | null;
  body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** null until something is answered: a call that hangs stays null. */
  status: number | null;
  /** Images that the vendor made, whether or not they arrived. */
  images: number;
  /** Usage as reported; null when none was. */
  usage: unknown;
};

const TEXT_CHARACTERS_MAX = 2_000;
const CALLS_MAX = 10_000;

/** What the emulators were asked, in order of arrival. Keeps the last 10,000. */
export class CallLog {
  #calls: Call[] = [];
  #polls = 0;
  #downloads = 0;

  add(call: Call): Call {
    this.#calls.push(call);
    if (this.#calls.length > CALLS_MAX) this.#calls.shift();
    return call;
  }

  countPoll(): void {
    this.#polls += 1;
  }

  countDownload(): void {
    this.#downloads += 1;
  }

  clear(): void {
    this.#calls = [];
    this.#polls = 0;
    this.#downloads = 0;
  }

  toJson(): unknown {
    return { calls: this.#calls, polls: this.#polls, downloads: this.#downloads };
  }
}

/** A copy for the log in which no string is longer than 2,000 characters: references weigh megabytes. */
export function cutLongText(value: unknown): unknown {
  if (typeof value === "string") {
    return value.length <= TEXT_CHARACTERS_MAX ? value : value.slice(0, TEXT_CHARACTERS_MAX);
  }
  if (Array.isArray(value)) return value.map(cutLongText);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cutLongText(inner)]));
}
