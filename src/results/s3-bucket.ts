import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { Agent, type Dispatcher } from "undici";

/**
 * One bucket of an S3-compatible object store, addressed path-style. Requests are signed (SigV4) with the hash
 * of what they carry; those that change nothing, or may be repeated, are tried again when the store is busy.
 */

export type S3Settings = {
  /** Such as `https://s3.eu-central-1.amazonaws.com`, without a slash at its end. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

/** A body that can be read again for another try. */
export type S3Body = {
  readonly length: number;
  /** SHA-256 of it, lower-case hex. */
  readonly sha256: string;
  readonly read: () => AsyncIterable<Buffer>;
};

export type S3Request = {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Without a slash at its start; "" asks for the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: S3Body;
};

export type S3Answer = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Must be read to its end or destroyed. */
  readonly body: Readable;
};

/** The store said something else than what was hoped for. Its words name no secret of ours. */
export class S3Failure extends Error {
  override readonly name = "S3Failure";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TRIES = 3;
/** Before the second try; doubled before the third. */
const PAUSE_MS = 250;
const CONNECT_MS_MAX = 5_000;
/** A store that is silent for so long has failed. */
const SILENCE_MS_MAX = 20_000;
const CONNECTIONS_MAX = 32;
/** Answers that are no objects are small. */
const TEXT_BYTES_MAX = 2 * 1024 * 1024;
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export class S3Bucket {
  readonly #settings: S3Settings;
  readonly #base: string;
  readonly #agent: Agent;
  /** Keys derived for one day, which the signer keeps. */
  readonly #derived = new Map<string, ArrayBuffer>();

  constructor(settings: S3Settings, bucket: string) {
    this.#settings = settings;
    this.#base = `${settings.endpoint}/${bucket}`;
    this.#agent = new Agent({
      connections: CONNECTIONS_MAX,
      connect: { timeout: CONNECT_MS_MAX },
      headersTimeout: SILENCE_MS_MAX,
      bodyTimeout: SILENCE_MS_MAX,
    });
  }

  /**
   * Asks once, or up to three times while the store is busy or can't be reached; whatever it says then is
   * returned.
   *
   * @throws what the connection says when it could not be asked.
   */
  async ask(request: S3Request): Promise<S3Answer> {
    for (let left = TRIES - 1; ; left -= 1) {
      const answer = await this.#send(request).catch((cause: unknown) => {
        if (left === 0) throw cause;
        return undefined;
      });
      if (answer !== undefined && (left === 0 || !isBusy(answer.status))) return answer;
      answer?.body.destroy();
      await sleep(PAUSE_MS * 2 ** (TRIES - 1 - left));
    }
  }

  /**
   * The same, for an answer of a few lines.
   *
   * @throws S3Failure for any status but 2xx.
   */
  async askText(request: S3Request): Promise<Omit<S3Answer, "body"> & { readonly text: string }> {
    const { status, headers, body } = await this.ask(request);
    const text = await textOf(body);
    if (status >= 200 && status < 300) return { status, headers, text };
    throw new S3Failure(status, `the object store answered ${status} ${valueIn(text, "Code")}`);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send({ method, key, query, headers, body }: S3Request): Promise<S3Answer> {
    const url = new URL(key === "" ? this.#base : `${this.#base}/${encodedKey(key)}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const { accessKeyId, secretAccessKey, region } = this.#settings;
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, "x-amz-content-sha256": body?.sha256 ?? EMPTY_SHA256 },
      ...{ accessKeyId, secretAccessKey, region, service: "s3", cache: this.#derived },
    });
    const signed = await signer.sign();
    const answer = await this.#agent.request({
      origin: signed.url.origin,
      path: `${signed.url.pathname}${signed.url.search}`,
      method,
      headers: {
        ...Object.fromEntries(signed.headers.entries()),
        ...(method === "PUT" || method === "POST"
          ? { "content-length": String(body?.length ?? 0) }
          : {}),
      },
      body: body === undefined ? null : Readable.from(body.read()),
    });
    // Whoever reads it hears of an error all the same; whoever lets go of it need not.
    answer.body.on("error", () => undefined);
    return { status: answer.statusCode, headers: plainHeaders(answer.headers), body: answer.body };
  }
}

/** The text of the first XML element of this name; "" when there is none. */
export function valueIn(xml: string, name: string): string {
  return valuesIn(xml, name)[0] ?? "";
}

/** The texts of all XML elements of this name that hold no other element. */
export function valuesIn(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"));
  return [...found].map(([, text = ""]) => unescaped(text));
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&amp;": "&",
  };
  return text.replace(/&(lt|gt|quot|apos|amp|#34|#39);/g, (whole) => {
    if (whole === "&#34;") return '"';
    return whole === "&#39;" ? "'" : (named[whole] ?? whole);
  });
}

function encodedKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

function isBusy(status: number): boolean {
  return status === 429 || status >= 500;
}

function plainHeaders(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    ),
  );
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > TEXT_BYTES_MAX) throw new Error("the object store said more than it may");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
