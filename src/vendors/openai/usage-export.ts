import {
  bad,
  count,
  day,
  dollars,
  fieldAt,
  reading,
  sizeOrNull,
  text,
  textOrNull,
} from "../../imports/fields.ts";
import { isFields } from "../../imports/json-records.ts";
import type {
  BadRecord,
  Fields,
  PastUsage,
  SourceRecord,
  UsageFound,
  UsageReader,
} from "../../imports/port.ts";
import { addUsd, type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";

/**
 * What OpenAI's organisation endpoints say of the past, as their JSON pages: `GET /v1/organization/usage/images`
 * (pictures by day, model, size, source, project, key) and `GET /v1/organization/costs` (dollars by day, line
 * item, project). Neither says the quality; the first has no dollars, the second no pictures: both together,
 * joined by day, model and, where the costs tell it, project and key.
 *
 * Fields: OpenAPI spec 2.3.0 and openai-node's types of both results [spec], read 2026-11-26; `api_key_id` of
 * costs from the example answer of openai-go's page, `quantity` from other people's tests [third]. Line items
 * are written "gpt-image-2 image, output", "gpt-image-2 text, input" in two such tests [third]: no page of the
 * vendor lists them. That gpt-image models are counted by the images endpoint, and not by completions, is said
 * nowhere [guess].
 */
export const openaiUsageReader: UsageReader = {
  id: "openai",
  forms: ["pages"],
  known: [
    ...[
      "data",
      "has_more",
      "next_page",
      "object",
      "start_time",
      "end_time",
      "start_time_iso",
      "end_time_iso",
    ],
    ...["results.object", "results.images", "results.num_model_requests", "results.source"],
    ...["results.size", "results.project_id", "results.user_id", "results.api_key_id"],
    ...["results.model", "results.amount", "results.line_item", "results.quantity"],
    ...["results.organization_id", "results.organization_name", "results.project_name"],
  ],
  required: [],
  read: readPages,
};

const IMAGES = "organization.usage.images.result";
const COSTS = "organization.costs.result";

/** What both endpoints tell apart, once it is known which of it the costs tell. */
type Join = { readonly day: string; readonly model: string; readonly project: string | null } & {
  readonly apiKey: string | null;
};

type Cost = Join & { readonly output: PicoUsd | null; readonly total: PicoUsd };

async function* readPages(records: AsyncIterable<SourceRecord>): AsyncGenerator<UsageFound> {
  const uses: { readonly join: Join; readonly part: PastUsage }[] = [];
  const costs: Cost[] = [];
  const pages = new Pages();
  for await (const record of records) {
    if (record.fields["object"] === "page") {
      pages.end(record);
      continue;
    }
    for (const found of resultsOf(record)) {
      if (!("join" in found)) yield found;
      else if ("part" in found) uses.push(found);
      else costs.push(found.cost);
      pages.see("join" in found && "cost" in found ? "costs" : "usage");
    }
  }
  yield* pages.missing();
  yield* joined(uses, costs);
}

/** A page that says that there is more is half of an answer, unless another one of its kind follows. */
class Pages {
  #kind = "";
  readonly #open = new Map<string, BadRecord>();

  see(kind: "usage" | "costs"): void {
    this.#kind = kind;
  }

  end({ file, line, fields }: SourceRecord): void {
    this.#open.delete(this.#kind);
    if (fields["has_more"] !== true) return;
    const next = String(fields["next_page"]);
    const why = `true: the page after it is missing; ask with page=${next} and give that file too`;
    this.#open.set(this.#kind, { kind: "bad", file, line, column: "has_more", why });
  }

  missing(): Iterable<BadRecord> {
    return this.#open.values();
  }
}

type Result =
  | UsageFound
  | { readonly join: Join; readonly part: PastUsage }
  | { readonly join: Join; readonly cost: Cost };

function resultsOf(record: SourceRecord): readonly Result[] {
  const results = record.fields["results"] ?? record.fields["result"];
  if (!Array.isArray(results)) {
    return [reading(record, () => bad("results", results, "an array of results"))];
  }
  return results.map((result) =>
    reading(record, () => {
      if (!isFields(result)) return bad("results", result, "an object");
      return resultOf({ ...result, start_time: record.fields["start_time"] ?? null });
    }),
  );
}

function resultOf(fields: Fields): Result {
  const object = text(fields, "object");
  if (object === COSTS) return costOf(fields);
  if (object === IMAGES) return useOf(fields);
  const images = null;
  return { kind: "left_out", reason: "not_images", images, dollars: null };
}

function useOf(fields: Fields): Result {
  const images = count(fields, "images", 0);
  const project = textOrNull(fields, "project_id");
  const apiKey = textOrNull(fields, "api_key_id");
  const part: PastUsage = {
    day: day(fields, "start_time"),
    model: textOrNull(fields, "model") ?? bad("model", null, "there: ask with group_by=model"),
    key: apiKey ?? project,
    requests: count(fields, "num_model_requests", 0) || null,
    images,
    size: sizeOrNull(fields, "size"),
    quality: null,
    promptTokens: null,
    outputTokens: null,
  };
  if (images === 0) return { kind: "left_out", reason: "not_images", images, dollars: null };
  const source = textOrNull(fields, "source");
  if (source !== null && source !== "image.generation") {
    return { kind: "left_out", reason: "edits", images, dollars: null };
  }
  const { day: on, model } = part;
  return { join: { day: on, model, project, apiKey }, part };
}

function costOf(fields: Fields): Result {
  const on = day(fields, "start_time");
  const amount = fieldAt(fields, "amount");
  if (!isFields(amount)) return bad("amount", amount, "an object with value and currency");
  const total = dollars(fields, "amount.value");
  const currency = textOrNull(fields, "amount.currency") ?? "usd";
  if (currency.toLowerCase() !== "usd") {
    return { kind: "left_out", reason: "other_currency", images: null, dollars: null };
  }
  const item = textOrNull(fields, "line_item");
  // A line item begins with the model's name; what follows says which of its meters.
  const model = /^[^\s,]+/.exec(item ?? "")?.[0];
  if (item === null || model === undefined || !/image/i.test(item)) {
    return { kind: "left_out", reason: "not_images", images: null, dollars: total };
  }
  if (/batch/i.test(item)) {
    return { kind: "left_out", reason: "batch", images: null, dollars: total };
  }
  const join = {
    ...{ day: on, model },
    project: textOrNull(fields, "project_id"),
    apiKey: textOrNull(fields, "api_key_id"),
  };
  const output = /image.*output/i.test(item.slice(model.length)) ? total : null;
  return { join, cost: { ...join, output, total } };
}

/** Pictures with their dollars; each without the other is left out. */
function* joined(
  uses: readonly { readonly join: Join; readonly part: PastUsage }[],
  costs: readonly Cost[],
): Generator<UsageFound> {
  const byProject = costs.some(({ project }) => project !== null);
  const byKey = costs.some(({ apiKey }) => apiKey !== null);
  const nameOf = ({ day: on, model, project, apiKey }: Join): string =>
    JSON.stringify([on, model, byProject ? project : null, byKey ? apiKey : null]);
  const groups = new Map<string, { parts: PastUsage[]; costs: Cost[] }>();
  const groupOf = (join: Join) => {
    const name = nameOf(join);
    const group = groups.get(name) ?? { parts: [], costs: [] };
    groups.set(name, group);
    return group;
  };
  for (const { join, part } of uses) groupOf(join).parts.push(part);
  for (const cost of costs) groupOf(cost).costs.push(cost);
  for (const group of groups.values()) yield together(group);
}

function together(
  group: { readonly parts: readonly PastUsage[] } & { readonly costs: readonly Cost[] },
): UsageFound {
  const [first, ...others] = group.parts;
  const images = group.parts.reduce((sum, part) => sum + (part.images ?? 0), 0);
  const total = group.costs.reduce((sum, cost) => addUsd(sum, cost.total), ZERO_USD);
  const outputs = group.costs.flatMap(({ output }) => output ?? []);
  if (group.costs.length === 0) {
    return { kind: "left_out", reason: "no_dollars", images, dollars: null };
  }
  if (first === undefined) {
    return { kind: "left_out", reason: "no_usage", images: null, dollars: total };
  }
  return {
    kind: "usage",
    parts: [first, ...others],
    dollars: total,
    outputDollars: outputs.length === 0 ? null : outputs.reduce(addUsd, ZERO_USD),
  };
}
