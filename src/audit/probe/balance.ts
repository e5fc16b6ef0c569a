import { readClaim } from "./claims.ts";
import type { Claimed } from "./evidence.ts";

/**
 * Where gateways tell what a key has spent, and in which of their words. What falls is turned round: every reading
 * here grows as money is spent.
 *
 * Sources: our own `GET /v1/credits` [spec]; openrouter.ai/docs/api/api-reference/credits/get-credits, read
 * 2026-11-26 [spec]; docs.litellm.ai/docs/proxy/cost_tracking (`/key/info`), read 2026-11-26 [spec]; the last three
 * names are what small gateways use [guess].
 */
const SPENT_AT = ["settled", "data.total_usage", "info.spend", "total_usage", "data.usage"];
const LEFT_AT = ["available", "balance", "data.balance"];

/** Paths to try, in this order, behind the target's base; a leading slash: from its origin. */
export const CREDITS_PATHS: readonly string[] = ["credits", "/key/info"];

/** Reads what a key has spent so far from a balance of a known shape; undefined for any other. */
export function readSpent(body: unknown): Claimed | undefined {
  for (const path of SPENT_AT) {
    const text = amountAt(body, path);
    const claim = text === undefined ? undefined : readClaim(text, path);
    if (claim !== undefined) return claim;
  }
  for (const path of LEFT_AT) {
    const text = amountAt(body, path);
    const claim = text === undefined ? undefined : readClaim(negated(text), path);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function negated(text: string): string {
  return text.startsWith("-") ? text.slice(1) : `-${text}`;
}

/** A number's own digits, or a decimal string; bodies are parsed so that amounts are texts (`answer.ts`). */
function amountAt(body: unknown, path: string): string | undefined {
  let at: unknown = body;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || at === null || !(name in at)) return undefined;
    at = Object.entries(at).find(([key]) => key === name)?.[1];
  }
  return typeof at === "string" ? at : undefined;
}
