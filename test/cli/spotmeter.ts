import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { cleanEnvironment } from "../../scripts/clean-environment.ts";
import { isFree, runHere, type Said } from "./in-process.ts";

/** The standard prompt of the project: 15 o200k tokens, 79 bytes. */
export const MUG =
  "E-commerce product photo, matte ceramic mug, white background, softbox lighting";
/** The order whose price every reader of the design knows. */
export const MUG_ORDER = [MUG, "--model=gpt-image-2", "--quality=low", "--size=1024x1024"] as const;

const LAUNCHER = new URL("../../bin/spotmeter", import.meta.url).pathname;

export type Environment = Readonly<Record<string, string>>;

export type Finished = Said & {
  /** The one JSON object on standard output; fails on anything else there. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape
  readonly json: () => any;
};

/** A folder that is gone when its scope ends. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "spotmeter-cli-"));
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Starts the real launcher, with nothing of this process's settings but what is given. */
export function startSpotmeter(args: readonly string[], environment: Environment): ChildProcess {
  const child = spawn(LAUNCHER, args, { env: settingsOf(environment) });
  child.stdout?.setEncoding("utf8");
  child.stderr?.setEncoding("utf8");
  return child;
}

/** The environment of a command: nothing of this process's settings but what is given. */
function settingsOf(environment: Environment): Record<string, string> {
  return {
    ...cleanEnvironment(process.env),
    EMULATOR_LATENCY_MS: "0",
    EMULATOR_PICTURES: "small",
    ...environment,
  };
}

/** Runs one command to its end; in this process, unless another one runs in it at this moment. */
export async function spotmeter(
  args: readonly string[],
  environment: Environment,
  input = "",
): Promise<Finished> {
  if (!isFree()) return await launchSpotmeter(args, environment, input);
  const said = await runHere(args, settingsOf(environment), input);
  return { ...said, json: () => JSON.parse(said.stdout) };
}

/** Runs one command to its end as users do: the launcher, in a process of its own. */
export async function launchSpotmeter(
  args: readonly string[],
  environment: Environment,
  input = "",
): Promise<Finished> {
  const child = startSpotmeter(args, environment);
  const finished = finish(child);
  child.stdin?.end(input);
  return await finished;
}

/** Everything that a started command says, once it has ended. */
export async function finish(child: ChildProcess): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr, json: () => JSON.parse(stdout) };
}

/** A server started by `serve` or `emulate` with `--json`: its one object, and a way to end it. */
export async function startServer(args: readonly string[], environment: Environment) {
  const child = startSpotmeter([...args, "--json"], environment);
  const finished = finish(child);
  const first = new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (more: string) => {
      text += more;
      if (text.endsWith("\n")) resolve(text);
    });
    void finished.then(({ stderr }) => reject(new Error(`ended before it was ready: ${stderr}`)));
  });
  const said = JSON.parse(await first) as { readonly url: string; readonly pid: number };
  return {
    ...said,
    child,
    finished,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await finished;
    },
  };
}

/** Waits until an emulator has seen so many calls. */
export async function callsOf(emulatorUrl: string, count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const response = await fetch(`${emulatorUrl}/__calls`);
      const { calls } = (await response.json()) as { readonly calls: readonly unknown[] };
      if (calls.length < count) throw new Error(`${calls.length} calls of ${count}`);
    },
    { timeout: 20_000, interval: 25 },
  );
}
