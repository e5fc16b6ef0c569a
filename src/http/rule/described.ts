import { z } from "zod";
import { frontierQuery, ruleQuery } from "../../advisor/rule/query.ts";
import type { Described } from "../described.ts";

/** What `GET /v1/rule` and `GET /v1/frontier` answer, as the OpenAPI description says it. */

const usd = z.string().describe("US dollars as a plain decimal string, exact");
const choice = z.looseObject({ model: z.string(), quality: z.string().nullable(), total: usd });

const rule = z.looseObject({
  object: z.literal("rule"),
  as_of: z.string(),
  families: z.string(),
  by: z.enum(["tier", "evidence"]),
  note: z.string(),
  cells: z.array(
    z.looseObject({
      band: z.string().describe("the row: a band, or by tier the tier's word"),
      references: z.int(),
      size: z.string(),
      n: z.int(),
      model: z.string().nullable().describe("null where nothing can win"),
      quality: z.string().nullable(),
      total: usd.nullable(),
      runner_up: choice.nullable(),
      reason: z.string(),
    }),
  ),
  crossovers: z.array(
    z.looseObject({
      kind: z.enum(["output_tokens", "references", "area", "n"]),
      a: z.string(),
      b: z.string(),
      at: z
        .int()
        .describe("b is strictly cheaper from here on; one below, a costs at most as much"),
      cost_a: usd,
      cost_b: usd,
      before: z.object({ cost_a: usd, cost_b: usd }),
    }),
  ),
  claims: z.array(
    z.looseObject({
      id: z.string(),
      text: z.string(),
      verdict: z.enum(["holds", "fails", "not_testable"]),
      arithmetic: z.string(),
    }),
  ),
});

const frontier = z.looseObject({
  object: z.literal("frontier"),
  as_of: z.string(),
  mode: z.enum(["generation", "edit"]),
  board: z.object({ id: z.string(), name: z.string() }),
  points: z.array(
    choice.extend({
      score: z.int(),
      on_frontier: z.boolean(),
      dominated_by: choice.nullable(),
    }),
  ),
  unrated: z.array(choice.extend({ why: z.string() })),
});

export const describedRuleRoutes: readonly Described[] = [
  {
    method: "get",
    path: "/v1/rule",
    summary: "The decision table of a day, what flips in it and where, published claims judged",
    query: ruleQuery,
    answer: rule,
  },
  {
    method: "get",
    path: "/v1/frontier",
    summary: "Cost against rating, dominated models marked",
    query: frontierQuery,
    answer: frontier,
  },
];
