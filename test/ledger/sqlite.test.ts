import { openLedger } from "../../src/ledger/open.ts";
import { ledgerContract } from "./ledger-contract.ts";
import { runModelContract } from "./run-model-contract.ts";

ledgerContract("SQLite", openLedger);
runModelContract("SQLite", openLedger, 10);
