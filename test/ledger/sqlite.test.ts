import { openLedger } from "../../src/ledger/open.ts";
import { ledgerContract } from "./ledger-contract.ts";

ledgerContract("SQLite", openLedger);
