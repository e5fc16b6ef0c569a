import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cleanEnvironment } from "../../scripts/clean-environment.ts";
import { showSetting, withClient } from "./databases.ts";
import type { FoundPostgres } from "./find-postgres.ts";
import { installPackage } from "./install-package.ts";
import { dataFolder, FOLDER_PREFIX } from "./layout.ts";
import { processesAt, signalAll } from "./processes.ts";

/** How a server goes down: in order, at once without a checkpoint, or by kill -9 of all its processes. */
export type HaltMode = "fast" | "immediate" | "kill";

const SUPERUSER = "spotmeter";
/** `nobody` on every Linux: PostgreSQL refuses to run as root. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };
const START_WITHIN_MS = 30_000;
const HALT_WITHIN_MS = 30_000;

/** Modest, and as durable as a real ledger's server. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "64MB",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  // In the data folder, so that it goes with it after kill -9.
  dynamic_shared_memory_type: "mmap",
};

/** A start that ended with one of these may be tried again: what is in its way goes by itself. */
const PASSING =
  /Address already in use|pre-existing shared memory block|lock file "postmaster.pid" already/;

/** A server of our own: processes and a temporary folder that end with the process that asked for it. */
export class OwnServer {
  readonly #folder: string;
  readonly #guard: ChildProcess;
  #postgres = "";
  #port = 0;
  #server: ChildProcess | undefined;

  /** Makes an empty cluster and starts it. @throws with the server's own words when that fails; nothing is left then. */
  static async start(found: Exclude<FoundPostgres, { source: "url" }>): Promise<OwnServer> {
    const server = new OwnServer();
    try {
      await server.#initialize(found);
      await server.resume();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  private constructor() {
    // The real path: the server reports its data folder without links.
    this.#folder = mkdtempSync(join(realpathSync(tmpdir()), FOLDER_PREFIX));
    const guard = fileURLToPath(new URL("guard-child.ts", import.meta.url));
    this.#guard = spawn(process.execPath, [guard, this.#folder], {
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
  }

  /** The same before and after a restart. */
  get adminUrl(): string {
    return `postgresql://${SUPERUSER}@127.0.0.1:${this.#port}/postgres`;
  }

  /** Starts it again after a halt; resolves once it takes connections, after recovery if there was a crash. */
  async resume(): Promise<void> {
    if (this.#server !== undefined && !hasEnded(this.#server)) {
      throw new Error("PostgreSQL is running: halt it first");
    }
    const startMs = performance.now();
    for (;;) {
      // Found once: whoever has its address finds it there again.
      if (this.#server === undefined) this.#port = await freePort();
      const failure = await this.#tryToStart(startMs + START_WITHIN_MS);
      if (failure === undefined) return;
      if (!PASSING.test(failure) || performance.now() - startMs > START_WITHIN_MS) {
        throw new Error(`PostgreSQL did not start: ${failure}`);
      }
      await wait(100);
    }
  }

  /** Takes it down; what was committed is there when it resumes. */
  async halt(mode: HaltMode): Promise<void> {
    const server = this.#server;
    if (server?.pid === undefined || hasEnded(server)) return;
    const ended = once(server, "exit");
    if (mode === "kill") signalAll(processesAt(dataFolder(this.#folder)), "SIGKILL");
    else server.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      signalAll(processesAt(dataFolder(this.#folder)), "SIGKILL");
    }, HALT_WITHIN_MS);
    await ended;
    clearTimeout(timer);
    if (hangs)
      throw new Error(`PostgreSQL had to be killed: no ${mode} end in ${HALT_WITHIN_MS} ms`);
  }

  /** Ends it for good and removes its folder. */
  async remove(): Promise<void> {
    try {
      // Nobody reads its data again: it need not write them down first.
      await this.halt("immediate");
    } finally {
      const gone = hasEnded(this.#guard) ? undefined : once(this.#guard, "exit");
      this.#guard.stdin?.end();
      await gone;
    }
    const { exitCode, signalCode } = this.#guard;
    if (existsSync(this.#folder)) {
      throw new Error(`${this.#folder} is left: its guard ended with ${signalCode ?? exitCode}`);
    }
  }

  async #initialize(found: Exclude<FoundPostgres, { source: "url" }>): Promise<void> {
    const data = dataFolder(this.#folder);
    mkdirSync(data, { mode: 0o700 });
    const user = unprivileged();
    if (user !== undefined) {
      chmodSync(this.#folder, 0o755);
      chownSync(data, user.uid, user.gid);
    }
    const bin =
      found.source === "local"
        ? found.binFolder
        : await installPackage(found.nativeFolder, join(this.#folder, "native"));
    this.#postgres = join(bin, "postgres");
    // An empty cluster needn't be on the disk: the server itself syncs whatever is written later.
    const rules = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
    await promisify(execFile)(
      join(bin, "initdb"),
      ["-D", data, `--username=${SUPERUSER}`, ...rules],
      this.#spawnOptions(),
    );
  }

  /** Undefined once it takes connections, else what it said before it ended. */
  async #tryToStart(deadlineMs: number): Promise<string | undefined> {
    const log = join(this.#folder, "log");
    const descriptor = openSync(log, "w");
    const settings = Object.entries({ ...SETTINGS, port: this.#port });
    const server = spawn(
      this.#postgres,
      [
        "-D",
        dataFolder(this.#folder),
        ...settings.flatMap(([name, to]) => ["-c", `${name}=${to}`]),
      ],
      // Its own session: Ctrl-C is for the tests; the guard ends the server after them.
      { ...this.#spawnOptions(), detached: true, stdio: ["ignore", descriptor, descriptor] },
    );
    closeSync(descriptor);
    await once(server, "spawn");
    while (!hasEnded(server)) {
      if (await this.#takesConnections()) {
        this.#server = server;
        return undefined;
      }
      if (performance.now() > deadlineMs)
        signalAll(processesAt(dataFolder(this.#folder)), "SIGKILL");
      await wait(20);
    }
    return readFileSync(log, "utf8");
  }

  /** Another server may have taken the port first: only the one with our data counts. */
  async #takesConnections(): Promise<boolean> {
    try {
      const data = await withClient(this.adminUrl, (client) =>
        showSetting(client, "data_directory"),
      );
      return data === dataFolder(this.#folder);
    } catch {
      return false; // not yet; if never, its log says why
    }
  }

  #spawnOptions() {
    // LC_ALL: its messages are read here.
    const env = { ...cleanEnvironment(process.env), LC_ALL: "C" };
    return { cwd: this.#folder, env, ...unprivileged() };
  }
}

/** Whom to run as; undefined where we are nobody special ourselves. */
function unprivileged(): typeof UNPRIVILEGED | undefined {
  return process.getuid?.() === 0 ? UNPRIVILEGED : undefined;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Below the ports that the system hands out, so that none of its choices is in the way of a restart. */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
  throw new Error("no free port on 127.0.0.1 among 100 from 20000 to 29999");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
