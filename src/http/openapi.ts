import { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { REFERENCES_MAX } from "../intake/limits.ts";
import { repriceBody } from "./admin/bodies.ts";
import { describedAdminRoutes } from "./admin/described.ts";
import type { Described } from "./described.ts";
import { contentBody } from "./gemini/content-body.ts";
import {
  comparisonAnswer,
  comparisonQuery,
  line,
  quoteAnswer,
  usd,
} from "./openai/described-prices.ts";
import { orderBody } from "./openai/parse-order.ts";
import { describedOutcomeRoutes, keptAnswer, outcomeAnswer } from "./outcomes/described.ts";
import { describedRuleRoutes } from "./rule/described.ts";
import { describedRunRoutes } from "./runs/described.ts";
import { sameRequestHeaders } from "./same-request.ts";
import { houseUsageQuery, usageQuery } from "./usage/query.ts";
import { describedWhatIfRoutes } from "./what-if/described.ts";

/**
 * The OpenAPI 3.1 description of every route, made from the schemas that the routes parse with. A test
 * holds the list against the routes that answer.
 */

const anything = z.looseObject({});

const images = z.looseObject({
  created: z.int(),
  data: z.array(
    z.looseObject({
      b64_json: z.string().optional(),
      url: z.string().optional().describe("With response_format url: on our own host, expiring"),
    }),
  ),
  usage: z.looseObject({
    cost: z.number().describe("US dollars, printed from the exact integer"),
    cost_details: z.looseObject({
      currency: z.literal("USD"),
      total: usd,
      ceiling: usd,
      basis: z.enum(["usage", "flat", "ceiling", "none"]),
      price_version: z.string(),
      receipt_id: z.string(),
      lines: z.array(line),
    }),
  }),
});
const content = z.looseObject({
  candidates: z.array(z.looseObject({ content: anything, finishReason: z.literal("STOP") })),
  usageMetadata: z.looseObject({
    cost: z.number().describe("US dollars, printed from the exact integer"),
    costDetails: z.looseObject({ total: usd, ceiling: usd, receiptId: z.string() }),
  }),
  modelVersion: z.string(),
  responseId: z.string().describe("the receipt's id"),
});
const receipt = z.looseObject({
  object: z.literal("receipt"),
  id: z.string(),
  status: z.enum(["settled", "posting", "voided"]),
  basis: z.enum(["usage", "flat", "ceiling", "none"]),
  total: usd,
  expected: usd,
  ceiling: usd,
  released: usd,
  overrun: usd,
  lines: z.array(line),
  outcomes: z.array(outcomeAnswer).describe("what counts of each judged picture"),
});
const credits = z.looseObject({
  object: z.literal("credits"),
  currency: z.literal("USD"),
  settled: usd,
  held: usd,
  available: usd.nullable(),
  prepaid: z.boolean(),
});
const used = z.looseObject({
  calls: z.int().describe("orders that were held for"),
  settled: z.int().describe("of these, charged for their images"),
  images: z.int(),
  charge: usd,
  held: usd,
  average_per_image: usd.nullable().describe("charge / images, rounded up to a picodollar"),
  ...keptAnswer,
});
const usage = z.looseObject({
  object: z.literal("usage"),
  from: z.string(),
  to: z.string(),
  by: z.array(z.string()),
  currency: z.literal("USD"),
  data: z.array(used).describe("each with its dimensions under their names"),
  total: used,
  emulated: z.boolean(),
});
const repriced = z.looseObject({
  corrected: z.int(),
  before: usd.describe("of those corrected, together"),
  after: usd,
  difference: usd,
  unchanged: z.int(),
  kept: z.record(z.string(), z.int()).describe("how many stay as they are, by reason"),
});
const repricing = z.looseObject({
  object: z.literal("repricing"),
  from: z.string(),
  to: z.string(),
  applied: z.boolean(),
  calls: z.int(),
  charges: repriced,
  vendor_costs: repriced,
  data: z.array(anything),
  data_left_out: z.int(),
});
const csv = z.string().describe("RFC 4180, with a header row");
const error = z
  .object({
    error: z.looseObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
    }),
  })
  .describe("OpenAI's error envelope");
const rpcError = z
  .object({
    error: z.object({
      code: z.int().describe("the HTTP status"),
      message: z.string(),
      status: z.string().describe("its RPC name, such as INVALID_ARGUMENT"),
      details: z.array(anything).describe("ErrorInfo first: code, param and the rest as metadata"),
    }),
  })
  .describe("Gemini's error envelope");

const noPictures = { image: true, images: true, mask: true } as const;
const generationBody = orderBody.omit(noPictures);
const pictureUrl = z
  .string()
  .describe("a data URL (base64), or an https or http URL that leads to a public address");
const picture = z.union([pictureUrl, z.object({ image_url: pictureUrl })]);
const editBody = generationBody.extend({
  images: z.array(picture).max(REFERENCES_MAX).optional(),
  image: z
    .union([picture, z.array(picture).max(REFERENCES_MAX)])
    .optional()
    .describe("in place of images, as some clients send it"),
  mask: picture.optional(),
});
const file = z.string().meta({ format: "binary" });
const editForm = generationBody.extend({
  image: z
    .array(file)
    .max(REFERENCES_MAX)
    .optional()
    .describe("the pictures, in their order; a part may be called image[] as well"),
  mask: file.optional(),
});

