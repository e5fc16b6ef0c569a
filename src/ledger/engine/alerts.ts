import { addUsd, type PicoUsd, subtractUsd } from "../../money/pico-usd.ts";
import { COUNTER_MAX } from "../limits.ts";
import type { Alert } from "../reports-port.ts";
import { TOTAL_WINDOW } from "../windows.ts";
import { type Context, requireRoot, usedAt } from "./context.ts";
import type { NodeRow } from "./rows.ts";

/** Percents of a limit that are worth saying, the highest first. */
const thresholds = [100, 80, 50] as const;

/**
 * The thresholds that are reached now and have not been said in their window, each remembered as said.
 * Called after a hold was counted: only holds bring an account nearer to its limits.
 */
export function newAlerts(path: readonly NodeRow[], context: Context): readonly Alert[] {
  const [root, total] = [path.at(-1), TOTAL_WINDOW];
  if (root === undefined) throw new Error("a path has at least one node");
  const alerts: Alert[] = [];
  const say = (of: Omit<Alert, "threshold" | "createdMs">): void => {
    const alert = reached(root.root, of, context);
    if (alert !== undefined) alerts.push(alert);
  };
  const spentAt = (node: string, window: string): PicoUsd => {
    const { settled, held } = usedAt({ root: root.root, node, window }, context.set);
    return addUsd(settled, held);
  };
  for (const { id: nodeId, limits } of path) {
    const { day, month } = context.windows;
    const each = [
      { limit: "day", window: day, of: limits.day },
      { limit: "month", window: month, of: limits.month },
      { limit: "total", window: total, of: limits.total },
    ] as const;
    for (const { limit, window, of } of each) {
      if (of !== null) say({ nodeId, limit, window, used: spentAt(nodeId, window), of });
    }
  }
  if (root.prepaid) say(prepaid(root, context));
  const used = spentAt(root.id, total);
  // Only the last fifth of a range that nobody should come near is worth an alarm (MONEY §5).
  if (used * 100n >= COUNTER_MAX * 80n) {
    // Not "total", under which the same thresholds of a total limit may have been said already.
    say({ nodeId: root.id, limit: "range", window: "range", used, of: COUNTER_MAX });
  }
  return alerts;
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
  // The lowest first: below half nothing else is worth asking.
  if (used * 2n < of.of || of.of <= 0n) return undefined;
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
