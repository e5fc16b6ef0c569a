import type { Config } from "../config.ts";
import type { Log } from "../gateway/deps.ts";
import { openResultFolder } from "../results/folder.ts";
import type { SweptStore } from "../results/port.ts";
import { bucketRunFiles, folderRunFiles, type RunFiles } from "../results/run-files.ts";
import { openS3Results } from "../results/s3-results.ts";
import { placeText } from "../results/store-place.ts";
import { StartError } from "./errors.ts";
import { openBucket } from "./open-bucket.ts";

/** Answers whose time is over are looked for this often; at once again while there are more. */
const SWEEP_MS = 60 * 60_000;
const SWEEP_MORE_MS = 10_000;

/** What is kept at one place for those who ask for it. */
export type Kept = {
  readonly results: SweptStore;
  /** Beside the results: what the rows of runs work on. */
  readonly runFiles: RunFiles;
};

/**
 * Opens the store of answers and pictures that may be asked for again, and keeps it swept until the stack is disposed of.
 *
 * @throws StartError when it can't be used.
 */
export function openResults(config: Config, log: Log, stack: AsyncDisposableStack): Kept {
  const kept = openStore(config, log, stack);
  const { results } = kept;
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
  return kept;
}

function openStore(config: Config, log: Log, stack: AsyncDisposableStack): Kept {
  const { place, bytesMax } = config.results;
  const problem = (receipt: string, cause: unknown): void =>
    log.error({ receipt, cause }, "an answer can't be kept, or read, to be given again");
  if (place.kind === "s3") {
    const bucket = openBucket(place, { setting: "SPOTMETER_RESULTS", s3: config.s3 }, stack);
    const { prefix } = place;
    return {
      results: openS3Results({ bucket, prefix, problem }),
      runFiles: bucketRunFiles(bucket, prefix),
    };
  }
  try {
    const { folder } = place;
    // The folder of results first: it makes itself its owner's alone.
    const results = openResultFolder({ folder, bytesMax, problem });
    return { results, runFiles: folderRunFiles(folder) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(`the folder of results ${placeText(place)} can't be used: ${why}`, {
      cause,
    });
  }
}

/** Whether there is more to remove. */
async function sweep(results: SweptStore, log: Log): Promise<boolean> {
  try {
    const { removed, bytes, more } = await results.sweep();
    if (removed > 0) log.info({ removed, bytes }, "kept answers whose time is over were removed");
    return more;
  } catch (cause) {
    log.error({ cause }, "kept answers whose time is over could not be removed");
    return false;
  }
}
