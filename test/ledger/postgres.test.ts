import { usePostgres } from "../postgres/use-postgres.ts";
import { ledgerContract } from "./ledger-contract.ts";
import { openInDatabases } from "./postgres-homes.ts";
import { runModelContract } from "./run-model-contract.ts";

const open = openInDatabases(usePostgres());

ledgerContract("PostgreSQL", open);
runModelContract("PostgreSQL", open, 4);
