import { usePostgres } from "../postgres/use-postgres.ts";
import { checkpointContract } from "./checkpoint-contract.ts";
import { auditedPostgres } from "./postgres-audited.ts";

checkpointContract("PostgreSQL", auditedPostgres(usePostgres()));
