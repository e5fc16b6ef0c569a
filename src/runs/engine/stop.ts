import type { JsonValue } from "../../json.ts";
import { formatUsd, type PicoUsd } from "../../money/pico-usd.ts";
import type { Refusal, RefusalCode } from "../../refusals.ts";

/** Why a run stands: for whoever looks at it, and decides whether it goes on. */
export type Stop = {
  readonly reason:
    | "cap"
    | "budget"
    | "house_limit"
    | "key"
    | "connection"
    | "vendor_account"
    | "vendor_unavailable"
    | "disk"
    | "paused"
    | "error";
  /** A sentence. */
  readonly message: string;
  /** The row before which it stands, which still waits; null where it isn't about one. */
  readonly row: string | null;
  /** Which limit refuses: `max_cost` is the run's own. */
  readonly limit?: string;
  /** Decimal strings, USD. */
  readonly required?: string;
  readonly available?: string;
};

/** As the ledger keeps it and as it is answered: a run that stands names every field. */
export function stopJson({ reason, message, row, limit, required, available }: Stop): JsonValue {
  return {
    reason,
    message,
    row,
    limit: limit ?? null,
    required: required ?? null,
    available: available ?? null,
  };
}

/** The run's own cap: the next row doesn't fit any more. */
export function capStop(
  row: string,
  { required, available }: { readonly required: PicoUsd; readonly available: PicoUsd },
): Stop {
  const money = { required: formatUsd(required), available: formatUsd(available) };
  const message = `row ${row} may cost up to ${money.required} USD, and max_cost leaves ${money.available} USD`;
  return { reason: "cap", message, row, limit: "max_cost", ...money };
}

/** Refusals after which no other row would fare better. */
const STOPS: Partial<Readonly<Record<RefusalCode, Stop["reason"]>>> = {
  budget_exceeded: "budget",
  ledger_range: "budget",
  exposure_limit: "house_limit",
  vendor_cost_limit: "house_limit",
  invalid_api_key: "key",
  revoked_api_key: "key",
  expired_api_key: "key",
  model_not_available: "connection",
  vendor_account: "vendor_account",
};

/** Why a run stops that gets this refusal for a row; undefined where the row alone is refused. */
export function stopOf(refusal: Refusal, row: string | null): Stop | undefined {
  const reason = STOPS[refusal.code];
  if (reason === undefined) return undefined;
  const { limit, required, available } = refusal.details;
  return {
    reason,
    message: row === null ? refusal.message : `row ${row}: ${refusal.message}`,
    row,
    ...(limit === undefined ? {} : { limit }),
    ...(required === undefined ? {} : { required }),
    ...(available === undefined ? {} : { available }),
  };
}
