/** The store's clock: the server's, so that all processes on it agree. */
export type Clock = {
  /** As near as can be had without asking the server. */
  readonly nowMs: () => number;
  /** Takes what the server's clock showed; returns the instant that counts. */
  readonly read: (serverMs: number) => number;
};

/** Remembers by how much this machine's clock differs. */
export function serverClock(): Clock {
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    read: (serverMs) => {
      aheadMs = serverMs - Date.now();
      return serverMs;
    },
  };
}

/** A clock in the hands of a test. */
export function givenClock(nowMs: () => number): Clock {
  return { nowMs, read: nowMs };
}
