import { z } from "zod";
import { wholeUnits, writtenDecimal } from "../../bills/amount.ts";
import { BillComposer } from "../../bills/compose.ts";
import { dayAt } from "../../bills/day.ts";
import type { BillContext, BillFormat, ReadBill } from "../../bills/format.ts";
import { modelNamed, tokenMeterIn } from "../../bills/labels.ts";
import type { CountLine } from "../../bills/line.ts";
import { parseExactJson } from "../../text/exact-json.ts";

/**
 * OpenAI's own account of what an organisation spent, as its administration API answers:
 *
 * - `GET /v1/organization/costs?group_by[]=line_item` (and `project_id`, `api_key_id`): buckets of a day with
 *   `results[]{object: "organization.costs.result", amount{value, currency}, line_item, project_id}` [spec,
 *   API reference "Usage", read 2026-11-26 through public mirrors]. `value` is a JSON number with up to
 *   sixteen decimals, or a string; buckets begin at midnight UTC [seen, a published export of 2025-10-12].
 * - `GET /v1/organization/usage/images?group_by[]=model`: `results[]{object: "organization.usage.images.result",
 *   images, num_model_requests, size, source, model, project_id}`: counts without an amount [spec, same page].
 *
 * A line item is a model and what of it was used, "gpt-4o-mini, input" [seen]; how it is worded for image
 * models is not recorded anywhere, so that "<model>, image output" and the like are [guess]. A bill that words
 * it otherwise is read as a table with a map.
 */

const number = z.object({ digits: z.string() }).transform(({ digits }) => digits);
const digits = z.union([number, z.string()]);
const text = z.string().nullish();
const bucket = z.object({
  start_time: digits,
  end_time: digits,
  results: z.array(z.record(z.string(), z.unknown())),
});
const page = z.object({
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
});
const cost = z.object({
  amount: z.object({ value: digits, currency: z.string() }),
  line_item: text,
  project_id: text,
  api_key_id: text,
});
const images = z.object({
  images: digits,
  num_model_requests: digits,
  model: text,
  project_id: text,
  api_key_id: text,
});

export const openaiBill: BillFormat = {
  id: "openai-usage",
  name: "OpenAI: GET /v1/organization/costs and /v1/organization/usage/images, JSON",
  zone: {
    name: "UTC",
    source: "https://platform.openai.com/docs/api-reference/usage (buckets begin at midnight UTC)",
    checkedOn: "2026-11-26",
    mark: "seen",
  },
  encodings: [],
  recognises: (file) => /"organization\.(costs|usage\.images)\.result"/.test(file),
  read: readOpenaiBill,
};

/** The amounts are JSON numbers, whose zeros at the end nobody writes: a micro-dollar is taken to be meant. */
const DECIMALS = 6;

function readOpenaiBill(file: string, context: BillContext): ReadBill {
  const compose = new BillComposer(context.file, DECIMALS);
  const counts: CountLine[] = [];
  for (const [at, each] of pagesOf(file, compose)) {
    const parsed = page.safeParse(each);
    if (!parsed.success) {
      compose.problem(at, `not a page of buckets: ${z.prettifyError(parsed.error)}`);
      continue;
    }
    if (parsed.data.has_more === true) {
      compose.problem(at, "has_more: true: the pages after this one are missing");
    }
    for (const [index, value] of parsed.data.data.entries()) {
      readBucket(`${at === "page" ? "" : `${at}.`}data[${index}]`, value, {
        context,
        compose,
        counts,
      });
    }
  }
  return { lines: compose.lines(), counts, notes: compose.notes, problems: compose.problems };
}

/** One page, or an array of pages as a script would collect them. */
function pagesOf(file: string, compose: BillComposer): (readonly [string, unknown])[] {
  try {
    const value = parseExactJson(file);
    if (!Array.isArray(value)) return [["page", value]];
    return value.map((each, index) => [`[${index}]`, each] as const);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    compose.problem("the file", `no JSON: ${cause.message}`);
    return [];
  }
}

type Reading = {
  readonly context: BillContext;
  readonly compose: BillComposer;
  readonly counts: CountLine[];
};

function readBucket(place: string, value: unknown, reading: Reading): void {
  const { compose, context } = reading;
  const parsed = bucket.safeParse(value);
  const [start, end] = [parsed.data?.start_time, parsed.data?.end_time].map(Number);
  if (!parsed.success || !(Number(start) < Number(end))) {
    compose.problem(place, "not a bucket with start_time, end_time and results");
    return;
  }
  const span = {
    from: dayAt(Number(start) * 1_000, context.zone),
    to: dayAt(Number(end) * 1_000 - 1, context.zone),
  };
  for (const [index, result] of parsed.data.results.entries()) {
    const at = `${place}.results[${index}]`;
    if (result["object"] === "organization.costs.result") readCost(at, result, span, reading);
    else if (result["object"] === "organization.usage.images.result") {
      readImages(at, result, span, reading);
    } else compose.problem(at, `not costs and not images: object ${String(result["object"])}`);
  }
}

type Span = { readonly from: string; readonly to: string };

function readCost(place: string, value: unknown, span: Span, { compose, context }: Reading): void {
  const parsed = cost.safeParse(value);
  if (!parsed.success) {
    compose.problem(place, `not a cost: ${z.prettifyError(parsed.error)}`);
    return;
  }
  const { amount, line_item: item, project_id: project, api_key_id: key } = parsed.data;
  const net = compose.amount(place, "amount.value", amount.value);
  if (!compose.dollars(place, amount.currency) || net === undefined) return;
  if (item == null) {
    compose.problem(
      place,
      "line_item: null: ask with group_by[]=line_item, or nothing can be told apart",
    );
    return;
  }
  const [name = "", ...words] = item.split(/,\s*/);
  const model = modelNamed(name, context.models);
  const meter = words.length === 0 ? null : tokenMeterIn(words.join(" "), "image_output_tokens");
  const batch = /\bbatch\b/i.test(item);
  compose.add(
    {
      ...span,
      ...{ place, model, label: item, meter, quantity: null },
      projects: [project, key].flatMap((each) => each ?? []),
      elsewhere: batch ? "the batch API, which this gateway never calls" : null,
    },
    {
      kind: /\btax\b/i.test(item) ? "tax" : /\bcredit|\bgrant/i.test(item) ? "credit" : "usage",
      net,
    },
  );
}

function readImages(
  place: string,
  value: unknown,
  span: Span,
  { compose, context, counts }: Reading,
): void {
  const parsed = images.safeParse(value);
  const [made, requests] = [parsed.data?.images, parsed.data?.num_model_requests].map((written) => {
    const decimal = writtenDecimal(written ?? "");
    return decimal === undefined ? undefined : wholeUnits(decimal);
  });
  if (!parsed.success || made === undefined || requests === undefined) {
    compose.problem(place, "not a count of images: images and num_model_requests must be whole");
    return;
  }
  const { model: name, project_id: project, api_key_id: key } = parsed.data;
  if (name == null) {
    compose.problem(place, "model: null: ask with group_by[]=model, or nothing can be told apart");
    return;
  }
  counts.push({
    file: context.file,
    ...{ place, ...span, label: name, images: made, requests },
    model: modelNamed(name, context.models),
    projects: [project, key].flatMap((each) => each ?? []),
  });
}
