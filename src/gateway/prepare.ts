import { cheapest } from "../advisor/cheapest.ts";
import { quoteAccepted } from "../advisor/price-order.ts";
import type { Quote } from "../billing/quote.ts";
import { type AcceptedOrder, accept } from "../gates/accept.ts";
import type { ImageOrder, PromptMeasure, Translated } from "../gates/order.ts";
import { Refusal } from "../refusals.ts";
import { assertMayCall, mayCall } from "./allowed-models.ts";
import { applyAutoAs, type Resolved } from "./auto-as.ts";
import { choiceName } from "./choice-fields.ts";
import { type Choice, chooseModel } from "./choose-model.ts";
import { type CallableModel, findCallable, paceRefusal } from "./find-model.ts";
import { outputOrder, passUrls } from "./pictures-asked.ts";
import type { PreparedFor } from "./prepared-for.ts";
import { measurePrompt } from "./prompt.ts";
import type { OutputOrder } from "./put-outputs.ts";
import { isChosen, type Looked, lookAround } from "./search.ts";

/** An order that passed every gate, with its price: ready to be held for, or to be answered as a quote. */
export type Prepared = {
  readonly callable: CallableModel;
  /** As it goes to the vendor, the owner's defaults in it. */
  readonly accepted: AcceptedOrder;
  readonly quote: Quote;
  /** As it was sent by the caller. */
  readonly asked: ImageOrder;
  /** The owner's defaults that were applied, and what was chosen for the caller. */
  readonly resolved: readonly (Resolved | SaidInWords | Chosen)[];
  /** Where its pictures go that the caller keeps; undefined where it keeps none. */
  readonly output: OutputOrder | undefined;
  /** Where the model was left to be chosen: why this one, and how the next would be prepared. */
  readonly chosen?: ChosenFor;
};

/** A choice, and the request that it was made for. */
type ChosenFor = {
  readonly choice: Choice;
  readonly looked: Looked;
  readonly asking: Asking;
  /** Candidates that came first and on which nothing was spent, in sentences. */
  readonly falls: readonly string[];
};

/** What `model: "auto"` left to be chosen. */
type Chosen = {
  readonly param: "model" | "quality";
  readonly asked: string | null;
  readonly sent: string;
  readonly by: "auto";
};

/** What the owner lets stand for words of a model that is gone. */
type SaidInWords = Translated & { readonly by: "config" };

/**
 * The part of the main path that spends nothing: find the model, apply the owner's defaults, pass the
 * model's gates, price the worst case.
 *
 * @throws Refusal; one from a gate names the cheapest model that could do what was asked.
 */
export async function prepare(order: ImageOrder, by: PreparedFor): Promise<Prepared> {
  if (isChosen(order.model)) return await prepareChosen(order, by);
  refuseChoice(order);
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

async function prepareChosen(order: ImageOrder, by: PreparedFor): Promise<Prepared> {
  passUrls(order, by.policy);
  const prompt = await measurePrompt(order.prompt);
  const looked = lookAround(order, prompt, by);
  const asking = { order, prompt, by };
  return priceChosen({ choice: chooseModel(looked), looked, asking, falls: [] });
}

/**
 * Gates and quotes the model that was chosen, as if the caller had named it and its tier.
 *
 * @throws Refusal where it can't be ordered any more.
 */
export function priceChosen(chosen: ChosenFor): Prepared {
  const { candidate, route } = chosen.choice;
  const { by, order } = chosen.asking;
  const model = candidate.model.id;
  const said: Chosen[] = [{ param: "model", asked: route.requested, sent: model, by: "auto" }];
  const named = { ...order, model };
  const { order: withDefaults } = applyAutoAs(named, candidate.model, defaultsOf(by));
  const { quality } = candidate;
  const open = quality !== null && withDefaults.quality !== quality;
  if (open)
    said.push({ param: "quality", asked: order.quality ?? null, sent: quality, by: "auto" });
  const prepared = price(findCallable(model, by), {
    ...chosen.asking,
    order: open ? { ...named, quality } : named,
  });
  return { ...prepared, asked: order, resolved: [...said, ...prepared.resolved], chosen };
}

/** @throws Refusal for constraints of a choice where the model is named. */
function refuseChoice({ model, choice }: ImageOrder): void {
  // False asks for nothing.
  const [first] = Object.entries(choice ?? {}).flatMap(([key, value]) =>
    value === false ? [] : key,
  );
  if (first === undefined) return;
  const param = `spotmeter.${choiceName(first)}`;
  const why = `${param}: it chooses among models, and model=${model} names one; send model "auto"`;
  throw new Refusal("unsupported_combination", why, { param, allowed: { model: ["auto"] } });
}

function defaultsOf({ policy, deps }: PreparedFor) {
  return { policy: policy.autoAs, config: deps.autoAs };
}

function price(callable: CallableModel, { order: asked, prompt, by }: Asking): Prepared {
  const { order, resolved } = applyAutoAs(asked, callable.model, defaultsOf(by));
  const accepted = accept(order, callable.model, prompt);
  const pace = paceRefusal(order.n, callable);
  if (pace !== undefined) throw pace;
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
