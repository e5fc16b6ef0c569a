import { type Command, Option } from "commander";
import type { RunningEmulator } from "../../emulators/start.ts";
import { registrations } from "../vendors/registry.ts";
import { Misuse, refused } from "./failures.ts";
import { integer, port } from "./flags.ts";
import { openSession } from "./session.ts";
import { onStopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";

const PORT_DEFAULT = 4010;

type EmulateFlags = {
  readonly port: number;
  readonly host: string;
  readonly latencyMs?: number;
  readonly pictures?: "full" | "small";
};

/** `emulate`: runs the stand-ins of all vendors alone, for tests of other programs. */
export function addEmulate(program: Command, terminal: Terminal): void {
  program
    .command("emulate")
    .description("run the emulators of all vendors, without a gateway")
    .option("--port <port>", "0 takes any free one", port, PORT_DEFAULT)
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--latency-ms <milliseconds>", "how long a vendor seems to think", integer)
    .addOption(
      new Option(
        "--pictures <weight>",
        "full: realistic weight; small: only the right pixels",
      ).choices(["full", "small"]),
    )
    .action(async (flags: EmulateFlags, command: Command) => {
      openSession(command, terminal);
      const stopped = new Promise<void>((resolve) => {
        onStopSignal(resolve);
      });
      const emulator = await start(flags);
      terminal.result({ url: emulator.url, pid: process.pid }, () => banner(emulator.url));
      await stopped;
      await emulator.close();
    });
}

async function start(flags: EmulateFlags): Promise<RunningEmulator> {
  const { startEmulator } = await import("../../emulators/start.ts");
  try {
    return await startEmulator(flags);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    // Node's own errors (a port in use) carry a code; the emulators' own are about their settings.
    if (!("code" in cause)) throw new Misuse(cause.message, { cause });
    throw refused("start_failed", `can't listen on ${flags.host}:${flags.port}: ${cause.message}`, {
      cause,
    });
  }
}

function banner(url: string): string {
  return [
    `EMULATORS of all vendors at ${url}: no real money; every picture says SANDBOX.`,
    ...registrations.map(
      ({ baseUrlVariable, emulatorPath }) => `  ${baseUrlVariable}=${url}${emulatorPath}`,
    ),
    `GET ${url}/__calls lists what was called; the header x-emulate makes faults. Ctrl-C stops.`,
  ].join("\n");
}
