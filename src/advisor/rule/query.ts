import { z } from "zod";
import type { Claims } from "../../catalog/claims.ts";
import type { Catalog } from "../../catalog/find.ts";
import { parsePixels, readSize, SIZE_FORMS } from "../../gates/size.ts";
import { Refusal } from "../../refusals.ts";
import { cuts } from "./decide.ts";
import { chooseFamilies } from "./families.ts";
import type { FrontierAsked } from "./frontier.ts";
import type { RuleAsked } from "./rule.ts";

/** What rules and frontiers may be asked for, as text: the words of the query string and of the command line. */

/** Values that one list has at most: the table grows with their product. */
const LIST_MAX = 8;
const REFERENCES_MAX = 16;
const N_MAX = 10;

const day = z.iso.date({ error: "must be a day, YYYY-MM-DD" });
const flag = z.enum(["true", "false"], { error: "must be true or false" });
const pixels = z
  .string()
  .regex(/^[1-9]\d{0,4}x[1-9]\d{0,4}$/, { error: "must be WxH, such as 1024x1024" });

const common = {
  as_of: day.optional().describe("the day as which catalog and ratings are read; default: today"),
  families: z
    .string()
    .optional()
    .describe(
      "article (the models that the published claims speak of), all, or models and vendors with commas between; default: all",
    ),
  reference_size: pixels.optional().describe("pixels of each reference; default: 1024x1024"),
  allow_weak_prices: flag
    .optional()
    .describe("true: guessed prices, and those told by one third party alone, may win"),
};

export const ruleQuery = z.strictObject({
  ...common,
  by: z
    .enum(cuts, { error: "must be tier or evidence" })
    .optional()
    .describe("rows by quality word (no quality claim) or by band; default: evidence"),
  references: z.string().optional().describe("counts with commas between; default: 0,1,3,5,10"),
  sizes: z
    .string()
    .optional()
    .describe("with commas between; default: 1024x1024,1536x1024,2048x2048"),
  n: z.string().optional().describe("images of a request, with commas between; default: 1,4"),
});

export const frontierQuery = z.strictObject({
  ...common,
  mode: z
    .enum(["generation", "edit"], { error: "must be generation or edit" })
    .optional()
    .describe("from text alone, or from pictures; default: generation"),
  size: z.string().optional().describe("WxH or a label; default: 1024x1024"),
  references: z
    .string()
    .optional()
    .describe("how many references an edit has; default: 1 for edits"),
});

/** Every value by its name, as it was given. */
export type Sent = Readonly<Record<string, string>>;

/** What is asked, and as of which day. */
export type AsOf<Asked> = Asked & { readonly asOf: string };

type Known = { readonly catalog: Catalog; readonly claims: Claims; readonly today: string };

/** @throws Refusal naming the parameter, what was sent and what is allowed. */
export function readRule(sent: Sent, { catalog, claims, today }: Known): AsOf<RuleAsked> {
  const asked = parse(ruleQuery, sent);
  return {
    asOf: asked.as_of ?? today,
    chosen: chooseFamilies(asked.families ?? "all", catalog, claims),
    by: asked.by ?? "evidence",
    sizes: sizes("sizes", asked.sizes ?? "1024x1024,1536x1024,2048x2048"),
    references: counts("references", asked.references ?? "0,1,3,5,10", {
      ...{ min: 0, max: REFERENCES_MAX },
    }),
    n: counts("n", asked.n ?? "1,4", { min: 1, max: N_MAX }),
    referenceSize: parsePixels(asked.reference_size ?? "1024x1024"),
    allowWeakPrices: asked.allow_weak_prices === "true",
  };
}

/** @throws Refusal naming the parameter, what was sent and what is allowed. */
export function readFrontier(
  sent: Sent,
  { catalog, claims, today }: Known,
): AsOf<FrontierAsked> & Pick<RuleAsked, "chosen"> {
  const asked = parse(frontierQuery, sent);
  const edits = asked.mode === "edit";
  const given = asked.references ?? (edits ? "1" : "0");
  if (!edits && given !== "0") throw wrong("references", given, "goes with mode edit only");
  const bounds = { min: edits ? 1 : 0, max: REFERENCES_MAX };
  const [references = 0, ...more] = counts("references", given, bounds);
  const [size = "", ...others] = sizes("size", asked.size ?? "1024x1024");
  if (more.length > 0) throw wrong("references", given, "one count, please");
  if (others.length > 0) throw wrong("size", asked.size ?? "", "one size, please");
  return {
    asOf: asked.as_of ?? today,
    chosen: chooseFamilies(asked.families ?? "all", catalog, claims),
    ...{ size, references },
    referenceSize: parsePixels(asked.reference_size ?? "1024x1024"),
    allowWeakPrices: asked.allow_weak_prices === "true",
  };
}

function parse<Shape extends z.ZodObject>(schema: Shape, sent: Sent): z.output<Shape> {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const [param = ""] = issue.keys;
    const allowed = Object.keys(schema.shape);
    const more = { param, sent: sent[param] ?? "", allowed };
    throw new Refusal("unknown_parameter", `unknown parameter: ${param}`, more);
  }
  const param = String(issue?.path[0]);
  throw wrong(param, sent[param] ?? "", issue?.message ?? "not understood");
}

function counts(
  param: string,
  sent: string,
  { min, max }: { readonly min: number; readonly max: number },
): readonly number[] {
  const found = listed(param, sent).map((text) => (/^\d{1,3}$/.test(text) ? +text : -1));
  if (found.every((count) => count >= min && count <= max)) return found;
  const why = `whole numbers from ${min} to ${max}, with commas between`;
  throw wrong(param, sent, `must be ${why}`, { min, max });
}

function sizes(param: string, sent: string): readonly string[] {
  const found = listed(param, sent);
  const bad = found.find((text) => text === "auto" || readSize(text) === undefined);
  if (bad === undefined) return found;
  const allowed = SIZE_FORMS.filter((form) => form !== "auto");
  throw wrong(param, sent, `${JSON.stringify(bad)} is no size that can be priced`, allowed);
}

function listed(param: string, sent: string): readonly string[] {
  const values = sent.split(",").map((text) => text.trim());
  if (values.length > LIST_MAX) {
    throw wrong(param, sent, `${values.length} values; at most ${LIST_MAX}`);
  }
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw wrong(param, sent, `${twice} is named more than once`);
  return values;
}

function wrong(param: string, sent: string, why: string, allowed?: unknown): Refusal {
  const shown = sent.length <= SENT_SHOWN_MAX ? sent : `${sent.slice(0, SENT_SHOWN_MAX)}…`;
  return new Refusal("invalid_value", `${param}=${shown}: ${why}`, {
    ...{ param, sent: shown },
    ...(allowed === undefined ? {} : { allowed }),
  });
}

const SENT_SHOWN_MAX = 80;
