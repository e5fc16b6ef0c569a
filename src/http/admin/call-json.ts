import type { OpenHold } from "../../ledger/port.ts";
import type { Alert, Correction, Exposure, Overrun } from "../../ledger/reports-port.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { seconds } from "./node-json.ts";

/** Items of the administration's lists. Amounts are decimal strings in US dollars, times Unix seconds. */

export function holdJson(hold: OpenHold) {
  return {
    id: hold.holdId,
    account_id: hold.accountId,
    vendor: hold.vendor,
    connection: hold.connection,
    amount: formatUsd(hold.amount),
    created: seconds(hold.createdMs),
    task_id: hold.taskId,
  };
}

export function exposureJson(exposure: Exposure) {
  const { billed } = exposure;
  return {
    entry_id: exposure.entryId,
    receipt_id: exposure.holdId,
    account_id: exposure.accountId,
    vendor: exposure.vendor,
    connection: exposure.connection,
    model: exposure.model,
    amount: formatUsd(exposure.amount),
    reason: exposure.reason,
    opened: seconds(exposure.openedMs),
    open: billed === null,
    billed: billed === null ? null : formatUsd(billed),
  };
}

export function overrunJson(overrun: Overrun) {
  return {
    entry_id: overrun.entryId,
    receipt_id: overrun.holdId,
    account_id: overrun.accountId,
    vendor: overrun.vendor,
    connection: overrun.connection,
    model: overrun.model,
    ceiling: formatUsd(overrun.ceiling),
    amount: formatUsd(overrun.amount),
    created: seconds(overrun.createdMs),
  };
}

export function correctionJson(correction: Correction) {
  return {
    entry_id: correction.entryId,
    corrects: correction.corrects,
    of: correction.of,
    account_id: correction.accountId,
    receipt_id: correction.holdId,
    before: formatUsd(correction.before),
    after: formatUsd(correction.after),
    reason: correction.reason,
    actor: correction.actor,
    created: seconds(correction.createdMs),
  };
}

export function alertJson(alert: Alert) {
  return {
    node_id: alert.nodeId,
    limit: alert.limit,
    // Of a balance the ledger's window is what was funded: `of` says that as money.
    window: alert.limit === "prepaid" ? null : alert.window,
    threshold: alert.threshold,
    used: formatUsd(alert.used),
    of: formatUsd(alert.of),
    created: seconds(alert.createdMs),
  };
}
