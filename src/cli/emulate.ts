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
  readonly gateway?: true;
  readonly lie: readonly string[];
};

/** `emulate`: runs the stand-ins of all vendors alone, or that of somebody's gateway, for tests of other programs. */
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
    .option("--gateway", "run somebody else's gateway instead: keys, a balance, a price")
    .option(
      "--lie <what>",
      "with --gateway: what it lies about; may be given again (docs/probe.md lists all)",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .action(async (flags: EmulateFlags, command: Command) => {
      if (flags.gateway !== true && flags.lie.length > 0) {
        throw new Misuse("--lie goes with --gateway: vendors are told to fail by x-emulate");
      }
      openSession(command, terminal);
      const stopped = new Promise<void>((resolve) => {
        onStopSignal(resolve);
      });
      const emulator = await start(flags);
      const lies = flags.gateway === true ? { lies: flags.lie } : {};
      terminal.result({ url: emulator.url, pid: process.pid, ...lies }, () =>
        flags.gateway === true ? gatewayBanner(emulator.url, flags.lie) : banner(emulator.url),
      );
      await stopped;
      await emulator.close();
    });
}

async function start({ gateway, lie, ...options }: EmulateFlags): Promise<RunningEmulator> {
  try {
    if (gateway === true) {
      const { startEmulatedGateway } = await import("../../emulators/gateway/start.ts");
      return await startEmulatedGateway({ ...options, lies: lie });
    }
    const { startEmulator } = await import("../../emulators/start.ts");
    return await startEmulator(options);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    // Node's own errors (a port in use) carry a code; the emulators' own are about their settings.
    if (!("code" in cause)) throw new Misuse(cause.message, { cause });
    const { host, port } = options;
    throw refused("start_failed", `can't listen on ${host}:${port}: ${cause.message}`, { cause });
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

function gatewayBanner(url: string, lies: readonly string[]): string {
  return [
    `EMULATED GATEWAY at ${url}/v1: no real money; every picture says SANDBOX.`,
    `  ${lies.length === 0 ? "It is honest." : `It lies: ${lies.join(", ")}.`}`,
    `Any key has 10 USD. GET ${url}/__charges lists what was charged. Ctrl-C stops.`,
  ].join("\n");
}
