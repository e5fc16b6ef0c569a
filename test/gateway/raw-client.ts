import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { expect } from "vitest";
import { refusals } from "../../src/refusals.ts";

/** Clients that say what no well-behaved one would, and what every refusal must look like all the same. */

export type RawAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

/** One request, byte by byte as given. A body in several pieces goes out chunked, without a length. */
export function send(
  url: string,
  of: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer | readonly (string | Buffer)[];
  },
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${url}${of.path ?? "/v1/images/generations"}`,
      { method: of.method ?? "POST", agent: false, headers: { ...of.headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    request.on("error", reject);
    const { body } = of;
    if (typeof body === "string" || Buffer.isBuffer(body)) request.end(body);
    else {
      for (const piece of body ?? []) request.write(piece);
      request.end();
    }
  });
}

/** Writes raw text to the gateway's port and returns all that comes back until it closes. */
export function sendText(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

export type ErrorBody = {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: keyof typeof refusals;
  readonly [detail: string]: unknown;
};

/** Every error text that was seen, to be searched for secrets at the end. */
export const errorsSeen: string[] = [];

/** A documented code in OpenAI's envelope, its status and type by the one table, and nothing of our insides. */
export function expectRefusal(
  answer: RawAnswer,
  code: keyof typeof refusals,
  param?: string | null,
): ErrorBody {
  errorsSeen.push(answer.text);
  const { error, ...rest } = JSON.parse(answer.text) as { readonly error: ErrorBody };
  expect(rest).toEqual({});
  expect([answer.status, error.code], error.message).toEqual([refusals[code].status, code]);
  expect(error.type).toBe(refusals[code].type);
  expect(error.message.length).toBeGreaterThan(10);
  if (param !== undefined) expect(error.param).toBe(param);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(answer.headers["x-should-retry"]).toBe(String(!refusals[code].final));
  expect(answer.headers["x-request-id"]).toMatch(/^req_/);
  expectNoInsides(answer.text);
  return error;
}

/** No stack, no path of ours, no name of a module. */
export function expectNoInsides(text: string): void {
  expect(text).not.toMatch(/\n\s+at |node_modules|\.ts:\d|node:internal|\/src\//);
}
