import type { Context } from "hono";
import type { z } from "zod";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { adminActor } from "../credentials.ts";
import { readJson } from "../read-body.ts";

/** What all admin routes read in the same way. */

export type AdminContext = Context<ApiEnvironment>;

const ADMIN_BYTES_MAX = 64 * 1024;

/** Who acts, for the journal. @throws Refusal for anybody but the administration. */
export function actorOf(context: AdminContext, deps: ApiDeps): string {
  return adminActor((header) => context.req.header(header), deps.admin, deps.log);
}

/**
 * The JSON body of an admin request.
 *
 * @param of.words puts it in our own words first, where a body has words that people know from elsewhere.
 * @param of.bytesMax where a body brings files along.
 * @throws Refusal naming the first field that can't be understood.
 */
export async function readAdmin<T>(
  context: AdminContext,
  schema: z.ZodType<T>,
  of: { readonly words?: (body: unknown) => unknown; readonly bytesMax?: number } = {},
): Promise<T> {
  const { words = (body) => body, bytesMax = ADMIN_BYTES_MAX } = of;
  const body = await readJson(context.env.incoming, bytesMax);
  refuseLost(body, []);
  return parseAdmin(schema, words(body));
}

/** A name that readers of records lose silently is refused wherever it stands. */
function refuseLost(value: unknown, path: readonly string[]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const at = [...path, name];
    if (name === "__proto__") {
      const param = at.join(".");
      throw new Refusal("invalid_value", `${param}: nothing can have this name`, { param });
    }
    refuseLost(inner, at);
  }
}

/** The query of an admin request. @throws Refusal as `readAdmin` does. */
export function queryAdmin<T>(context: AdminContext, schema: z.ZodType<T>): T {
  return parseAdmin(schema, context.req.query());
}

/** @throws Refusal naming the first field that can't be understood, and where a misplaced one belongs. */
export function parseAdmin<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [unknown] = issue?.code === "unrecognized_keys" ? issue.keys : [];
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  const param = path.map(String).join(".");
  const why =
    unknown === undefined ? (issue?.message ?? "not understood") : unknownField(path.map(String));
  throw new Refusal("invalid_value", `${param === "" ? "body" : param}: ${why}`, {
    ...(param === "" ? {} : { param }),
  });
}

/** Fields that stand at one kind of node only. */
const belongsTo: ReadonlyMap<string, string> = new Map([
  ["allowed_models", "only keys have it"],
  ["tags", "only keys have it"],
  ["expires_at", "only keys have it"],
  ["rate_limit", "only keys have it"],
  ["rpm_limit", "only keys have a rate limit"],
  ["models", "only keys have allowed_models"],
  ["margin", "only accounts have one"],
  ["house_limits", "only roots have them"],
  ["retain", "only accounts have it"],
  ["prepaid", "said when a root is made, for good"],
  ["account_id", "said when a key is made, for good"],
  ["parent_id", "said when an account is made; POST /admin/v1/accounts/{id}/move changes it"],
]);

function unknownField([first = "", ...inner]: readonly string[]): string {
  if (inner.length === 0) return belongsTo.get(first) ?? "unknown field";
  return first === "limits" ? "unknown field; limits are day, month and total" : "unknown field";
}

export function notFound(what: string, id: string, param = "id"): Refusal {
  return new Refusal("not_found", `no such ${what}: ${id}`, { param, sent: id });
}
