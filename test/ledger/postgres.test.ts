import { usePostgres } from "../postgres/use-postgres.ts";
import { ledgerContract } from "./ledger-contract.ts";
import { openInDatabases } from "./postgres-homes.ts";

ledgerContract("PostgreSQL", openInDatabases(usePostgres()));
