import type { Config } from "../config.ts";
import type { Log } from "../gateway/deps.ts";
import { openResultFolder, type ResultFolder } from "../results/folder.ts";
import { StartError } from "./errors.ts";

/** Answers whose time is over are looked for this often; at once again while there are more. */
const SWEEP_MS = 60 * 60_000;
const SWEEP_MORE_MS = 10_000;

/**
 * Opens the folder of answers that may be asked for again, and keeps it swept until the stack is disposed of.
 *
 * @throws StartError when it can't be used.
 */
export function openResults(config: Config, log: Log, stack: AsyncDisposableStack): ResultFolder {
  const results = openFolder(config, log);
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> | undefined;
  const sweepAndWait = (): void => {
    sweeping = sweep(results, log).then((more) => {
      timer = setTimeout(sweepAndWait, more ? SWEEP_MORE_MS : SWEEP_MS).unref();
    });
  };
  sweepAndWait();
  stack.defer(async () => {
    await sweeping;
    clearTimeout(timer);
  });
  return results;
}

function openFolder(config: Config, log: Log): ResultFolder {
  const { folder } = config.results;
  try {
    return openResultFolder({
      ...config.results,
      problem: (receipt, cause) =>
        log.error({ receipt, cause }, "an answer can't be kept, or read, to be given again"),
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(`the folder of results ${folder} can't be used: ${why}`, { cause });
  }
}

/** Whether there is more to remove. */
async function sweep(results: ResultFolder, log: Log): Promise<boolean> {
  try {
    const { removed, bytes, more } = await results.sweep();
    if (removed > 0) log.info({ removed, bytes }, "kept answers whose time is over were removed");
    return more;
  } catch (cause) {
    log.error({ cause }, "kept answers whose time is over could not be removed");
    return false;
  }
}
