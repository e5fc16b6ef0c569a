import { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";

/**
 * One HTTP exchange with a vendor, read as a stream. Never retries. What matters to the money is told
 * apart here: whether a request byte can have left, and whether the answer came whole.
 */

/**
 * Paid POSTs never reuse a socket idle for 4 s: the vendor may just be closing it (MONEY §1). undici 8 keeps such
 * times by a clock of half a second, and a busy event loop is late: half of it leaves room for both.
 */
const IDLE_SOCKET_MS = 2_000;
const CONNECT_TIMEOUT_MS = 10_000;

const agent = new Agent({
  allowH2: false,
  pipelining: 1,
  keepAliveTimeout: IDLE_SOCKET_MS,
  keepAliveMaxTimeout: IDLE_SOCKET_MS,
  connect: { timeout: CONNECT_TIMEOUT_MS },
  // The call's own signal is the deadline: a quiet vendor is a slow picture, not a dead one.
  headersTimeout: 0,
  bodyTimeout: 0,
});

/** A body that is read while it goes out, and never held whole. */
export type WireBody = {
  readonly contentType: string;
  /** In bytes, exactly: it goes out as `content-length`. */
  readonly length: number;
  /** From the first byte on, once for each time that the request is sent. */
  readonly read: () => AsyncIterable<Buffer>;
};

export type WireRequest = {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A text's type stands in the headers. */
  readonly body?: string | WireBody;
  readonly signal: AbortSignal;
  /** Instead of the shared pool: downloads bring their own, which checks addresses. */
  readonly dispatcher?: Dispatcher;
};

export type WireHead = {
  readonly status: number;
  /** Lower-case names; repeated headers joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
};

export type WireReader = {
  /** Throwing here or in `data` ends the exchange as broken. */
  readonly head: (head: WireHead) => void;
  /** A promise pauses the vendor until it resolves. */
  readonly data: (chunk: Buffer) => Promise<void> | undefined;
};

export type WireEnd =
  | { readonly kind: "complete"; readonly head: WireHead }
  /** DNS, connect or TLS failure, or a body that can't even begin to be read: no request byte has left. */
  | { readonly kind: "not_sent"; readonly cause: unknown }
  | { readonly kind: "broken"; readonly head: WireHead | undefined; readonly cause: unknown };

/** Sends a request and feeds the answer to the reader. Resolves in every case; never rejects. */
export function exchange(request: WireRequest, reader: WireReader): Promise<WireEnd> {
  return new Promise((resolve) => {
    const url = URL.parse(request.url);
    let started = false;
    let over = false;
    let head: WireHead | undefined;
    let bytes = 0;
    let abort: ((cause: Error) => void) | undefined;
    const settle = (end: WireEnd): void => {
      over = true;
      request.signal.removeEventListener("abort", onAbort);
      resolve(end);
    };
    const broken = (cause: unknown): void =>
      settle(started ? { kind: "broken", head, cause } : { kind: "not_sent", cause });
    const ended = (): void =>
      queue.whenRead((failure) => {
        if (failure !== undefined) return broken(failure);
        if (head === undefined) return broken(new Error("the answer has no head"));
        settle({ kind: "complete", head });
      });
    const onAbort = (): void => {
      const cause = new Error("the deadline has passed", { cause: request.signal.reason });
      abort?.(cause);
      broken(cause);
    };
    const queue = chunkQueue(reader, () => over);
    const { body } = request;
    const isRead = typeof body === "object";
    /** undici writes the head with the first bytes of a body that is read. */
    async function* leaving(of: WireBody): AsyncGenerator<Buffer> {
      for await (const chunk of of.read()) {
        if (over) throw new Error("the exchange has ended");
        started = true;
        yield chunk;
      }
    }
    if (url === null) return broken(new Error("the vendor's address is no URL"));
    if (request.signal.aborted) return onAbort();
    request.signal.addEventListener("abort", onAbort, { once: true });
    (request.dispatcher ?? agent).dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: isRead ? { ...request.headers, ...bodyHeaders(body) } : { ...request.headers },
        ...(body === undefined ? {} : { body: isRead ? Readable.from(leaving(body)) : body }),
      },
      {
        onRequestStart(controller) {
          // The deadline may have passed while the connection was being made: nothing is sent then.
          if (over) return controller.abort(new Error("the deadline has passed"));
          started ||= !isRead;
          abort = (cause) => controller.abort(cause);
        },
        onResponseStart(controller, status, headers) {
          if (status < 200) return;
          const arrived = { status, headers: flatten(headers) };
          head = arrived;
          attempt(controller, () => reader.head(arrived));
        },
        onResponseData(controller, chunk) {
          // Resuming, undici 8 flushes its parser with no bytes: a reader that pauses on them pauses for ever.
          if (chunk.length === 0) return;
          bytes += chunk.length;
          attempt(controller, () => queue.push(controller, chunk));
        },
        onResponseEnd: ended,
        onResponseError(_controller, cause) {
          // A vendor that closes while we are paused: undici 8 calls that an error, even when the body is here whole.
          const isWhole = Number(head?.headers["content-length"]) === bytes;
          if (isWhole && !(cause instanceof ReaderFailed)) ended();
          else broken(cause instanceof ReaderFailed ? cause.cause : cause);
        },
      },
    );
  });
}

function bodyHeaders({ contentType, length }: WireBody): Record<string, string> {
  return { "content-type": contentType, "content-length": String(length) };
}

/**
 * Chunks go to the reader one at a time. A pause alone does not see to that: when the vendor closes the
 * connection, undici 8 hands over what the socket still holds, paused or not, and ends the answer.
 */
function chunkQueue(reader: WireReader, isOver: () => boolean) {
  let turn: Promise<void> | undefined;
  let failure: Error | undefined;
  const take = (controller: Dispatcher.DispatchController, wait: Promise<void>): void => {
    controller.pause();
    const mine = wait.then(
      () => {
        if (turn !== mine) return;
        turn = undefined;
        controller.resume();
      },
      (cause: unknown) => {
        failure ??= asError(cause);
        controller.abort(failure);
      },
    );
    turn = mine;
  };
  const read = (chunk: Buffer): Promise<void> | undefined =>
    isOver() || failure !== undefined ? undefined : reader.data(chunk);
  return {
    /** Throws what the reader throws. */
    push(controller: Dispatcher.DispatchController, chunk: Buffer): void {
      const wait = turn === undefined ? read(chunk) : turn.then(() => read(chunk));
      if (wait !== undefined) take(controller, wait);
    },
    /** Calls back once the reader is done with every chunk so far, with what it failed on. */
    whenRead(done: (failure: Error | undefined) => void): void {
      if (turn === undefined) done(failure);
      else void turn.then(() => done(failure));
    },
  };
}

/** Why we broke an exchange off ourselves. */
class ReaderFailed extends Error {
  override readonly name = "ReaderFailed";
}

function attempt(controller: Dispatcher.DispatchController, step: () => void): void {
  try {
    step();
  } catch (cause) {
    controller.abort(new ReaderFailed("the reader failed", { cause }));
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined)
      flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
