import { quoteEstimate } from "../../billing/quote.ts";
import { priceAt } from "../../catalog/find.ts";
import type { Model, PriceVersion } from "../../catalog/schema.ts";
import { accept } from "../../gates/accept.ts";
import type { ImageOrder } from "../../gates/order.ts";
import { parsePixels, sizeText } from "../../gates/size.ts";
import type { JsonValue } from "../../json.ts";
import { type PicoUsd, sumUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import { registrations } from "../../vendors/registry.ts";
import type { PlannedCall } from "./evidence.ts";
import { squareReference } from "./laws.ts";
import { type Prompt, type probePrompts, squarePng } from "./pieces.ts";

type Prompts = Awaited<ReturnType<typeof probePrompts>>;

/** The calls for one model, with what they cost by the catalog. */
export type ModelPlan = {
  readonly model: Model;
  /** As the target calls it. */
  readonly name: string;
  readonly price: PriceVersion;
  readonly calls: readonly PlannedCall[];
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** Sizes that are tried where a model takes any; none is square, so that a dropped size shows. */
const SHAPES = [
  ...["1408x480", "1024x640", "1152x640", "1280x720", "1344x768", "1536x1024", "1920x1088"],
  ...["2048x1152", "2304x1728", "2560x1440", "3072x1536", "3136x1344"],
];
const EDGES = [256, 384, 512, 1_024];
const IMPOSSIBLE_SIZE = "504x504";
const IMPOSSIBLE_PARAMS = ["seed", "negative_prompt", "guidance_scale"] as const;
const TIERS = ["xhigh", "max", "high", "ultra"];
const NO_SUCH_MODEL = "no-such-model-probe";

/**
 * Plans the cheapest calls that answer the most questions about a model.
 *
 * @returns undefined when the catalog has no price for it on that day, or nothing can be made of it.
 */
export function planModel(
  { model, name }: Pick<ModelPlan, "model" | "name">,
  prompts: Prompts,
  day: string,
): ModelPlan | undefined {
  const price = priceAt(model, day);
  if (price === undefined) return undefined;
  const planner = plannerOf({ model, name }, price, prompts);
  const plain = planner.plain();
  if (plain === undefined) return undefined;
  const calls = [...callsFor(planner, plain)];
  return {
    ...{ model, name, price, calls },
    expected: sumUsd(calls.map((call) => call.expected)),
    ceiling: sumUsd(calls.map((call) => call.ceiling)),
  };
}

/** Parts of a body that all calls of a model share. */
type Plain = Pick<ImageOrder, "size" | "quality">;

type Planner = {
  readonly model: Model;
  readonly name: string;
  readonly price: PriceVersion;
  readonly prompts: Prompts;
  /** The cheapest order that is not square. */
  readonly plain: () => Plain | undefined;
  /** Prices an order; undefined when the model can't do it. */
  readonly quote: (order: Partial<ImageOrder>, prompt: Prompt) => Priced | undefined;
};

type Priced = { readonly expected: PicoUsd; readonly ceiling: PicoUsd };

function plannerOf(
  { model, name }: Pick<ModelPlan, "model" | "name">,
  price: PriceVersion,
  prompts: Prompts,
): Planner {
  const vendor = registrations.find((each) => each.vendor.id === model.vendor)?.vendor;
  const quote: Planner["quote"] = (part, prompt) => {
    const order: ImageOrder = { n: 1, ...part, model: model.id, prompt: prompt.text };
    try {
      const accepted = accept(order, model, prompt.measure);
      if (vendor === undefined) return undefined;
      const { pixels } = accepted.size;
      const size = pixels === undefined ? sizeText(order) : `${pixels.width}x${pixels.height}`;
      const facts = {
        promptExtend: false,
        ...(accepted.quality === undefined ? {} : { quality: accepted.quality }),
        ...(size === undefined ? {} : { size }),
      };
      const estimate = vendor.estimate(accepted);
      const quoted = quoteEstimate(model, price, { facts, n: BigInt(order.n), estimate });
      return { expected: quoted.expected.total, ceiling: quoted.ceiling.total };
    } catch (cause) {
      if (cause instanceof Refusal) return undefined;
      throw cause;
    }
  };
  return { model, name, price, prompts, quote, plain: () => cheapestPlain(model, prompts, quote) };
}

function cheapestPlain(model: Model, { short }: Prompts, quote: Planner["quote"]) {
  const tiers = model.capabilities.quality?.tiers ?? [undefined];
  const candidates = [...sizesOf(model), undefined].flatMap((pixels) =>
    tiers.flatMap((quality) => {
      const plain: Plain = {
        ...(pixels === undefined ? {} : { size: { kind: "pixels", ...parsePixels(pixels) } }),
        ...(quality === undefined ? {} : { quality }),
      };
      const priced = quote(plain, short);
      return priced === undefined
        ? []
        : [{ plain, cost: priced.expected, sized: pixels !== undefined }];
    }),
  );
  // Without a size nothing can be said of sizes: only where no exact one can be asked for.
  const sized = candidates.filter((each) => each.sized);
  const pool = sized.length > 0 ? sized : candidates;
  return pool.toSorted((left, right) => compare(left.cost, right.cost))[0]?.plain;
}

function compare(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Exact sizes that are not square, smallest first. */
function sizesOf({ capabilities }: Model): readonly string[] {
  const { exact, labels } = capabilities.sizes;
  const cells = Object.values(labels).flatMap(({ byRatio }) => Object.values(byRatio));
  const all = exact.kind === "list" ? exact.values : [...SHAPES, ...cells.flatMap((c) => c ?? [])];
  const area = (text: string): number => {
    const { width, height } = parsePixels(text);
    return width * height;
  };
  return all
    .filter((text) => text.split("x")[0] !== text.split("x")[1])
    .toSorted((left, right) => area(left) - area(right));
}

function* callsFor(planner: Planner, plain: Plain): Generator<PlannedCall> {
  yield* paidCalls(planner, plain);
  yield* editCalls(planner, plain);
  yield* refusedCalls(planner, plain);
}

function* paidCalls(planner: Planner, plain: Plain): Generator<PlannedCall> {
  const { short, long } = planner.prompts;
  const base = { planner, order: plain, prompt: short, intent: `probe-${planner.name}` } as const;
  yield* call("base", "size, tokens of the cheapest tier, price", base);
  const first = planner.quote(plain, short);
  if (first !== undefined) {
    yield* call("repeat", "the same Idempotency-Key again: must cost nothing", {
      ...base,
      priced: { expected: ZERO_USD, ceiling: first.ceiling },
    });
  }
  const other = otherFormat(planner.model);
  const tier = secondTier(planner, plain);
  const varied = { ...plain, ...(tier === undefined ? {} : { quality: tier }), ...other };
  if (tier !== undefined || other !== undefined) {
    yield* call("tier", "tokens of another tier, output format", {
      planner,
      order: varied,
      prompt: short,
    });
  }
  const { imagesPerCallMax, background } = planner.model.capabilities;
  const clear = background?.values.includes("transparent") === true;
  if (imagesPerCallMax > 1 || clear) {
    const several = {
      ...plain,
      n: imagesPerCallMax > 1 ? 2 : 1,
      ...(clear ? { background: "transparent" } : {}),
    };
    yield* call("several", "n, what n costs, background", {
      planner,
      order: several,
      prompt: short,
    });
  }
  if (planner.price.terms.some(({ meter }) => meter === "cached_text_input_tokens")) {
    yield* call("long_1", "a long prompt by its tokens", { planner, order: plain, prompt: long });
    yield* call("long_2", "the same again: nothing is cached", {
      planner,
      order: plain,
      prompt: long,
    });
  }
}

function* editCalls(planner: Planner, plain: Plain): Generator<PlannedCall> {
  const { short } = planner.prompts;
  const edge = EDGES.find(
    (each) => planner.quote({ ...plain, references: [squareReference(each)] }, short) !== undefined,
  );
  if (edge === undefined) return;
  const references: NonNullable<ImageOrder["references"]> = [squareReference(edge)];
  const order = { ...plain, references };
  const files = { imageEdge: edge };
  yield* call("edit", "image tokens in, and their rate", { planner, order, prompt: short, files });
  const made = planner.quote(order, short);
  if (planner.model.capabilities.mask === undefined || made === undefined) return;
  yield* call("mask", "a mask of other pixels than the picture: must be refused", {
    ...{ planner, order, prompt: short },
    files: { imageEdge: edge, maskEdge: edge / 2 },
    priced: { expected: ZERO_USD, ceiling: made.ceiling },
    impossible: "mask",
  });
}

function* refusedCalls(planner: Planner, plain: Plain): Generator<PlannedCall> {
  const { short } = planner.prompts;
  const { model } = planner;
  const refused = (order: Plain) => ({
    ...{ planner, order, prompt: short },
    // Made all the same, what it can't do is left out: the dearest that the rest may become.
    priced: { expected: ZERO_USD, ceiling: planner.quote(order, short)?.ceiling ?? ZERO_USD },
  });
  const { size: _size, ...unsized } = plain;
  const { quality: _quality, ...untiered } = plain;
  const odd = { size: { kind: "pixels", width: 504, height: 504 } } as const;
  if (planner.quote({ ...unsized, ...odd }, short) === undefined) {
    const about = `size ${IMPOSSIBLE_SIZE}, which it can't make: must be refused`;
    const more = { size: IMPOSSIBLE_SIZE };
    yield* call("impossible_size", about, { ...refused(unsized), impossible: "size", more });
  }
  const tiers = model.capabilities.quality?.tiers ?? [];
  const tier = TIERS.find((each) => !tiers.includes(each));
  if (tiers.length > 0 && tier !== undefined) {
    const about = `quality ${tier}, which it doesn't have: must be refused`;
    const more = { quality: tier };
    yield* call("impossible_quality", about, { ...refused(untiered), impossible: "quality", more });
  }
  const param = IMPOSSIBLE_PARAMS.find((name) => !canDo(model, name));
  if (param !== undefined) {
    const about = `${param}, which it doesn't know: must be refused`;
    const more = { [param]: param === "negative_prompt" ? "a spoon" : 7 };
    yield* call("impossible_parameter", about, { ...refused(plain), impossible: param, more });
  }
  const more = { model: NO_SUCH_MODEL };
  const about = "a model that nobody has: must be refused, and cost nothing";
  yield* call("no_such_model", about, { ...refused(plain), impossible: "model", more });
}

function canDo({ capabilities }: Model, name: (typeof IMPOSSIBLE_PARAMS)[number]): boolean {
  switch (name) {
    case "seed":
      return capabilities.seed !== undefined;
    case "negative_prompt":
      return capabilities.negativePrompt !== undefined;
    case "guidance_scale":
      return capabilities.guidanceScale !== undefined;
    default:
      return name satisfies never;
  }
}

/** The next dearer tier: the cheapest alone is the same on several models. */
function secondTier(planner: Planner, plain: Plain): string | undefined {
  const { tiers = [] } = planner.model.capabilities.quality ?? {};
  const priced = tiers.flatMap((quality) => {
    const quoted = planner.quote({ ...plain, quality }, planner.prompts.short);
    return quoted === undefined || quality === plain.quality ? [] : [{ quality, ...quoted }];
  });
  return priced.toSorted((left, right) => compare(left.expected, right.expected))[0]?.quality;
}

/** The lightest format that the model doesn't make by itself. */
function otherFormat({ capabilities }: Model): { readonly outputFormat: string } | undefined {
  const { values, omitted, selectable } = capabilities.outputFormats;
  const outputFormat = ["jpeg", "webp", "png"].find(
    (each) => each !== omitted && values.includes(each),
  );
  return selectable && outputFormat !== undefined ? { outputFormat } : undefined;
}

type CallParts = {
  readonly planner: Planner;
  readonly order: Partial<ImageOrder>;
  readonly prompt: Prompt;
  readonly files?: NonNullable<PlannedCall["files"]>;
  readonly intent?: string;
  readonly impossible?: string;
  /** Instead of what the order costs. */
  readonly priced?: Priced;
  /** Fields that replace the order's. */
  readonly more?: PlannedCall["fields"];
};

/** Nothing when the model can't do the order: the question is not asked then. */
function* call(id: string, about: string, parts: CallParts): Generator<PlannedCall> {
  const { planner, order, prompt, files, intent, impossible } = parts;
  const priced = parts.priced ?? planner.quote(order, prompt);
  if (priced === undefined) return;
  const { size, quality, n = 1 } = order;
  yield {
    ...{ id, about },
    route: files === undefined ? "generations" : "edits",
    fields: { ...fieldsOf(planner.name, order, prompt), ...parts.more },
    ...(files === undefined ? {} : { files }),
    ...(intent === undefined ? {} : { intent }),
    expects: impossible === undefined ? "pictures" : "refusal",
    ...(impossible === undefined ? {} : { impossible }),
    asked: {
      ...{ n, prompt: prompt.measure },
      ...(size?.kind === "pixels" ? { size: { width: size.width, height: size.height } } : {}),
      ...(quality === undefined ? {} : { quality }),
    },
    ...priced,
  };
}

/** As OpenAI's contract has them. */
function fieldsOf(name: string, order: Partial<ImageOrder>, prompt: Prompt): PlannedCall["fields"] {
  const size = sizeText({ model: name, prompt: "", n: 1, ...order });
  const said: readonly (readonly [string, JsonValue | undefined])[] = [
    ["quality", order.quality],
    ["size", size],
    ["n", order.n],
    ["background", order.background],
    ["output_format", order.outputFormat],
  ];
  const fields = said.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { model: name, prompt: prompt.text, ...Object.fromEntries(fields) };
}

/** The files of a call, made anew: they weigh a few hundred bytes. */
export function filesOf({ files }: PlannedCall): readonly (readonly [string, Buffer])[] {
  if (files === undefined) return [];
  const mask =
    files.maskEdge === undefined ? [] : [["mask", squarePng(files.maskEdge, true)] as const];
  return [["image", squarePng(files.imageEdge, false)], ...mask];
}
