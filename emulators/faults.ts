import type { IncomingHttpHeaders } from "node:http";
import type { Delivery } from "./answer.ts";
import { isObject, type JsonObject } from "./json.ts";

/** What happens to the usage report: DESIGN §9's `no-usage`, `empty-usage`, `zero-details`, `bad-usage`, `overrun`. */
type UsageFault = "absent" | "empty" | "zero" | "bad" | "overrun";

/** The switches of one request, from `x-emulate` and `x-emulate-leg` (DESIGN §9). */
export type Faults = Delivery & {
  readonly usage: UsageFault | undefined;
  readonly status: number | undefined;
  readonly moderation: boolean;
  readonly noImage: boolean;
  readonly failed: boolean;
  /** Only the first so many images come. */
  readonly partial: number | undefined;
  readonly otherModel: boolean;
};

export const NO_FAULTS: Faults = {
  cut: false,
  hang: false,
  slowMs: 0,
  usage: undefined,
  status: undefined,
  moderation: false,
  noImage: false,
  failed: false,
  partial: undefined,
  otherModel: false,
};

/** Every switch, as the refusal of an unknown one names them. */
export const SWITCHES = [
  "no-usage",
  "empty-usage",
  "zero-details",
  "bad-usage",
  "status=NNN",
  "moderation",
  "no-image",
  "failed",
  "partial=K",
  "cut",
  "hang",
  "slow=MS",
  "overrun",
  "other-model",
] as const;

const SLOW_MS_MAX = 600_000;

/** Usage with `overrun` reports this many times the image quantity: above the dearest ceiling of every model. */
export const OVERRUN_FACTOR = 1_000;

const SIMPLE: Readonly<Record<string, Partial<Faults>>> = {
  "no-usage": { usage: "absent" },
  "empty-usage": { usage: "empty" },
  "zero-details": { usage: "zero" },
  "bad-usage": { usage: "bad" },
  overrun: { usage: "overrun" },
  moderation: { moderation: true },
  "no-image": { noImage: true },
  failed: { failed: true },
  cut: { cut: true },
  hang: { hang: true },
  "other-model": { otherModel: true },
};

/** Reads the switches; a string is the complaint about the first one that is not known. */
export function readFaults(headers: IncomingHttpHeaders): Faults | string {
  const { "x-emulate": list = "", "x-emulate-leg": leg } = headers;
  let faults = NO_FAULTS;
  for (const name of String(list).split(",")) {
    const trimmed = name.trim();
    if (trimmed === "") continue;
    const one = readSwitch(trimmed);
    if (one === undefined) {
      return `Unknown x-emulate switch '${trimmed}'. Known switches: ${SWITCHES.join(", ")}.`;
    }
    faults = { ...faults, ...one };
  }
  if (leg === undefined) return faults;
  if (!/^\d{1,3}$/.test(String(leg)))
    return `Bad x-emulate-leg '${String(leg)}': a 0-based number.`;
  return applyLeg(faults, Number(leg));
}

function readSwitch(name: string): Partial<Faults> | undefined {
  const simple = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined;
  if (simple !== undefined) return simple;
  const [, key, digits = ""] = /^(status|partial|slow)=(\d{1,6})$/.exec(name) ?? [];
  const value = Number(digits);
  if (key === "status" && value >= 400 && value <= 599) return { status: value };
  if (key === "partial") return { partial: value };
  if (key === "slow" && value <= SLOW_MS_MAX) return { slowMs: value };
  return undefined;
}

/** In a fan-out `partial=K` counts legs: leg i (from 0) fails when i >= K, and earlier legs are whole. */
function applyLeg(faults: Faults, leg: number): Faults {
  if (faults.partial === undefined) return faults;
  return { ...faults, partial: undefined, failed: faults.failed || leg >= faults.partial };
}

/** How many of `count` images really come under these switches. */
export function imagesThatCome(count: number, faults: Faults): number {
  if (faults.noImage) return 0;
  return faults.partial === undefined ? count : Math.min(count, faults.partial);
}

/**
 * The usage report as the switches want it; undefined means that the field is left out.
 *
 * `overrun` gives the vendor's own consistent report with far too much in it, so that it is above
 * the ceiling without contradicting itself.
 */
export function faultyUsage(
  usage: JsonObject,
  faults: Faults,
  overrun: () => JsonObject,
): JsonObject | undefined {
  switch (faults.usage) {
    case undefined:
      return usage;
    case "absent":
      return undefined;
    case "empty":
      return {};
    case "zero":
      return mapNumbers(usage, () => 0);
    case "bad":
      // Alternately a string and a negative number: both are the wrong type for a count.
      return mapNumbers(usage, (value, index) => (index % 2 === 0 ? String(value) : -value - 1));
    case "overrun":
      return overrun();
    default:
      return faults.usage satisfies never;
  }
}

function mapNumbers(
  object: JsonObject,
  change: (value: number, index: number) => unknown,
): JsonObject {
  let index = 0;
  const visit = (value: unknown): unknown => {
    if (typeof value === "number") return change(value, index++);
    if (Array.isArray(value)) return value.map(visit);
    if (isObject(value)) return visitObject(value);
    return value;
  };
  const visitObject = (value: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)]));
  return visitObject(object);
}
