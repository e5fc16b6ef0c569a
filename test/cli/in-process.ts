import { Readable, Writable } from "node:stream";
import { runCli } from "../../src/cli/run-cli.ts";

/** What a command line came to: its exit code and what it said. */
export type Said = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

let isRunning = false;

/** One command at a time has the process's streams and environment. */
export const isFree = (): boolean => !isRunning;

/**
 * Runs a command line in this process, with streams and an environment of its own: what a started process does but
 * for the start, which is most of what a short command costs. Signals, kills and the launcher need a real one.
 */
export async function runHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input: string,
): Promise<Said> {
  isRunning = true;
  const { env } = process;
  const said = { stdout: "", stderr: "" };
  const restore = [
    replace(
      "stdout",
      collector((text) => (said.stdout += text)),
    ),
    replace(
      "stderr",
      collector((text) => (said.stderr += text)),
    ),
    replace("stdin", Readable.from(input === "" ? [] : [Buffer.from(input)])),
  ];
  process.env = { ...environment };
  try {
    const code = await runCli(args);
    return { code, ...said };
  } finally {
    process.env = env;
    for (const each of restore) each();
    isRunning = false;
  }
}

function collector(take: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      take(String(chunk));
      done();
    },
  });
}

function replace(name: "stdin" | "stdout" | "stderr", stream: Readable | Writable): () => void {
  const before = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, { configurable: true, value: stream });
  return () => {
    if (before !== undefined) Object.defineProperty(process, name, before);
  };
}
