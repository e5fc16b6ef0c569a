import type { RouteFacts } from "../ledger/request-facts.ts";
import { formatUsd } from "../money/pico-usd.ts";

/** How a model was chosen, as quotes, answers and receipts say it (`route`). */
export type RouteJson = {
  readonly requested: string;
  readonly preset: string | null;
  readonly chosen: string;
  readonly quality: string | null;
  readonly reasons: readonly string[];
  readonly runner_up: {
    readonly model: string;
    readonly quality: string | null;
    readonly total: string;
  } | null;
};

/** Null where the caller named the model. */
export function routeJson(route: RouteFacts | undefined): RouteJson | null {
  if (route === undefined) return null;
  const { requested, preset, chosen, quality, reasons, runnerUp } = route;
  return {
    ...{ requested, preset, chosen, quality, reasons },
    runner_up: runnerUp === null ? null : { ...runnerUp, total: formatUsd(runnerUp.total) },
  };
}
