import type { ImageOrder } from "../gates/order.ts";
import { sizeText } from "../gates/size.ts";
import { formatUsd, type PicoUsd, subtractUsd } from "../money/pico-usd.ts";
import { type Asked, type Candidate, candidatesFor } from "./candidates.ts";
import { type Constraints, capable } from "./constraints.ts";
import type { Market } from "./market.ts";

/** An order whose model is to be found, and what is asked of the choice. */
export type Search = { readonly asked: Asked; readonly constraints: Constraints };

/** One thing that is asked for, and the same search without it. */
export type Requirement = {
  /** As the images routes call it; constraints by their names in `spotmeter`. */
  readonly param: string;
  /** As it was asked, short enough to be said back; never a text of the caller's. */
  readonly value: unknown;
  readonly without: Search;
};

/** What one requirement costs. */
export type RequirementCost = Pick<Requirement, "param" | "value"> & {
  /** The cheapest that keeps all requirements; undefined where nothing does. */
  readonly with: Candidate | undefined;
  /** The cheapest that keeps all others; whoever keeps this one too is among them. */
  readonly without: Candidate | undefined;
  /** Expected price of the one minus that of the other, at least 0; undefined where either is missing. */
  readonly costs: PicoUsd | undefined;
};

/**
 * What each requirement of a search costs: the best with it minus the best without it, all others kept.
 *
 * @param best the cheapest that keeps all of them.
 */
export function requirementCosts(
  search: Search,
  market: Market,
  best: Candidate | undefined,
): readonly RequirementCost[] {
  return requirementsOf(search).map(({ param, value, without }) => {
    const cheaper = cheaperOf(best, cheapestOf(without, market));
    return { param, value, with: best, without: cheaper, costs: differenceOf(best, cheaper) };
  });
}

/** The cheapest capable candidate of a search; undefined where there is none. */
export function cheapestOf({ asked, constraints }: Search, market: Market): Candidate | undefined {
  return capable(candidatesFor(asked, market), constraints, market)[0];
}

/** Every requirement of a search: parameters of the order first, then constraints. */
export function requirementsOf(search: Search): readonly Requirement[] {
  return [...orderRequirements(search), ...constraintRequirements(search)];
}

/** What nobody asked for, but every choice keeps to unless it is allowed not to. */
export function cautionsOf({ asked, constraints }: Search): readonly Requirement[] {
  const lifted = (more: Constraints): Search => ({
    asked,
    constraints: { ...constraints, ...more },
  });
  return [
    ...(constraints.allowWeakPrices === true
      ? []
      : [
          {
            param: "allow_weak_prices",
            value: false,
            without: lifted({ allowWeakPrices: true }),
          },
        ]),
    ...(constraints.allowUnrated === true
      ? []
      : [{ param: "allow_unrated", value: false, without: lifted({ allowUnrated: true }) }]),
  ];
}

type OrderKey = keyof ImageOrder;

/** Parameters that models differ in: what they are called, what was asked, and what goes with them. */
const knobs: readonly {
  readonly param: string;
  readonly key: OrderKey;
  readonly along?: readonly OrderKey[];
  /** Undefined where it asks for nothing. */
  readonly ask: (order: ImageOrder) => unknown;
}[] = [
  { param: "image", key: "references", along: ["mask", "inputFidelity"], ask: referenceCount },
  { param: "mask", key: "mask", ask: ({ mask }) => mask && true },
  { param: "quality", key: "quality", ask: ({ quality }) => named(quality) },
  { param: "seed", key: "seed", ask: ({ seed }) => seed },
  { param: "background", key: "background", ask: ({ background }) => named(background) },
  {
    param: "negative_prompt",
    key: "negativePrompt",
    ask: ({ negativePrompt: text }) =>
      text === undefined ? undefined : `(${[...text].length} characters)`,
  },
  { param: "guidance_scale", key: "guidanceScale", ask: (order) => order.guidanceScale },
  {
    param: "output_format",
    key: "outputFormat",
    along: ["outputCompression"],
    ask: (order) => order.outputFormat,
  },
  {
    param: "output_compression",
    key: "outputCompression",
    ask: (order) => order.outputCompression,
  },
  { param: "input_fidelity", key: "inputFidelity", ask: (order) => order.inputFidelity },
  { param: "moderation", key: "moderation", ask: (order) => named(order.moderation) },
  { param: "watermark", key: "watermark", ask: ({ watermark }) => watermark || undefined },
  {
    param: "prompt_extend",
    key: "promptExtend",
    ask: (order) => order.promptExtend || undefined,
  },
  {
    param: "stream",
    key: "stream",
    along: ["partialImages"],
    ask: ({ stream }) => stream,
  },
  {
    param: "partial_images",
    key: "partialImages",
    ask: ({ partialImages }) => partialImages || undefined,
  },
];

