import type { IncomingMessage, ServerResponse } from "node:http";
import type { Log } from "../gateway/deps.ts";
import { answerFor, type ErrorAnswer } from "./error-answer.ts";
import { geminiAnswerFor } from "./gemini/error-envelope.ts";
import { generateContent } from "./gemini/generate-content.ts";
import { isModelMethod } from "./gemini/target.ts";
import type { HotCall } from "./image-call.ts";
import { EDITS_PATHS, edits } from "./openai/edits.ts";
import { GENERATIONS_PATHS, generations } from "./openai/generations.ts";
import { QUOTE_PATHS, quote } from "./openai/quote.ts";

/** The routes that carry pictures: on node's own streams, everything else through hono (`api.ts`). */
export type HotRoute = {
  /** Whether it serves a path; all of them answer POST only. */
  readonly serves: (path: string) => boolean;
  /** @throws Refusal for what it hasn't answered itself. */
  readonly run: (
    request: IncomingMessage,
    response: ServerResponse,
    call: HotCall,
  ) => Promise<void>;
  /** What an error becomes, in the words of its surface. */
  readonly answerFor: (cause: unknown, requestId: string, log: Log) => ErrorAnswer;
};

const routes: readonly HotRoute[] = [
  { serves: (path) => GENERATIONS_PATHS.has(path), run: generations, answerFor },
  { serves: (path) => EDITS_PATHS.has(path), run: edits, answerFor },
  { serves: (path) => QUOTE_PATHS.has(path), run: quote, answerFor },
  { serves: isModelMethod, run: generateContent, answerFor: geminiAnswerFor },
];

/** The hot route of a path, if it is one. */
export function hotRoute(path: string): HotRoute | undefined {
  return routes.find((route) => route.serves(path));
}
