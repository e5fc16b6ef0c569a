import { z } from "zod";
import type { UsageDimension } from "../../ledger/reports-port.ts";
import { Refusal } from "../../refusals.ts";

/** What a usage report may be asked for: days, dimensions, a key. Every name is listed; another one is refused. */

const DAYS_MAX = 366;
const DIMENSIONS_MAX = 6;
const TAG_NAME_MAX = 64;
const SENT_SHOWN_MAX = 80;
const DAY_MS = 86_400_000;

const plainDimensions = [
  "day",
  "model",
  "vendor",
  "connection",
  "quality_asked",
  "quality_billed",
  "size",
  "account",
  "key",
  "user",
  "run",
] as const satisfies readonly UsageDimension[];

/** Names of dimensions, as a refusal lists them. */
const allowedDimensions = [...plainDimensions, "tag:NAME"];

const day = z.iso.date({ error: "must be a day, YYYY-MM-DD" });

/** The query of a report on an API key's own account and all below it. */
export const usageQuery = z.strictObject({
  from: day
    .optional()
    .describe("first UTC day, YYYY-MM-DD; default: the first of the last day's month"),
  to: day.optional().describe("last UTC day, YYYY-MM-DD, at most 366 days in all; default: today"),
  by: z
    .string()
    .optional()
    .describe(`at most 6 of ${allowedDimensions.join(", ")}, with commas between; default: day`),
  key_id: z.string().optional().describe("calls of this key only"),
});

/** The query of the house's report: of one account with all below it, or of everything. */
export const houseUsageQuery = usageQuery.extend({
  account_id: z.string().optional().describe("calls of this account and all below it only"),
});

/** A report as asked for, its defaults filled in. */
export type UsageAsked = {
  readonly from: string;
  readonly to: string;
  readonly by: readonly UsageDimension[];
  readonly keyId: string | undefined;
  readonly accountId: string | undefined;
};

/**
 * Reads a query string.
 *
 * @param sent every value by its name, as it stood in the query.
 * @param today the UTC day that it is, YYYY-MM-DD.
 * @throws Refusal 400 naming the parameter, what was sent and what is allowed.
 */
export function readUsageQuery(
  sent: Readonly<Record<string, readonly string[]>>,
  schema: typeof houseUsageQuery | typeof usageQuery,
  today: string,
): UsageAsked {
  const once = Object.fromEntries(
    Object.entries(sent).map(([name, values]) => {
      if (values.length > 1) throw wrong(name, values.join(", "), "is given more than once");
      return [name, values[0] ?? ""];
    }),
  );
  const parsed = schema.safeParse(once);
  if (!parsed.success) throw refusalOf(parsed.error.issues[0], once, schema);
  const asked: z.infer<typeof houseUsageQuery> = parsed.data;
  return {
    ...daysOf(asked, today),
    by: dimensions(asked.by),
    keyId: asked.key_id,
    accountId: asked.account_id,
  };
}

/** The days that are asked for, their defaults filled in. @throws Refusal for none, and for too many. */
export function daysOf(
  asked: { readonly from?: string | undefined; readonly to?: string | undefined },
  today: string = new Date().toISOString().slice(0, "YYYY-MM-DD".length),
): { readonly from: string; readonly to: string } {
  const to = asked.to ?? today;
  const from = asked.from ?? `${to.slice(0, "YYYY-MM-".length)}01`;
  refuseSpan(from, to);
  return { from, to };
}

function refusalOf(
  issue: z.core.$ZodIssue | undefined,
  sent: Readonly<Record<string, string>>,
  schema: typeof houseUsageQuery | typeof usageQuery,
): Refusal {
  if (issue?.code === "unrecognized_keys") {
    const [param = ""] = issue.keys;
    const allowed = Object.keys(schema.shape);
    return new Refusal("unknown_parameter", `unknown parameter: ${shown(param)}`, {
      param: shown(param),
      sent: shown(sent[param] ?? ""),
      allowed,
    });
  }
  const param = String(issue?.path[0]);
  return wrong(param, sent[param] ?? "", issue?.message ?? "not understood", ["YYYY-MM-DD"]);
}

function refuseSpan(from: string, to: string): void {
  if (from > to) {
    throw wrong("from", from, `is after to=${to}`, [`a day up to ${to}`]);
  }
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days > DAYS_MAX) {
    const text = `${days} days up to ${to}; a report covers at most ${DAYS_MAX}`;
    throw wrong("from", from, text, { days_max: DAYS_MAX });
  }
}

function dimensions(sent = "day"): readonly UsageDimension[] {
  const names = sent.split(",");
  const found = names.map((name) => {
    const dimension = dimensionOf(name);
    if (dimension !== undefined) return dimension;
    throw wrong("by", sent, `no such dimension: ${JSON.stringify(shown(name))}`, allowedDimensions);
  });
  if (found.length > DIMENSIONS_MAX) {
    const text = `${found.length} dimensions; a report has at most ${DIMENSIONS_MAX}`;
    throw wrong("by", sent, text, { dimensions_max: DIMENSIONS_MAX });
  }
  const twice = found.find((name, index) => found.indexOf(name) !== index);
  if (twice !== undefined) throw wrong("by", sent, `${twice} is named more than once`);
  return found;
}

function dimensionOf(name: string): UsageDimension | undefined {
  const plain = plainDimensions.find((each) => each === name);
  if (plain !== undefined || !name.startsWith("tag:")) return plain;
  const tag = name.slice("tag:".length);
  return tag.length >= 1 && tag.length <= TAG_NAME_MAX ? `tag:${tag}` : undefined;
}

function wrong(param: string, sent: string, why: string, allowed?: unknown): Refusal {
  return new Refusal("invalid_value", `${shown(param)}=${shown(sent)}: ${why}`, {
    param: shown(param),
    sent: shown(sent),
    ...(allowed === undefined ? {} : { allowed }),
  });
}

function shown(text: string): string {
  return text.length <= SENT_SHOWN_MAX ? text : `${text.slice(0, SENT_SHOWN_MAX)}…`;
}
