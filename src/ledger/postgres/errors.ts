import { DatabaseError } from "pg";
import { LedgerUnavailable } from "../port.ts";

/**
 * Codes and classes of codes that speak of the server and not of the statement: no connection, not
 * allowed in, no such database, a read-only standby, a connection that was ended, out of memory or disk or
 * connections, a row that somebody holds too long, cancelled by a timeout, shut down, an error of the disk,
 * damaged data.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const TROUBLE = [
  ...["08", "28", "3D000", "25006", "25P03", "53", "55P03", "57", "58", "XX001", "XX002"],
] as const;

/** Rolled back for the sake of another transaction: the same again may well succeed. */
const AGAIN = ["40001", "40P01"] as const;

/** "Cached plan must not change result type", "prepared statement does not exist". */
const STALE = ["0A000", "26000"] as const;

/**
 * An error of the driver as the ledger says it: `LedgerUnavailable`, or a plain error for what the server
 * says of a statement, which is a bug. What the driver threw is its cause.
 */
export function ledgerError(error: unknown): Error {
  const message = messageOf(error);
  if (isOfStatement(error)) return new Error(message, { cause: error });
  return new LedgerUnavailable(`PostgreSQL: ${message}`, { cause: error });
}

/** Of a host with several addresses, none of which answers, the reasons are said one by one. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

/** A plan that no longer fits its table, or was never made over this connection: made anew over another one. */
export function isStalePlan(error: unknown): boolean {
  return error instanceof Error && STALE.some((code) => code === codeOf(error.cause));
}

/** Whether a transaction that ended with this error is worth another try. */
export function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof LedgerUnavailable && AGAIN.some((code) => code === codeOf(error.cause));
}

/** Whatever isn't the server's word is an error of the connection. */
function isOfStatement(error: unknown): boolean {
  const code = codeOf(error);
  return code !== "" && ![...TROUBLE, ...AGAIN].some((trouble) => code.startsWith(trouble));
}

function codeOf(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? "") : "";
}
