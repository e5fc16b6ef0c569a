import { join } from "node:path";
import { adoptionContract } from "./adoption-contract.ts";
import type { Gateways } from "./once-bench.ts";
import { onceContract } from "./once-contract.ts";
import { startSandbox } from "./sandbox.ts";

/** One gateway on a SQLite ledger: both doors are its own. */
async function open(): Promise<Gateways> {
  // A call that hangs is given up soon, for whoever adopted it.
  const sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "2500" } });
  const { url, adminToken } = sandbox.gateway;
  const door = { url, apiKey: sandbox.apiKey, adminToken };
  return {
    first: door,
    second: door,
    emulatorUrl: sandbox.emulator.url,
    results: join(sandbox.home, "results"),
    close: sandbox.close,
  };
}

onceContract("one gateway", open);
adoptionContract("one gateway", open);
