import { rmSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { dataFolder, FOLDER_PREFIX } from "./layout.ts";
import { processesAt, signalAll } from "./processes.ts";

/**
 * Leaves nothing behind of a server, however the process that started it ends. Waits until its standard
 * input closes, which the system sees to even after kill -9; then ends the server and removes its folder.
 * A process of its own, in a session of its own, so that what ends a whole test run doesn't end it.
 */

/** How long the server may take to release its memory before it is killed. */
const GRACE_MS = 3_000;

const [folder = ""] = process.argv.slice(2);
// It removes what it is given: a slip must not cost anybody more than a test's folder.
if (!basename(folder).startsWith(FOLDER_PREFIX)) throw new Error(`not a test's folder: ${folder}`);

await inputClosed();
await endServer();
rmSync(folder, { recursive: true, force: true });

function inputClosed(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.on("error", () => resolve()).on("close", () => resolve());
    process.stdin.resume();
  });
}

async function endServer(): Promise<void> {
  const startMs = performance.now();
  let left = processesAt(dataFolder(folder));
  signalAll(left, "SIGQUIT");
  while (left.length > 0) {
    await wait(10);
    left = processesAt(dataFolder(folder));
    if (performance.now() - startMs > GRACE_MS) signalAll(left, "SIGKILL");
  }
}
