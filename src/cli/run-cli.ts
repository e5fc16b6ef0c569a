import { CommanderError } from "commander";
import { EXIT, failureOf } from "./failures.ts";
import { createProgram } from "./program.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

/** Runs one command line and returns the exit code. Never throws: every failure is said in one place. */
export async function runCli(args: readonly string[]): Promise<number> {
  const terminal = createTerminal({ json: asksForJson(args) });
  const program = createProgram(terminal);
  try {
    await program.parseAsync([...args], { from: "user" });
    return terminal.exitCode();
  } catch (cause) {
    return cause instanceof CommanderError
      ? afterCommander(cause, terminal)
      : terminal.fail(failureOf(cause));
  }
}

/** Known before the rest is understood, because a misused command line must answer in JSON too. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).includes("--json");
}

/** Help and version have been printed already; so has a misuse, unless it is to be JSON. */
function afterCommander(cause: CommanderError, terminal: Terminal): number {
  if (cause.exitCode === 0) return EXIT.done;
  if (terminal.json) terminal.fail(failureOf(cause));
  return EXIT.misused;
}
