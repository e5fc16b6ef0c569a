import type { IncomingMessage, ServerResponse } from "node:http";
import { Answer } from "../../gateway/answer.ts";
import { checkKey } from "../../gateway/api-keys.ts";
import { ClientStream } from "../../gateway/client-stream.ts";
import type { Deps } from "../../gateway/deps.ts";
import { foreseenCost } from "../../gateway/foreseen-cost.ts";
import { type Client, generateImage, type Opened } from "../../gateway/generate-image.ts";
import { rateHeaders } from "../../gateway/hold-refusals.ts";
import type { Caller } from "../../gateway/reserve.ts";
import { bodyIdentity } from "../../gateway/same.ts";
import type { Refusal } from "../../refusals.ts";
import { type HeaderReader, presentedKey } from "../credentials.ts";
import { type ErrorAnswer, refusalAnswer, sendError } from "../error-answer.ts";
import { readJson } from "../read-body.ts";
import { readSameness } from "../same-request.ts";
import { sendStored } from "../send-stored.ts";
import { answerEnd, answerHeaders, costHeaders } from "./answer-end.ts";
import { openaiEnvelope, type Sold } from "./answer-text.ts";
import { askedIn, parseOrder } from "./parse-order.ts";

/** A body of parameters and one prompt: references come with part 3 and their own limits. */
export const ORDER_BYTES_MAX = 1024 * 1024;

/** The hot route's paths. */
export const GENERATIONS_PATHS: ReadonlySet<string> = new Set([
  "/v1/images/generations",
  "/images/generations",
]);

/** What an `Idempotency-Key` is bound to, whichever path is called. */
const ROUTE = "images/generations";

/** Headers that go on to the emulators, never to a real vendor. */
const EMULATOR_HEADERS = ["x-emulate", "x-emulate-leg"];

/**
 * `POST /v1/images/generations`: the hot route, on node's own streams.
 *
 * @throws Refusal for everything that is refused before the vendor is called; later refusals it answers itself.
 */
export async function generations(
  request: IncomingMessage,
  response: ServerResponse,
  given: {
    readonly deps: Deps;
    readonly headers: Readonly<Record<string, string>>;
    readonly requestId: string;
  },
): Promise<void> {
  const { deps, requestId } = given;
  const header: HeaderReader = (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const key = await checkKey(presentedKey(header), deps.world, deps.ledger);
  const samenessOf = readSameness(header, { keyId: key.id, route: ROUTE });
  const body = await readJson(request, ORDER_BYTES_MAX);
  const order = parseOrder(body);
  const caller: Caller = {
    accountId: key.accountId,
    accountPath: key.accountPath,
    keyId: key.id,
    requestId,
    policy: key,
    vendorHeaders: emulatorHeaders(header, deps),
    same: samenessOf(bodyIdentity(askedIn(body), [])),
  };
  const client = openaiClient(response, given.headers);
  await generateImage(order, caller, client, deps);
}

function emulatorHeaders(header: HeaderReader, deps: Deps): Record<string, string> {
  if (deps.world !== "sandbox") return {};
  return Object.fromEntries(
    EMULATOR_HEADERS.flatMap((name) => {
      const value = header(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The surface's side of the main path: OpenAI's envelope around whatever comes. */
function openaiClient(response: ServerResponse, headers: Readonly<Record<string, string>>): Client {
  return {
    left: leftSignal(response),
    sendAgain: (stored, added) => sendStored(response, stored, { ...headers, ...added }),
    open: ({ receiptId, prepared, rate }): Opened => {
      const { accepted, quote, callable } = prepared;
      const stream = new ClientStream(response);
      const own = { ...headers, ...rateHeaders(rate) };
      const sold: Sold = {
        receiptId,
        ceiling: quote.ceiling.total,
        priceVersion: quote.frozen.price.id,
        warnings: callable.warnings,
        margin: quote.frozen.margin ?? null,
      };
      const answer = new Answer(stream, {
        envelope: openaiEnvelope,
        headers: { ...own, ...answerHeaders(sold) },
        asked: accepted.size.pixels,
        foreseen: (servedModel) => {
          const cost = foreseenCost(prepared, servedModel);
          return cost === undefined ? {} : costHeaders(cost);
        },
      });
      return {
        sink: answer,
        delivered: () => ({ images: answer.images, gone: stream.gone }),
        committed: () => answer.committed,
        copyTo: (copy) => answer.copyTo(copy),
        endOf: (made) => answerEnd(made, sold),
        finish: ({ tail, headers: known }) => answer.finish(tail, known),
        errorOf: (refusal) => errorText(refusal, sold),
        refuse: (refusal) => {
          if (answer.committed) stream.breakOff();
          else if (!stream.gone) sendError(response, errorText(refusal, sold), own);
        },
      };
    },
  };
}

function errorText(refusal: Refusal, sold: Sold): ErrorAnswer {
  const { status, headers, body } = refusalAnswer(refusal);
  return { status, body, headers: { ...answerHeaders(sold), ...headers } };
}

/** Aborted once the client has hung up before it had everything. */
function leftSignal(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  // It may have hung up while its body was read: no event tells of it any more.
  if (response.destroyed) left.abort();
  response.on("close", () => {
    if (!response.writableFinished) left.abort();
  });
  return left.signal;
}
