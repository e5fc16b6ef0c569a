import type { BytePart } from "../results/port.ts";

/**
 * The part of something that a `Range` header asks for: `whole` where it asks for none that we serve (several
 * parts, other units, a form that isn't one: RFC 9110 lets these be ignored), `none` where it lies outside.
 */
export function rangeOf(header: string | undefined, bytes: number): BytePart | "whole" | "none" {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "");
  if (match === null) return "whole";
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return "whole";
  if (from === "") {
    const length = Math.min(Number(to), bytes);
    return length === 0 ? "none" : { start: bytes - length, end: bytes - 1 };
  }
  const start = Number(from);
  if (start >= bytes) return to !== "" && Number(to) < start ? "whole" : "none";
  const end = to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1);
  return end < start ? "whole" : { start, end };
}
