import type { RunRefusal } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";

/** How no is said about runs. */

/** One of two that start the same run. */
export function runBusy(id: string, process: string): Refusal {
  const why = `run ${id} is being carried out by ${process}: pause it first, or follow it`;
  return new Refusal("run_busy", why, { param: "id", process, retryAfterSeconds: 5 });
}

/** @param done what can't be done with it, as in "can't be paused". */
export function refusedRun(id: string, refused: RunRefusal, done: string): Refusal {
  switch (refused.kind) {
    case "unknown_run":
      return noRun(id);
    case "wrong_state": {
      const why = `run ${id} is ${refused.state}, and can't be ${done}`;
      return new Refusal("conflict", why, { param: "id", sent: refused.state });
    }
    case "stale":
      return new Refusal("conflict", `run ${id} was taken by another process; ask again`);
    default:
      return refused satisfies never;
  }
}

export function noRun(id: string): Refusal {
  return new Refusal("not_found", `no such run on this account: ${id.slice(0, 80)}`, {
    param: "id",
    sent: id.slice(0, 80),
  });
}
