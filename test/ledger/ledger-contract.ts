import { accountContract } from "./account-contract.ts";
import type { OpenStore } from "./bench.ts";
import { holdContract } from "./hold-contract.ts";
import { intentContract } from "./intent-contract.ts";
import { limitContract } from "./limit-contract.ts";
import { reportContract } from "./report-contract.ts";

/** The laws of a ledger, whatever stores it. */
export function ledgerContract(name: string, open: OpenStore): void {
  holdContract(name, open);
  limitContract(name, open);
  accountContract(name, open);
  intentContract(name, open);
  reportContract(name, open);
}
