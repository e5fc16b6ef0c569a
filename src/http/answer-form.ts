import type { Basis } from "../billing/charge.ts";
import type { Margin } from "../billing/margin.ts";
import type { UsageItem } from "../billing/usage.ts";
import type { Envelope } from "../gateway/answer.ts";
import type { AnswerEnd, Finished } from "../gateway/client.ts";
import { clientLines, type LineJson } from "../gateway/money-json.ts";
import type { RouteJson } from "../gateway/route-json.ts";
import type { ImageFacts } from "../ledger/port.ts";
import { formatUsd, type PicoUsd, ZERO_USD } from "../money/pico-usd.ts";

/** What every good answer says of its price and cost, in whatever form it is written. */

/** What was agreed on before the call, as its answer says it. */
export type Sold = {
  readonly receiptId: string;
  /** The catalog's id of the model that was ordered. */
  readonly model: string;
  readonly ceiling: PicoUsd;
  readonly priceVersion: string;
  /** What the caller should know of the model's life cycle; left out when there is nothing. */
  readonly warnings: readonly string[];
  /** Frozen with the price; null where the account has none. */
  readonly margin: Margin | null;
  /** How the model was chosen; null where the caller named it. */
  readonly route: RouteJson | null;
};

/** What a call cost, as its answer says it. */
export type CostSaid = Sold & {
  readonly total: PicoUsd;
  readonly basis: Basis | "none";
  /** As the client may see them. */
  readonly lines: readonly LineJson[];
};

/** The URL of picture `index` (0-based). */
export type UrlOf = (index: number, facts: ImageFacts) => string;

/** How pictures are answered: as one JSON text or as a stream of events. */
export type AnswerForm = {
  readonly headers: Readonly<Record<string, string>>;
  readonly envelope: Envelope;
  /** What follows the last image. */
  readonly tail: (made: Finished, cost: CostSaid) => string;
};

/** Headers of a stream of events: never kept by whatever stands between. */
export const EVENT_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
} as const;

/** What every answer after the hold carries, good or not. */
export function soldHeaders({ receiptId, ceiling, route }: Sold): Record<string, string> {
  return {
    "x-receipt-id": receiptId,
    "x-cost-ceiling-usd": formatUsd(ceiling),
    ...(route === null ? {} : { "x-spotmeter-route": tieredName(route) }),
  };
}

/** `model:tier`, as `at_least` takes it. */
function tieredName({ chosen, quality }: RouteJson): string {
  return quality === null ? chosen : `${chosen}:${quality}`;
}

/** The end of a good answer: every header that is known by then, and what follows the last image. */
export function answerEnd(made: Finished, sold: Sold, form: AnswerForm): AnswerEnd {
  const total = made.late ? ZERO_USD : made.settlement.charge;
  const basis = made.late ? "none" : made.settlement.basis;
  const { margin } = sold;
  const lines = made.late ? [] : clientLines({ lines: made.settlement.lines, total, margin });
  return {
    headers: {
      ...form.headers,
      ...soldHeaders(sold),
      ...costHeaders(total),
      "x-cost-basis": basis,
      "x-litellm-total-tokens": totalTokens(made.settlement.items).toString(),
    },
    tail: Buffer.from(form.tail(made, { ...sold, total, basis, lines }), "utf8"),
  };
}

/** The cost in headers, for clients that show nothing else; the second name is read by gateways in front of us. */
export function costHeaders(total: PicoUsd): Record<string, string> {
  return { "x-cost-usd": formatUsd(total), "x-litellm-response-cost": formatUsd(total) };
}

/** The token total that a gateway in front of us records as spend. */
function totalTokens(items: readonly UsageItem[]): bigint {
  return items.reduce(
    (sum, item) => (item.meter.endsWith("_tokens") ? sum + item.quantity : sum),
    0n,
  );
}
