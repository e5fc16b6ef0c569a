import { expect } from "vitest";
import { refusals } from "../../src/refusals.ts";
import { errorsSeen, expectNoInsides, type RawAnswer, send } from "./raw-client.ts";
import { MUG } from "./sandbox.ts";

/** Requests of Gemini's contract, byte by byte, and what every refusal of this surface must look like. */

/** One candidate of an answer, as far as tests look at it. */
export type Candidate = {
  readonly content: {
    readonly role: string;
    readonly parts: readonly {
      readonly inlineData: { readonly mimeType: string; readonly data: string };
    }[];
  };
  readonly finishReason?: string;
  readonly index: number;
};

export type Content = {
  readonly candidates: readonly Candidate[];
  readonly usageMetadata: Readonly<Record<string, unknown>>;
  readonly modelVersion: string;
  readonly responseId: string;
};

/** The body of a plain order. */
export const PLAIN = { contents: [{ role: "user", parts: [{ text: MUG }] }] };

/** Posts to a method of a model. */
export function content(
  gateway: { readonly url: string; readonly apiKey: string },
  of: {
    readonly model?: string;
    readonly method?: string;
    readonly version?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<RawAnswer> {
  const { model = "seedream-4-0", method = "generateContent", version = "/v1beta" } = of;
  const { body = PLAIN } = of;
  return send(gateway.url, {
    path: `${version}/models/${model}:${method}`,
    headers: {
      "x-goog-api-key": gateway.apiKey,
      "content-type": "application/json",
      ...of.headers,
    },
    body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
}

/** A documented code in Google's envelope, and nothing of our insides. Returns its ErrorInfo's metadata and the message. */
export function expectGeminiRefusal(
  answer: RawAnswer,
  code: keyof typeof refusals,
  param?: string,
): { readonly message: string; readonly [name: string]: string } {
  errorsSeen.push(answer.text);
  const { error, ...rest } = JSON.parse(answer.text);
  expect(rest).toEqual({});
  expect(Object.keys(error)).toEqual(["code", "message", "status", "details"]);
  const [info, violation] = error.details;
  expect([answer.status, info.metadata.code], error.message).toEqual([refusals[code].status, code]);
  expect(error.code).toBe(answer.status);
  expect(error.status).toMatch(/^[A-Z_]+$/);
  expect(info["@type"]).toBe("type.googleapis.com/google.rpc.ErrorInfo");
  expect([info.reason, info.domain]).toEqual([code.toUpperCase(), "spotmeter"]);
  expect(error.message.length).toBeGreaterThan(10);
  if (param !== undefined) {
    expect(info.metadata.param).toBe(param);
    expect(violation.fieldViolations).toEqual([{ field: param, description: error.message }]);
  }
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(answer.headers["x-should-retry"]).toBe(String(!refusals[code].final));
  expect(answer.headers["x-request-id"]).toMatch(/^req_/);
  expectNoInsides(answer.text);
  return { ...info.metadata, message: error.message };
}
