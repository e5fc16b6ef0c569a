import type { Failure } from "./failures.ts";

/** Names of what an error may say beside its message, in the order in which they help. */
const DETAILS: readonly (readonly [string, string])[] = [
  ["sent", "sent"],
  ["allowed", "allowed"],
  ["suggested_model", "the cheapest model that can do it"],
  ["limit", "limit"],
  ["required", "required (USD)"],
  ["available", "available (USD)"],
  ["receipt_id", "receipt"],
  ["code", "code"],
];

/** An error for people: the message, then whatever else the gateway said of it. */
export function errorText({ said, stack }: Failure): string {
  const details = DETAILS.flatMap(([name, label]) => {
    const value = said[name];
    return value === undefined || value === null ? [] : [`  ${label}: ${shown(value)}`];
  });
  return [said.message, ...details, ...(stack === undefined ? [] : [stack])].join("\n");
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(shown).join(", ") : JSON.stringify(value);
}
