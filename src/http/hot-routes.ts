import type { IncomingMessage, ServerResponse } from "node:http";
import { PICTURES_PATH } from "../gateway/picture-urls.ts";
import type { Refusal } from "../refusals.ts";
import { type ErrorAnswer, refusalAnswer } from "./error-answer.ts";
import { geminiError } from "./gemini/error-envelope.ts";
import { generateContent } from "./gemini/generate-content.ts";
import { isModelMethod } from "./gemini/target.ts";
import type { HotCall } from "./image-call.ts";
import { serveKeptPicture } from "./kept-pictures.ts";
import { COMPARE_PATHS, compareModels } from "./openai/compare.ts";
import { EDITS_PATHS, edits } from "./openai/edits.ts";
import { GENERATIONS_PATHS, generations } from "./openai/generations.ts";
import { QUOTE_PATHS, quote } from "./openai/quote.ts";
import { getRunPicture, isRunFile, isRunPicture, putRunFile } from "./runs/files.ts";

/** The routes that carry pictures: on node's own streams, everything else through hono (`api.ts`). */
export type HotRoute = {
  /** Whether it serves a path: orders answer POST only, kept pictures GET and HEAD. */
  readonly serves: (path: string) => boolean;
  /** @throws Refusal for what it hasn't answered itself. */
  readonly run: (
    request: IncomingMessage,
    response: ServerResponse,
    call: HotCall,
  ) => Promise<void>;
  /** How its surface says no. */
  readonly errorOf: (refusal: Refusal) => ErrorAnswer;
};

const routes: readonly HotRoute[] = [
  { serves: (path) => GENERATIONS_PATHS.has(path), run: generations, errorOf: refusalAnswer },
  { serves: (path) => EDITS_PATHS.has(path), run: edits, errorOf: refusalAnswer },
  { serves: (path) => QUOTE_PATHS.has(path), run: quote, errorOf: refusalAnswer },
  { serves: (path) => COMPARE_PATHS.has(path), run: compareModels, errorOf: refusalAnswer },
  { serves: isModelMethod, run: generateContent, errorOf: geminiError },
];

/** The hot route of a path, if it is one. */
export function hotRoute(path: string): HotRoute | undefined {
  return routes.find((route) => route.serves(path));
}

/** How no is said on a path, served or not. */
export function errorOf(path: string): (refusal: Refusal) => ErrorAnswer {
  return hotRoute(path)?.errorOf ?? (path.startsWith("/v1beta/") ? geminiError : refusalAnswer);
}

const keptPictures: HotRoute = {
  serves: (path) => path.startsWith(PICTURES_PATH),
  run: serveKeptPicture,
  errorOf: refusalAnswer,
};

const runFile: HotRoute = { serves: isRunFile, run: putRunFile, errorOf: refusalAnswer };
const runPicture: HotRoute = { serves: isRunPicture, run: getRunPicture, errorOf: refusalAnswer };

/** The route by which a run is given a file, if it is one: it answers PUT. */
export function runFileRoute(path: string): HotRoute | undefined {
  return runFile.serves(path) ? runFile : undefined;
}

/** The route of a picture that a run has made, if it is one: it answers GET. */
export function runPictureRoute(path: string): HotRoute | undefined {
  return runPicture.serves(path) ? runPicture : undefined;
}

/** The route of a path under which kept pictures are served, if it is one. */
export function keptPictureRoute(path: string): HotRoute | undefined {
  return keptPictures.serves(path) ? keptPictures : undefined;
}
