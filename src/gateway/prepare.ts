import { cheapest } from "../advisor/cheapest.ts";
import { quoteAccepted } from "../advisor/price-order.ts";
import type { Quote } from "../billing/quote.ts";
import { type AcceptedOrder, accept } from "../gates/accept.ts";
import type { ImageOrder, PromptMeasure, Translated } from "../gates/order.ts";
import type { KeyPolicy } from "../ledger/accounts-port.ts";
import { Refusal } from "../refusals.ts";
import { assertMayCall, mayCall } from "./allowed-models.ts";
import { applyAutoAs, type Resolved } from "./auto-as.ts";
import { carries } from "./connected-vendor.ts";
import type { Deps } from "./deps.ts";
import { type CallableModel, findCallable } from "./find-model.ts";
import { outputOrder, passUrls } from "./pictures-asked.ts";
import { measurePrompt } from "./prompt.ts";
import type { OutputOrder } from "./put-outputs.ts";

/** An order that passed every gate, with its price: ready to be held for, or to be answered as a quote. */
export type Prepared = {
  readonly callable: CallableModel;
  /** As it goes to the vendor, the owner's defaults in it. */
  readonly accepted: AcceptedOrder;
  readonly quote: Quote;
  /** As it was sent by the caller. */
  readonly asked: ImageOrder;
  /** The owner's defaults that were applied. */
  readonly resolved: readonly (Resolved | SaidInWords)[];
  /** Where its pictures go that the caller keeps; undefined where it keeps none. */
  readonly output: OutputOrder | undefined;
};

/** What the owner lets stand for words of a model that is gone. */
type SaidInWords = Translated & { readonly by: "config" };

/** What the owner of a key has set about orders and their price. */
export type OrderPolicy = Pick<KeyPolicy, "autoAs" | "settings" | "margin" | "retain">;

/** What preparing needs beside the order. */
export type PreparedFor = {
  readonly deps: Deps;
  /** The account's id and those of all above it: which connections it may use. */
  readonly accountPath: readonly string[];
  /** Of the key that asks. */
  readonly policy: OrderPolicy;
};

/**
 * The part of the main path that spends nothing: find the model, apply the owner's defaults, pass the
 * model's gates, price the worst case.
 *
 * @throws Refusal; one from a gate names the cheapest model that could do what was asked.
 */
export async function prepare(order: ImageOrder, by: PreparedFor): Promise<Prepared> {
  const callable = findCallable(order.model, by);
  assertMayCall(by.policy, callable.model, order.model);
  passUrls(order, by.policy);
  const prompt = await measurePrompt(order.prompt);
  const asking: Asking = { order, prompt, by };
  try {
    return price(callable, asking);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const suggestedModel = suggest(asking);
    throw suggestedModel === undefined ? cause : cause.with({ suggestedModel });
  }
}

/** One request, whichever model is looked at for it. */
type Asking = {
  readonly order: ImageOrder;
  readonly prompt: PromptMeasure;
  readonly by: PreparedFor;
};

function price(callable: CallableModel, { order: asked, prompt, by }: Asking): Prepared {
  const defaults = { policy: by.policy.autoAs, config: by.deps.autoAs };
  const { order, resolved } = applyAutoAs(asked, callable.model, defaults);
  const accepted = accept(order, callable.model, prompt);
  passPace(order.n, callable);
  const { model, price, vendor } = callable;
  const priceable = { model, price, estimate: vendor.estimate };
  const quote = quoteAccepted(accepted, priceable, by.policy.margin);
  const output = outputOrder(order, { policy: by.policy, model: callable.model.id }, by.deps);
  return inWords({ callable, accepted, quote, asked, resolved, output });
}

/** With what was put in today's words: the owner let it. */
function inWords(prepared: Prepared): Prepared {
  const { callable, asked, resolved } = prepared;
  const { translated = [] } = asked;
  if (translated.length === 0) return prepared;
  const said = translated.map((each) => ({ ...each, by: "config" as const }));
  const without = translated.filter(({ sent }) => sent === null);
  const warnings = without.map(
    ({ param, asked: value }) =>
      `${param}=${value} has no effect: ${callable.model.id} has nothing like it`,
  );
  return {
    ...prepared,
    callable: { ...callable, warnings: [...callable.warnings, ...warnings] },
    resolved: [...said, ...resolved],
  };
}

/** A call of more images than any connection sends in a minute would wait for ever. */
function passPace(n: number, { connections }: CallableModel): void {
  if (connections.some((connected) => carries(connected, n))) return;
  const most = Math.max(...connections.map(({ pace }) => pace.imagesPerMinute ?? n));
  const why = `n=${n}: the connections to this model's vendor send at most ${most} images a minute`;
  throw new Refusal("unsupported_n", why, { param: "n", sent: n, allowed: most });
}

/** The cheapest model here that could do the same order for this key; undefined when none can. */
function suggest(asking: Asking): string | undefined {
  const { order, by } = asking;
  const candidates = by.deps.catalog.models.flatMap((model) => {
    if (!mayCall(by.policy, model)) return [];
    const prepared = tryPrice({ ...asking, order: { ...order, model: model.id } });
    // A price that somebody guessed is no advice either.
    const guessed = prepared?.quote.expected.lines.some((line) => line.mark === "guess") ?? true;
    return prepared === undefined || guessed ? [] : [prepared.quote];
  });
  return cheapest(candidates)?.model.id;
}

function tryPrice(asking: Asking): Prepared | undefined {
  try {
    const callable = findCallable(asking.order.model, asking.by);
    // A model that warns of its end is no advice.
    return callable.warnings.length > 0 ? undefined : price(callable, asking);
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}
