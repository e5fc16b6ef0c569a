import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanEnvironment } from "../../scripts/clean-environment.ts";
import type { Door } from "./sandbox.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A gateway in a process of its own, as `spotmeter serve` starts it. */
export type ChildGateway = Door & {
  readonly pid: number;
  readonly masterKey: string;
  /** What it has logged and said so far. */
  readonly output: () => string;
  /** Ends it with a signal and waits until it is gone. */
  readonly kill: (signal: "SIGKILL" | "SIGTERM") => Promise<void>;
};

/** Starts it on any free port; resolves once `/readyz` is true. @throws with its output when it ends instead. */
export async function startChild(of: {
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
}): Promise<ChildGateway> {
  const child = spawn(process.execPath, [join(root, "src/cli/main.ts"), "serve", "--port", "0"], {
    cwd: of.home,
    env: {
      ...cleanEnvironment(process.env),
      SPOTMETER_HOME: of.home,
      LOG_LEVEL: "debug",
      ...of.environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  }
  const output = (): string => Buffer.concat(chunks).toString("utf8");
  const { pid = 0 } = child;
  const run = await ready(child, of.home, output);
  const { apiKey = "", masterKey = "" } = readJson(join(of.home, "sandbox.json")) ?? {};
  return {
    url: run["address"] ?? "",
    adminToken: run["adminToken"] ?? "",
    apiKey,
    masterKey,
    pid,
    output,
    kill: (signal) => kill(child, signal),
  };
}

async function ready(
  child: ChildProcess,
  home: string,
  output: () => string,
): Promise<Record<string, string>> {
  for (;;) {
    if (hasEnded(child)) throw new Error(`the gateway ended at its start:\n${output()}`);
    const run = readJson(join(home, "run.json"));
    // An earlier process, killed, may have left its own file behind.
    if (run !== undefined && Number(run["pid"]) === child.pid && (await isReady(run["address"]))) {
      return run;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function isReady(address: string | undefined): Promise<boolean> {
  try {
    return (await fetch(`${address}/readyz`)).status === 200;
  } catch {
    return false; // not listening yet
  }
}

async function kill(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function readJson(file: string): Record<string, string> | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  } catch {
    return undefined; // not written yet
  }
}
