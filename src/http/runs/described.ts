import { z } from "zod";
import { ROW_STATES, RUN_STATES } from "../../ledger/runs-port.ts";
import { rowOrderSchema } from "../../runs/engine/row-order.ts";
import type { Described } from "../described.ts";
import { usd } from "../openai/described-prices.ts";
import { newRunBody, rowId, rowsQuery, runsQuery, startBody } from "./bodies.ts";

/** What the routes of runs take and answer, as the OpenAPI description says it. */

const count = z.int();
const counts = z.object(Object.fromEntries(ROW_STATES.map((state) => [state, count])));
const stopped = z
  .looseObject({
    reason: z.string(),
    message: z.string(),
    row: z.string().nullable().describe("the row before which it stands"),
    limit: z.string().nullable(),
    required: usd.nullable(),
    available: usd.nullable(),
  })
  .nullable();

const run = z.looseObject({
  object: z.literal("run"),
  id: z.string(),
  name: z.string().nullable(),
  state: z.enum(RUN_STATES),
  stopped,
  rows: count.describe("of the file as it is now"),
  removed: count.optional().describe("rows that were in it once; their money stays counted"),
  counts,
  images: count,
  expected: usd.optional(),
  ceiling: usd.optional(),
  remaining: z
    .object({ rows: count, images: count, expected: usd, ceiling: usd })
    .optional()
    .describe("of rows that wait or run"),
  blocked: z.array(z.looseObject({ code: z.string(), why: z.string(), rows: count })).optional(),
  settled: usd,
  held: usd,
  exposure: usd,
  max_cost: usd.nullable().describe("settled + held + exposure never pass it"),
  currency: z.literal("USD"),
  emulated: z.boolean(),
  seq: count,
});

const row = z.looseObject({
  seq: count.nullable(),
  id: z.string(),
  line: count.nullable(),
  state: z.enum(ROW_STATES),
  model: z.string().nullable(),
  quality: z.string().nullable(),
  receipt_id: z.string().nullable(),
  charge: usd,
  exposure: usd,
  code: z.string().nullable(),
  message: z.string().nullable(),
  categories: z.array(z.string()).describe("by the vendor's own names"),
  shared_with: z.string().nullable(),
  images: z.array(
    z.looseObject({
      index: count,
      width: count.nullable(),
      height: count.nullable(),
      format: z.string().nullable(),
      bytes: count,
      sha256: z.string().nullable(),
    }),
  ),
});

const line = rowOrderSchema.extend({ id: rowId, line: z.int().min(1).nullish() });
const loaded = z.object({
  accepted: count,
  added: count,
  changed: count,
  unchanged: count,
  missing_files: z.array(z.string()).describe("SHA-256 of files to be put"),
});
const list = <Item extends z.ZodType>(item: Item) =>
  z.looseObject({ object: z.literal("list"), data: z.array(item) });

export const describedRunRoutes: readonly Described[] = [
  {
    method: "post",
    path: "/v1/runs",
    summary: "Make a run of many rows, or open one to be revised; with rows and start in one call",
    body: newRunBody,
    answer: run,
    status: 201,
  },
  {
    method: "get",
    path: "/v1/runs",
    summary: "The runs of the key's account, newest first",
    query: runsQuery,
    answer: list(run),
  },
  { method: "get", path: "/v1/runs/{id}", summary: "A run: where its rows stand", answer: run },
  {
    method: "post",
    path: "/v1/runs/{id}/rows",
    summary: "Load rows: lines of JSON, all of a request or none",
    lines: line,
    answer: loaded,
  },
  {
    method: "get",
    path: "/v1/runs/{id}/rows",
    summary: "Follow a run: rows in the order in which they ended",
    query: rowsQuery,
    answer: list(row),
  },
  {
    method: "put",
    path: "/v1/runs/{id}/files/{sha256}",
    summary: "A picture that rows work on, by its hash",
    bytes: true,
    answer: z.object({ object: z.literal("run.file"), sha256: z.string(), bytes: count }),
    status: 201,
  },
  {
    method: "post",
    path: "/v1/runs/{id}/price",
    summary: "End the loading: every row gated and quoted; spends nothing",
    answer: run,
  },
  {
    method: "post",
    path: "/v1/runs/{id}/start",
    summary: "Carry a run out, or go on with one that stands",
    body: startBody,
    answer: run,
  },
  {
    method: "post",
    path: "/v1/runs/{id}/pause",
    summary: "Send nothing more; what was sent is waited for",
    answer: run,
  },
  {
    method: "post",
    path: "/v1/runs/{id}/cancel",
    summary: "End a run: rows that wait are skipped, and what they asked for is erased",
    answer: run,
  },
  {
    method: "get",
    path: "/v1/runs/{id}/rows/{row}/images/{index}",
    summary: "A picture of a row that is done",
    answer: z.string().describe("The picture's own bytes"),
  },
];
