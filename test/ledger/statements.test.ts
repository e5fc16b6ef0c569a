import { usePostgres } from "../postgres/use-postgres.ts";
import { auditedPostgres } from "./postgres-audited.ts";
import { auditedSqlite } from "./sqlite-audited.ts";
import { statementContract } from "./statement-contract.ts";

statementContract("SQLite", auditedSqlite);
statementContract("PostgreSQL", auditedPostgres(usePostgres()));
