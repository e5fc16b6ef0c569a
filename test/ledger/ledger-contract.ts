import { accountContract } from "./account-contract.ts";
import { admissionContract } from "./admission-contract.ts";
import type { OpenStore } from "./bench.ts";
import { correctionContract } from "./correction-contract.ts";
import { holdContract } from "./hold-contract.ts";
import { houseContract } from "./house-contract.ts";
import { intentContract } from "./intent-contract.ts";
import { limitContract } from "./limit-contract.ts";
import { listContract } from "./list-contract.ts";
import { outcomeContract } from "./outcome-contract.ts";
import { reportContract } from "./report-contract.ts";
import { runContract } from "./run-contract.ts";
import { runMoneyContract } from "./run-money-contract.ts";
import { treeContract } from "./tree-contract.ts";
import { warningContract } from "./warning-contract.ts";

/** The laws of a ledger, whatever stores it. */
export function ledgerContract(name: string, open: OpenStore): void {
  holdContract(name, open);
  limitContract(name, open);
  accountContract(name, open);
  treeContract(name, open);
  houseContract(name, open);
  correctionContract(name, open);
  outcomeContract(name, open);
  admissionContract(name, open);
  intentContract(name, open);
  warningContract(name, open);
  listContract(name, open);
  reportContract(name, open);
  runContract(name, open);
  runMoneyContract(name, open);
}
