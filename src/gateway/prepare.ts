import { cheapest } from "../advisor/cheapest.ts";
import { type Quote, quoteEstimate } from "../billing/quote.ts";
import type { PricedFacts } from "../billing/rate.ts";
import { type AcceptedOrder, accept } from "../gates/accept.ts";
import type { ImageOrder, PromptMeasure } from "../gates/order.ts";
import { sizeText } from "../gates/size.ts";
import type { KeyPolicy } from "../ledger/accounts-port.ts";
import { Refusal } from "../refusals.ts";
import type { Deps } from "./deps.ts";
import { type CallableModel, findCallable } from "./find-model.ts";
import { measurePrompt } from "./prompt.ts";

/** An order that passed every gate, with its price: ready to be held for, or to be answered as a quote. */
export type Prepared = {
  readonly callable: CallableModel;
  readonly accepted: AcceptedOrder;
  readonly quote: Quote;
};

/** What of a caller a price depends on. */
export type Terms = Pick<KeyPolicy, "margin">;

/**
 * The part of the main path that spends nothing: find the model, pass its gates, price the worst case.
 *
 * @throws Refusal; one from a gate names the cheapest model that could do what was asked.
 */
export async function prepare(order: ImageOrder, terms: Terms, deps: Deps): Promise<Prepared> {
  const callable = findCallable(order.model, deps);
  const prompt = await measurePrompt(order.prompt);
  try {
    return price(order, callable, { prompt, terms });
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const suggestedModel = suggest(order, prompt, deps);
    throw suggestedModel === undefined ? cause : cause.with({ suggestedModel });
  }
}

function price(
  order: ImageOrder,
  callable: CallableModel,
  { prompt, terms }: { readonly prompt: PromptMeasure; readonly terms: Terms },
): Prepared {
  const accepted = accept(order, callable.model, prompt);
  const estimate = callable.connected.vendor.estimate(accepted);
  const facts = pricedFacts(accepted);
  const quote = quoteEstimate(callable.model, callable.price, {
    facts,
    n: BigInt(order.n),
    estimate,
    margin: terms.margin,
  });
  return { callable, accepted, quote };
}

/** The cheapest model here that could do the same order; undefined when none can. */
function suggest(order: ImageOrder, prompt: PromptMeasure, deps: Deps): string | undefined {
  const candidates = deps.catalog.models.flatMap((model) => {
    const prepared = tryPrice({ ...order, model: model.id }, prompt, deps);
    // A price that somebody guessed is no advice either.
    const guessed = prepared?.quote.expected.lines.some((line) => line.mark === "guess") ?? true;
    return prepared === undefined || guessed ? [] : [prepared.quote];
  });
  return cheapest(candidates)?.model.id;
}

function tryPrice(order: ImageOrder, prompt: PromptMeasure, deps: Deps): Prepared | undefined {
  try {
    const callable = findCallable(order.model, deps);
    // A model that warns of its end is no advice.
    if (callable.warnings.length > 0) return undefined;
    // Every model's price has the same margin on top: without it the order of prices is the same.
    return price(order, callable, { prompt, terms: { margin: null } });
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

/** What the price depends on beside usage: facts of the request as it goes out. */
function pricedFacts(accepted: AcceptedOrder): PricedFacts {
  const pixels = accepted.size.pixels;
  const size = pixels === undefined ? sizeText(accepted.order) : `${pixels.width}x${pixels.height}`;
  return {
    promptExtend: accepted.order.promptExtend ?? false,
    ...(accepted.quality === undefined ? {} : { quality: accepted.quality }),
    ...(size === undefined ? {} : { size }),
  };
}
