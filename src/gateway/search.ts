import { type Candidate, candidatesFor } from "../advisor/candidates.ts";
import type { Constraints } from "../advisor/constraints.ts";
import type { Market } from "../advisor/market.ts";
import type { Search } from "../advisor/requirements.ts";
import type { ChoiceAsked, ImageOrder, PromptMeasure } from "../gates/order.ts";
import { Refusal } from "../refusals.ts";
import {
  type ChoiceWords,
  knownRegions,
  readConstraints,
  tightened,
  withIds,
} from "./constraints.ts";
import { marketFor } from "./market.ts";
import type { PreparedFor } from "./prepared-for.ts";

/** The name that stands for whichever model is cheapest; a preset of the owner's stands behind a slash. */
const AUTO = "auto";
const PRESET = `${AUTO}/`;

/** An order, the market as its key sees it, and everything that could be chosen there. */
export type Looked = {
  readonly search: Search;
  readonly market: Market;
  readonly candidates: readonly Candidate[];
  readonly preset: string | null;
};

/** Whether an order leaves its model to be chosen. */
export function isChosen(model: string): boolean {
  return model === AUTO || model.startsWith(PRESET);
}

/** Every name under which a model is chosen here. */
export function chosenNames(presets: ReadonlyMap<string, ChoiceAsked>): readonly string[] {
  return [AUTO, ...[...presets.keys()].map((name) => PRESET + name)];
}

/**
 * Looks at every model for an order.
 *
 * @throws Refusal for an unknown preset, a word of the choice that means nothing here, or constraints that
 * contradict each other.
 */
export function lookAround(order: ImageOrder, prompt: PromptMeasure, by: PreparedFor): Looked {
  const source = { words: wordsOf(by), presets: by.deps.presets };
  const { preset, constraints } = asksOf(order, source);
  if (constraints.exactSize === true) assertSized(order, by);
  const asked = { order, prompt, margin: by.policy.margin };
  const market = marketFor(by, order.n);
  const candidates = candidatesFor(asked, market);
  return { search: { asked, constraints }, market, candidates, preset };
}

/** What a choice is read against, whoever asks: the words and the presets that there are. */
export type ChoiceSource = {
  readonly words: ChoiceWords;
  readonly presets: ReadonlyMap<string, ChoiceAsked>;
};

/**
 * What an order asks of the model that is chosen for it, its preset included.
 *
 * @throws Refusal as `lookAround` does.
 */
export function asksOf(
  { model, choice = {} }: ImageOrder,
  { words, presets }: ChoiceSource,
): { readonly preset: string | null; readonly constraints: Constraints } {
  if (!model.startsWith(PRESET)) {
    return { preset: null, constraints: readConstraints(choice, words) };
  }
  const preset = model.slice(PRESET.length);
  const asked = tightened(presetOf(model, presets), withIds(choice, words), { preset });
  return { preset, constraints: readConstraints(asked, words) };
}

function presetOf(model: string, presets: ChoiceSource["presets"]): ChoiceAsked {
  const found = presets.get(model.slice(PRESET.length));
  if (found !== undefined) return found;
  const allowed = chosenNames(presets);
  const sent = model.slice(0, 128);
  const there =
    presets.size === 0
      ? "this gateway has none; its owner writes them as routes in spotmeter.yaml"
      : `there are ${allowed.slice(1).join(", ")}`;
  const message = `model=${sent}: no such preset; ${there}`;
  throw new Refusal("unknown_model", message, { param: "model", sent, allowed });
}

function wordsOf({ deps }: PreparedFor): ChoiceWords {
  const { catalog, ratings, asOf, connections } = deps;
  const regions = knownRegions(
    catalog.models,
    connections.all.map(({ connection }) => connection),
  );
  return { catalog, ratings, asOf: asOf(), regions, at: "spotmeter" };
}

/** Pixels that nobody named can't be exact. */
function assertSized(order: ImageOrder, { policy, deps }: PreparedFor): void {
  const { size, aspectRatio, resolution } = order;
  const named = size !== undefined && size.kind !== "auto";
  const owners = policy.autoAs.size ?? deps.autoAs.size;
  if (named || aspectRatio !== undefined || resolution !== undefined || owners !== undefined) {
    return;
  }
  const why =
    "spotmeter.exact_size: no size is asked for; give size as WxH, or resolution with aspect_ratio";
  throw new Refusal("unsupported_combination", why, {
    param: "spotmeter.exact_size",
    sent: true,
    allowed: ["size", "resolution and aspect_ratio"],
  });
}
