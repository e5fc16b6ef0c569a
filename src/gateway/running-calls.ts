/**
 * The calls that run in this process. Only saves those who wait for one of them the asking: what became of a
 * call, the ledger says.
 */
export class RunningCalls {
  readonly #ends = new Map<string, AbortSignal>();

  /** Until what it returns is disposed of, the call runs. */
  begin(holdId: string): Disposable {
    const ended = new AbortController();
    this.#ends.set(holdId, ended.signal);
    return {
      [Symbol.dispose]: () => {
        this.#ends.delete(holdId);
        ended.abort();
      },
    };
  }

  /** Aborted when the call ends. Undefined for one that doesn't run here. */
  end(holdId: string): AbortSignal | undefined {
    return this.#ends.get(holdId);
  }
}
