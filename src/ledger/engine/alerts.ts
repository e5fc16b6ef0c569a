import { type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { COUNTER_MAX } from "../limits.ts";
import type { Alert } from "../reports-port.ts";
import type { NodeCounters } from "./call-counters.ts";
import { type Context, requireRoot } from "./context.ts";
import type { NodeLimits, NodeRow } from "./rows.ts";

/** Percents of a limit that are worth saying, the highest first. */
const thresholds = [100, 80, 50] as const;

const limitNames = ["day", "month", "total"] as const;

/** A path from a key to its root: limits, and what is counted against them. */
export type PathState = {
  readonly top: NodeRow;
  /** From the key up to the root. */
  readonly nodes: readonly {
    readonly id: string;
    readonly limits: NodeLimits;
    readonly used: NodeCounters;
  }[];
};

/**
 * The thresholds that are reached now and have not been said in their window, each remembered as said.
 * Called after a hold was counted: only holds bring an account nearer to its limits.
 */
export function newAlerts({ top, nodes }: PathState, context: Context): readonly Alert[] {
  const alerts: Alert[] = [];
  const say = (of: Omit<Alert, "threshold" | "createdMs">): void => {
    const alert = reached(top.root, of, context);
    if (alert !== undefined) alerts.push(alert);
  };
  for (const { id: nodeId, limits, used: counters } of nodes) {
    for (const limit of limitNames) {
      const of = limits[limit];
      if (of === null) continue;
      const { used, window } = counters[limit];
      if (isWorthAsking(used, of)) say({ nodeId, limit, window, used, of });
    }
  }
  if (top.prepaid) say(prepaid(top, context));
  const used = nodes.at(-1)?.used.total.used ?? ZERO_USD;
  // Only the last fifth of a range that nobody should come near is worth an alarm (MONEY §5).
  if (used * 100n >= COUNTER_MAX * 80n) {
    // Not "total", under which the same thresholds of a total limit may have been said already.
    say({ nodeId: top.id, limit: "range", window: "range", used, of: COUNTER_MAX });
  }
  return alerts;
}

/** Below half of a limit nothing is worth saying. */
function isWorthAsking(used: PicoUsd, of: PicoUsd): boolean {
  return used * 2n >= of && of > ZERO_USD;
}

/** Of a prepaid balance: how much of all that was ever funded is used. A new funding begins anew. */
function prepaid(root: NodeRow, context: Context): Omit<Alert, "threshold" | "createdMs"> {
  const { books } = requireRoot(root.root, context.set);
  const of = -books.cash as PicoUsd;
  const used = subtractUsd(of, books.available);
  return { nodeId: root.id, limit: "prepaid", window: of.toString(), used, of };
}

function reached(
  root: string,
  of: Omit<Alert, "threshold" | "createdMs">,
  { set, nowMs }: Context,
): Alert | undefined {
  const { nodeId, window, used } = of;
  if (!isWorthAsking(used, of.of)) return undefined;
  const threshold = thresholds.find((each) => used * 100n >= of.of * BigInt(each));
  if (threshold === undefined) return undefined;
  const key = `${root} ${nodeId} ${window} ${threshold}`;
  if (set.alerts.get(key, () => set.reads.alert(root, nodeId, window, threshold)) !== undefined) {
    return undefined;
  }
  const alert: Alert = { ...of, threshold, createdMs: nowMs };
  set.alerts.set(key, { root, ...alert });
  return alert;
}
