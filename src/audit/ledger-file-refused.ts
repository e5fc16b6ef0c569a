/** Why a ledger's file is not backed up or restored. */
export type FileRefusal =
  | "backup_exists"
  | "backup_failed"
  | "gateway_running"
  | "ledger_exists"
  | "ledger_unsound"
  | "no_ledger";

/** Nothing was changed: what is said tells what to do instead. */
export class LedgerFileRefused extends Error {
  override readonly name = "LedgerFileRefused";
  readonly code: FileRefusal;

  constructor(code: FileRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
