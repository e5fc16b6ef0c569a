import type { IncomingMessage, ServerResponse } from "node:http";
import { Answer } from "../../gateway/answer.ts";
import { checkKey } from "../../gateway/api-keys.ts";
import { ClientStream } from "../../gateway/client-stream.ts";
import type { Deps } from "../../gateway/deps.ts";
import { foreseenCost } from "../../gateway/foreseen-cost.ts";
import { type Client, generateImage, type Opened } from "../../gateway/generate-image.ts";
import { rateHeaders } from "../../gateway/hold-refusals.ts";
import { clientLines } from "../../gateway/money-json.ts";
import type { Caller } from "../../gateway/reserve.ts";
import { formatUsd, type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import { type HeaderReader, presentedKey } from "../credentials.ts";
import { refusalAnswer, sendError } from "../error-answer.ts";
import { readJson } from "../read-body.ts";
import { answerTail, openaiEnvelope, totalTokens } from "./answer-text.ts";
import { parseOrder } from "./parse-order.ts";

/** A body of parameters and one prompt: references come with part 3 and their own limits. */
export const ORDER_BYTES_MAX = 1024 * 1024;

/** The hot route's paths. */
export const GENERATIONS_PATHS: ReadonlySet<string> = new Set([
  "/v1/images/generations",
  "/images/generations",
]);

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
  if (header("idempotency-key") !== undefined) {
    throw new Refusal(
      "not_yet_served",
      "the Idempotency-Key header is not served yet: leave it out",
      {
        param: "Idempotency-Key",
      },
    );
  }
  const order = parseOrder(await readJson(request, ORDER_BYTES_MAX));
  const caller: Caller = {
    accountId: key.accountId,
    accountPath: key.accountPath,
    keyId: key.id,
    requestId,
    policy: key,
    vendorHeaders: emulatorHeaders(header, deps),
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
    gone: goneSignal(response),
    open: ({ receiptId, prepared, rate }): Opened => {
      const { accepted, quote } = prepared;
      const stream = new ClientStream(response);
      const allHeaders = {
        ...headers,
        ...rateHeaders(rate),
        "content-type": "application/json",
        "x-receipt-id": receiptId,
        "x-cost-ceiling-usd": formatUsd(quote.ceiling.total),
      };
      const answer = new Answer(stream, {
        envelope: openaiEnvelope,
        headers: allHeaders,
        asked: accepted.size.pixels,
        foreseen: (servedModel) => {
          const cost = foreseenCost(prepared, servedModel);
          return cost === undefined ? {} : costHeaders(cost);
        },
      });
      return {
        sink: answer,
        delivered: () => ({ images: answer.images, gone: stream.gone }),
        finish: (made) => {
          const total = made.late ? ZERO_USD : made.settlement.charge;
          const basis = made.late ? "none" : made.settlement.basis;
          const { lines } = made.settlement;
          const { price, margin } = quote.frozen;
          const cost = {
            total,
            basis,
            lines: made.late ? [] : clientLines({ lines, total, margin }),
            ceiling: quote.ceiling.total,
            priceVersion: price.id,
            receiptId,
            warnings: prepared.callable.warnings,
          } as const;
          answer.finish(answerTail(made, cost), {
            ...costHeaders(total),
            "x-cost-basis": basis,
            "x-litellm-total-tokens": totalTokens(made.settlement.items).toString(),
          });
        },
        refuse: (refusal) => {
          if (answer.committed) stream.breakOff();
          else if (!stream.gone) sendError(response, refusalAnswer(refusal), allHeaders);
        },
      };
    },
  };
}

/** Aborted when the answer can't reach its client any more, and once it has. */
function goneSignal(response: ServerResponse): AbortSignal {
  if (response.destroyed) return AbortSignal.abort();
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}

/** The cost in headers, for clients that show nothing else; the second name is read by gateways in front of us. */
function costHeaders(total: PicoUsd): Record<string, string> {
  return { "x-cost-usd": formatUsd(total), "x-litellm-response-cost": formatUsd(total) };
}
