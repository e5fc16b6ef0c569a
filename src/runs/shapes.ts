import { createHash } from "node:crypto";
import type { Constraints } from "../advisor/constraints.ts";
import { type Catalog, findModel, nearestName } from "../catalog/find.ts";
import type { ImageOrder } from "../gates/order.ts";
import type { LegacyAliases } from "../gateway/deps.ts";
import { asksOf, type ChoiceSource, isChosen } from "../gateway/search.ts";
import { orderIn } from "../http/order-fields.ts";
import { Refusal } from "../refusals.ts";
import { BadCell, choiceValue, meaningOf, parameterValue, shown, tagName } from "./columns.ts";
import { type GateBounds, gateBoundsOf } from "./gate-bounds.ts";
import type { Problems } from "./problems.ts";
import type { FileRecord } from "./records.ts";

/** What a row asks for beside its prompt and its pictures: the same for most rows of a file. */
export type Shape = {
  /** Its prompt is empty and it has no pictures: those are the row's own. */
  readonly order: ImageOrder;
  /** The same by the names of the API, as a request's body would have it: prompt, pictures, model and choice apart. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Model and choice by the same names. */
  readonly whom: Readonly<Record<string, unknown>>;
  /** What is asked of the model where it is to be chosen. */
  readonly constraints: Constraints | undefined;
  /** Two shapes with one key cost the same and pass the same gates. */
  readonly priceKey: string;
  /** Of everything that is asked for, the price or not. */
  readonly digest: string;
};

/** What shapes are read against. */
export type ShapeSource = ChoiceSource & {
  readonly legacy: LegacyAliases;
  /** Parameters of rows that say nothing of them, by their names in the API. */
  readonly defaults: Readonly<Record<string, unknown>>;
};

/** So many are remembered; a file whose rows all differ is read anew for each. */
const SHAPES_MAX = 20_000;

/** Reads the parameters of rows, each distinct set of them once. */
export class Shapes {
  readonly #source: ShapeSource;
  readonly #bounds: GateBounds;
  readonly #known = new Map<string, Shape>();
  readonly #kinds = new Map<string, CellKind>();

  constructor(source: ShapeSource) {
    this.#source = source;
    this.#bounds = gateBoundsOf(source.words.catalog);
  }

  get bounds(): GateBounds {
    return this.#bounds;
  }

  /** The shape of a row; undefined where it has problems, which are then told. */
  of(record: FileRecord, problems: Problems): Shape | undefined {
    const complain: Complain = (column, message) => problems.add(record.line, column, message);
    const { key, own } = this.#sorted(record);
    const shared = this.#known.get(key) ?? this.#shared(record, key, complain);
    if (own.size === 0) return shared;
    const cells = readCells(own, complain);
    return shared === undefined || cells === undefined
      ? undefined
      : this.#withOwn(shared, cells, complain);
  }

  #shared({ cells }: FileRecord, key: string, complain: Complain): Shape | undefined {
    const ofShape = [...cells].filter(([name]) => this.#kindOf(name) === "shared");
    const made = this.#make(new Map(ofShape), key, complain);
    if (made === undefined) return undefined;
    if (this.#known.size >= SHAPES_MAX) this.#known.clear();
    this.#known.set(key, made);
    return made;
  }

  /** Cells that most rows share, as the key of their shape, and those that every row may have of its own. */
  #sorted({ cells }: FileRecord): {
    readonly key: string;
    readonly own: ReadonlyMap<string, unknown>;
  } {
    let key = "";
    let own = NO_CELLS;
    for (const [name, cell] of cells) {
      const kind = this.#kindOf(name);
      if (kind === "own") own = new Map([...own, [name, cell]]);
      if (kind !== "shared") continue;
      // A text by its length: no value can look like the next column.
      const told = typeof cell === "string" ? `${cell.length}:${cell}` : JSON.stringify(cell);
      key += `${name}=${told},`;
    }
    return { key, own };
  }