/** Every route, hot ones included. */
export const describedRoutes: readonly Described[] = [
  {
    method: "post",
    path: "/v1/images/generations",
    summary: "Generate images, exactly billed",
    body: generationBody,
    headers: sameRequestHeaders,
    answer: images,
  },
  {
    method: "post",
    path: "/v1/images/edits",
    summary: "Edit images, exactly billed; JSON or a form, at least one picture",
    body: editBody,
    form: editForm,
    headers: sameRequestHeaders,
    answer: images,
  },
  {
    method: "post",
    path: "/v1/images/quote",
    summary: "What the same request would cost, an edit if it brings pictures; spends nothing",
    body: editBody,
    form: editForm,
    answer: quoteAnswer,
  },
  {
    method: "post",
    path: "/v1/images/compare",
    summary:
      "Every model ranked for a request without a model, and what each requirement costs; spends nothing",
    body: editBody.partial({ model: true }),
    form: editForm.partial({ model: true }),
    query: comparisonQuery,
    answer: comparisonAnswer,
  },
  ...describedRuleRoutes,
  {
    method: "get",
    path: "/v1/models",
    summary: "Every model: what it can do and costs",
    answer: anything,
  },
  { method: "get", path: "/v1/models/{id}", summary: "One model", answer: anything },
  ...contentRoutes("/v1"),
  ...contentRoutes("/v1beta"),
  {
    method: "get",
    path: "/v1beta/models",
    summary: "Every model, in Gemini's shape",
    answer: anything,
    refusal: rpcError,
  },
  {
    method: "get",
    path: "/v1beta/models/{id}",
    summary: "One model, in Gemini's shape",
    answer: anything,
    refusal: rpcError,
  },
  {
    method: "get",
    path: "/v1/receipts/{id}",
    summary: "The receipt of a call of this key's account, or of one below it",
    answer: receipt,
  },
  {
    method: "get",
    path: "/v1/generation",
    summary: "The receipt of a call, by ?id=",
    answer: receipt,
  },
  {
    method: "get",
    path: "/v1/results/{receipt}/{picture}",
    summary: "A picture by the signed URL that an answer gave",
    query: z.object({ expires: z.string(), signature: z.string() }),
    answer: z.string().describe("The picture's own bytes"),
    open: true,
  },
  { method: "get", path: "/v1/credits", summary: "Settled, held, available", answer: credits },
  {
    method: "get",
    path: "/v1/usage",
    summary: "What the key's account and all below it has used",
    query: usageQuery,
    answer: usage,
  },
  {
    method: "get",
    path: "/v1/usage.csv",
    summary: "The same as a table",
    query: usageQuery,
    answer: csv,
    media: "text/csv",
  },
  {
    method: "get",
    path: "/admin/v1/usage",
    summary: "What one account or all have used, with the house's figures",
    query: houseUsageQuery,
    answer: usage,
  },
  {
    method: "get",
    path: "/admin/v1/usage.csv",
    summary: "The same as a table",
    query: houseUsageQuery,
    answer: csv,
    media: "text/csv",
  },
  {
    method: "post",
    path: "/admin/v1/reprice",
    summary: "Bill again by a corrected price version, as corrections; a dry run without apply",
    body: repriceBody,
    answer: repricing,
  },
  ...describedOutcomeRoutes,
  ...describedWhatIfRoutes,
  ...describedRunRoutes,
  ...describedAdminRoutes,
  { method: "get", path: "/healthz", summary: "The process is up", answer: anything, open: true },
  {
    method: "get",
    path: "/readyz",
    summary: "Recovery is done and orders are taken",
    answer: anything,
    open: true,
  },
  {
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    answer: anything,
    open: true,
  },
];

/** Gemini's contract, for every model. */
function contentRoutes(version: string): readonly Described[] {
  const of = {
    body: contentBody,
    headers: sameRequestHeaders,
    answer: content,
    refusal: rpcError,
  };
  return [
    {
      method: "post",
      path: `${version}/models/{id}:generateContent`,
      summary: "Make images by Gemini's contract, exactly billed",
      ...of,
    },
    {
      method: "post",
      path: `${version}/models/{id}:streamGenerateContent`,
      summary:
        "The same as a JSON array of chunks, or with alt=sse as events; cost in the last one",
      ...of,
      answer: z.array(anything),
    },
  ];
}

/** The whole document. */
export function openapiDocument(version: string) {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description:
      "An API key (sm_…); the master key on /admin/v1. Also read from api-key and x-goog-api-key.",
  });
  for (const route of describedRoutes) {
    app.openAPIRegistry.registerPath({
      method: route.method,
      path: route.path,
      summary: route.summary,
      security: route.open === true ? [] : [{ key: [] }],
      request: requestOf(route),
      responses: {
        [route.status ?? 200]: {
          description: "Done",
          content: { [route.media ?? "application/json"]: { schema: route.answer } },
        },
        default: { description: "Refused", content: json(route.refusal ?? error) },
      },
    });
  }
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Spotmeter",
      version,
      description:
        "An image gateway with an exact bill. Unknown parameters are refused, never ignored.",
    },
  });
}

function requestOf({ body, form, lines, bytes, headers, path, query }: Described) {
  const forms = form === undefined ? {} : { "multipart/form-data": { schema: form } };
  return {
    ...(headers === undefined ? {} : { headers }),
    ...(query === undefined ? {} : { query }),
    ...(body === undefined
      ? {}
      : { body: { content: { ...json(body), ...forms }, required: true } }),
    ...(lines === undefined
      ? {}
      : { body: { content: { "application/x-ndjson": { schema: lines } }, required: true } }),
    ...(bytes === undefined
      ? {}
      : { body: { content: { "application/octet-stream": { schema: file } }, required: true } }),
    ...paramsOf(path),
  };
}

/** The names in a path's braces, in routes that name what they are about by an id. */
function paramsOf(path: string) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return names.includes("id")
    ? { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }
    : {};
}

function json(schema: z.ZodType) {
  return { "application/json": { schema } };
}
