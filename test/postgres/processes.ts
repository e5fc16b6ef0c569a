import { readdirSync, readFileSync } from "node:fs";

/**
 * The processes that have a folder among the arguments of their command line, and all their descendants.
 *
 * Linux only. Reads nothing of `/proc` that needs a right over the process: in a container root may end a
 * server that runs as somebody else, but not see its working folder. Ended but unreaped ones don't count.
 */
export function processesAt(folder: string): number[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(readProcess)
    .filter((read) => read !== undefined);
  const found = new Set(all.filter(({ words }) => words.includes(folder)).map(({ pid }) => pid));
  let before = -1;
  while (found.size > before) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Sends a signal to each of them; one that has ended meanwhile is what was wanted. */
export function signalAll(pids: readonly number[], signal: "SIGQUIT" | "SIGKILL"): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

type Process = { readonly pid: number; readonly parent: number; readonly words: readonly string[] };

function readProcess(name: string): Process | undefined {
  try {
    const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    // The name stands in brackets and may hold anything; state and parent follow it.
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : { pid: Number(name), parent: Number(parent), words };
  } catch {
    return undefined; // it has ended since the folder was read
  }
}