  #kindOf(name: string): CellKind {
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const kind = cellKind(name);
    this.#kinds.set(name, kind);
    return kind;
  }

  /** What costs nothing and differs from row to row, put into the shape that it shares with others. */
  #withOwn(shared: Shape, { parameters, tags }: CellsRead, complain: Complain): Shape | undefined {
    const { seed, user } = parameters;
    const all = { ...shared.order.tags, ...tags };
    try {
      if (Object.keys(tags).length > 0) parameterValue("tags", all);
    } catch (cause) {
      if (!(cause instanceof BadCell)) throw cause;
      complain("tags", cause.message);
      return undefined;
    }
    // Named in the API as in the order.
    const brought = {
      ...(typeof seed === "number" ? { seed } : {}),
      ...(typeof user === "string" ? { user } : {}),
      ...(Object.keys(all).length === 0 ? {} : { tags: all }),
    };
    const order = { ...shared.order, ...brought };
    const passed = typeof seed === "number" ? ` seed ${this.#bounds.seed(seed)}` : "";
    const digest = `${shared.digest} ${JSON.stringify([seed, user, tags])}`;
    return {
      ...shared,
      order,
      parameters: { ...shared.parameters, ...brought },
      priceKey: shared.priceKey + passed,
      digest,
    };
  }

  #make(cells: ReadonlyMap<string, unknown>, key: string, complain: Complain): Shape | undefined {
    const asked = readCells(cells, complain);
    const { defaults, legacy } = this.#source;
    const { catalog } = this.#source.words;
    const model = modelOf(cells, asked, { ...defaults, complain });
    if (model === undefined || isUnknown(legacy.get(model) ?? model, catalog, complain))
      return undefined;
    if (asked === undefined) return undefined;
    const tags = { ...tagsOf(defaults["tags"]), ...asked.tags };
    const body = {
      ...defaults,
      ...asked.parameters,
      ...(Object.keys(tags).length === 0 ? {} : { tags }),
      model,
    };
    const choice = Object.keys(asked.choice).length === 0 ? {} : { spotmeter: asked.choice };
    try {
      const order = { ...orderIn({ ...body, ...choice, prompt: "x" }, legacy), prompt: "" };
      const constraints = isChosen(order.model)
        ? asksOf(order, this.#source).constraints
        : undefined;
      const priceKey = this.#priceKey(order, { ...body, ...choice });
      const digest = createHash("sha256").update(JSON.stringify(defaults)).update(key);
      const { model: _, ...parameters } = body;
      const whom = { model, ...choice };
      return { order, parameters, whom, constraints, priceKey, digest: digest.digest("hex") };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      complain(cause.details.param?.replace(/^spotmeter\./, "") ?? null, cause.message);
      return undefined;
    }
  }

  /** Seeds and negative prompts cost nothing, but gates look at them: rows on one side of every bound are alike. */
  #priceKey(order: ImageOrder, body: Readonly<Record<string, unknown>>): string {
    const { user: _, tags: __, seed, negative_prompt: negative, ...priced } = body;
    const classes = [
      seed === undefined ? null : this.#bounds.seed(order.seed ?? 0),
      negative === undefined ? null : this.#bounds.negativePrompt(order.negativePrompt ?? ""),
    ];
    return JSON.stringify([priced, classes]);
  }
}

type Complain = (column: string | null, message: string | (() => string)) => void;

/** Whether a cell is of a row's shape, and if so whether rows are likely to share it. */
type CellKind = "shared" | "own" | "other";

const NO_CELLS: ReadonlyMap<string, unknown> = new Map();

function cellKind(name: string): CellKind {
  const meaning = meaningOf(name);
  if (meaning === "tag" || name === "seed" || name === "user") return "own";
  return meaning === "parameter" || meaning === "choice" || meaning === "preset"
    ? "shared"
    : "other";
}

type CellsRead = {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly choice: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
};

/** Every cell as its column means it; undefined where any can't be. */
function readCells(cells: ReadonlyMap<string, unknown>, complain: Complain): CellsRead | undefined {
  const parameters: Record<string, unknown> = {};
  const choice: Record<string, unknown> = {};
  const tags: Record<string, string> = {};
  let sound = true;
  for (const [name, cell] of cells) {
    try {
      const meaning = meaningOf(name);
      if (meaning === "parameter") parameters[name] = parameterValue(name, cell);
      else if (meaning === "choice") choice[name] = choiceValue(name, cell);
      else if (meaning === "tag") tags[tagName(name)] = tagText(cell);
    } catch (cause) {
      if (!(cause instanceof BadCell)) throw cause;
      complain(name, cause.message);
      sound = false;
    }
  }
  return sound
    ? { parameters, choice, tags: { ...tagsOf(parameters["tags"]), ...tags } }
    : undefined;
}

function tagText(cell: unknown): string {
  if (typeof cell === "string" && cell.length <= 256) return cell;
  throw new BadCell(`${shown(cell)}: a tag is a text of at most 256 characters`);
}

function tagsOf(value: unknown): Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** The model that a row goes to, or the word that leaves it to be chosen; undefined where that can't be said. */
function modelOf(
  cells: ReadonlyMap<string, unknown>,
  asked: CellsRead | undefined,
  by: { readonly model?: unknown; readonly complain: Complain },
): string | undefined {
  const own = cells.get("model");
  const preset = cells.get("preset");
  if (preset !== undefined) return ofPreset(preset, own, by.complain);
  const chosen = asked === undefined ? [] : Object.keys(asked.choice);
  const model = own ?? by.model;
  const isNamed = typeof model === "string" && !isChosen(model);
  if (chosen.length > 0 && (isNamed || model === undefined)) {
    // A row's own words come before a flag's: it asks for a choice.
    if (own === undefined) return "auto";
    const message = `goes with model auto: ${shown(own)} is named, so that nothing is chosen`;
    for (const name of chosen) by.complain(name, message);
    return undefined;
  }
  if (model === undefined) by.complain("model", "missing: give a column model, or --model");
  // What isn't a text was complained of when its cell was read.
  return typeof model === "string" ? model : undefined;
}

function ofPreset(preset: unknown, own: unknown, complain: Complain): string | undefined {
  if (own === undefined && typeof preset === "string") return `auto/${preset}`;
  const message = own === undefined ? "not a name" : "goes without model: a preset chooses one";
  complain("preset", `${shown(preset)}: ${message}`);
  return undefined;
}

function isUnknown(model: string, catalog: Catalog, complain: Complain): boolean {
  if (isChosen(model) || findModel(catalog, model) !== undefined) return false;
  complain("model", () => {
    const nearest = nearestName(catalog, model);
    const hint =
      nearest === undefined ? "spotmeter models lists them" : `the nearest is ${nearest}`;
    return `${shown(model)}: no such model; ${hint}`;
  });
  return true;
}