function referenceCount({ references }: ImageOrder): unknown {
  if (references === undefined) return undefined;
  return `${references.length} reference${references.length === 1 ? "" : "s"}`;
}

/** `auto` asks for nothing. */
function named(value: string | undefined): string | undefined {
  return value === "auto" ? undefined : value;
}

function orderRequirements(search: Search): readonly Requirement[] {
  const { order } = search.asked;
  const without = (...keys: readonly OrderKey[]): Search => ({
    ...search,
    asked: { ...search.asked, order: leftOut(order, keys) },
  });
  const found = knobs.flatMap(({ param, key, along = [], ask }): Requirement[] => {
    const value = ask(order);
    return value === undefined ? [] : [{ param, value, without: without(key, ...along) }];
  });
  return [...sizeRequirements(search, without), ...found, ...oneCallRequirement(search)];
}

/** A size that is left open can't be an exact one either. */
function sizeRequirements(
  { asked: { order }, constraints }: Search,
  without: (...keys: readonly OrderKey[]) => Search,
): readonly Requirement[] {
  const { exactSize: _, ...rest } = constraints;
  const open = { ...without("size", "aspectRatio", "resolution"), constraints: rest };
  const { size, aspectRatio, resolution } = order;
  if (size !== undefined && size.kind !== "auto") {
    return [{ param: "size", value: sizeText(order), without: open }];
  }
  if (aspectRatio === undefined && resolution === undefined) return [];
  const param = resolution === undefined ? "aspect_ratio" : "resolution";
  const value = [resolution, aspectRatio].filter((each) => each !== undefined).join(" ");
  return [{ param, value, without: open }];
}

/** Several images by one call: without it each may be a call of its own. */
function oneCallRequirement({ asked, constraints }: Search): readonly Requirement[] {
  const { order } = asked;
  if (order.n === 1 || order.fanOut === true) return [];
  const spread = { ...asked, order: { ...order, fanOut: true as const } };
  return [{ param: "n", value: `${order.n} in one call`, without: { asked: spread, constraints } }];
}

/** The constraints by their names on the wire, and what was asked of each. */
const asks: readonly {
  readonly param: string;
  readonly key: keyof Constraints;
  readonly ask: (constraints: Constraints) => unknown;
}[] = [
  // The draft band takes anything.
  { param: "band", key: "band", ask: ({ band }) => (band === "draft" ? undefined : band) },
  {
    param: "at_least",
    key: "atLeast",
    ask: ({ atLeast }) => atLeast?.map(({ name }) => name).join(", "),
  },
  {
    param: "max_cost",
    key: "maxCost",
    ask: ({ maxCost }) => (maxCost === undefined ? undefined : formatUsd(maxCost)),
  },
  { param: "allow", key: "allow", ask: ({ allow }) => allow },
  { param: "deny", key: "deny", ask: ({ deny }) => deny },
  { param: "regions", key: "regions", ask: ({ regions }) => regions },
  { param: "exact_size", key: "exactSize", ask: ({ exactSize }) => exactSize },
  { param: "preset", key: "proven", ask: ({ proven }) => proven?.preset },
];

function constraintRequirements({ asked, constraints }: Search): readonly Requirement[] {
  return asks.flatMap(({ param, key, ask }) => {
    const value = ask(constraints);
    if (value === undefined) return [];
    return [{ param, value, without: { asked, constraints: leftOut(constraints, [key]) } }];
  });
}

/** The same object without some of its optional fields. */
function leftOut<T extends object>(object: T, keys: readonly (keyof T)[]): T {
  const copy = { ...object };
  for (const key of keys) delete copy[key];
  return copy;
}

function cheaperOf(
  one: Candidate | undefined,
  other: Candidate | undefined,
): Candidate | undefined {
  const [left, right] = [expectedOf(one), expectedOf(other)];
  if (left === undefined || right === undefined) return one ?? other;
  return right < left ? other : one;
}

function differenceOf(
  one: Candidate | undefined,
  other: Candidate | undefined,
): PicoUsd | undefined {
  const [left, right] = [expectedOf(one), expectedOf(other)];
  return left === undefined || right === undefined ? undefined : subtractUsd(left, right);
}

function expectedOf(candidate: Candidate | undefined): PicoUsd | undefined {
  return candidate?.priced?.quote.expected.total;
}
