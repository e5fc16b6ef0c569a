import { headsFolder, writeHeads } from "../audit/head-files.ts";
import type { Log } from "../gateway/deps.ts";
import type { World } from "../ledger/open.ts";
import type { Ledger } from "../ledger/port.ts";

/**
 * Keeps the heads of every chain in `<home>/heads`, a file a UTC day. What is returned writes today's where
 * they are missing: to be called at a start and every minute. A day that can't be written is an alarm and is
 * tried again; orders go on.
 */
export function headsKeeper(of: {
  readonly ledger: Pick<Ledger, "heads">;
  readonly home: string;
  readonly world: World;
  readonly log: Pick<Log, "error">;
}): () => Promise<void> {
  const { ledger, home, world, log } = of;
  const folder = headsFolder(home);
  return async () => {
    try {
      await writeHeads({ ledger, folder, world, nowMs: Date.now() });
    } catch (cause) {
      log.error({ cause }, "today's heads could not be written");
    }
  };
}
