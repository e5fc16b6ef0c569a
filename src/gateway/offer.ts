import type { AdoptableCall } from "../ledger/port.ts";
import type { Deps } from "./deps.ts";

/** Offers a call whose client left to the next request that is the same (MONEY §7). Never rejects. */
export async function offer(
  call: Pick<AdoptableCall, "holdId" | "body" | "again">,
  deps: Pick<Deps, "ledger" | "log" | "vendorTimeoutMs">,
): Promise<void> {
  try {
    await deps.ledger.noteAdoptable({ ...call, untilMs: deps.vendorTimeoutMs });
  } catch (cause) {
    // The call goes on for nobody: its client's next try is a call of its own.
    deps.log.warn({ receipt: call.holdId, cause }, "a call could not be offered for adoption");
  }
}
