import type { IncomingMessage, ServerResponse } from "node:http";
import type { ErrorAnswer } from "./error-answer.ts";

/** So long, at most, what a client still sends is read and thrown away after its answer. */
const LINGER_MS_MAX = 5_000;
/** A client that has been quiet for so long has read its answer, or never will. */
const QUIET_MS_MAX = 500;

/**
 * Answers a request whose body nobody has read to its end, and closes the connection, because what still
 * comes must not be taken for the next request. The answer is whole at once; the close waits until the
 * client has stopped sending: closed under a client that sends, a connection is reset, and the answer is lost.
 */
export async function sendEarly(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  answer: ErrorAnswer,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (response.destroyed) return; // the client hung up: nobody reads it
  const length = String(Buffer.byteLength(answer.body));
  response.writeHead(answer.status, {
    ...headers,
    ...answer.headers,
    "content-length": length,
    connection: "close",
  });
  response.write(answer.body);
  await quiet(request);
  response.end();
}

/** Resolves when the client has sent all, hung up, fallen silent, or gone on for too long. */
function quiet(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(most);
      clearTimeout(silence);
      request.off("data", onData).off("end", done).off("close", done);
      resolve();
    };
    const most = setTimeout(done, LINGER_MS_MAX);
    let silence = setTimeout(done, QUIET_MS_MAX);
    const onData = (): void => {
      clearTimeout(silence);
      silence = setTimeout(done, QUIET_MS_MAX);
    };
    // Nobody is alarmed by a client that hangs up on an answer.
    request.on("error", done);
    if (request.destroyed) return done();
    request.on("end", done).on("close", done).on("data", onData);
    request.resume();
  });
}
