import type { Command } from "commander";
import { port } from "./flags.ts";
import { openSession } from "./session.ts";
import { onStopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";

type ServeFlags = {
  readonly port?: number;
  readonly host?: string;
  readonly sandbox?: true;
};

/** `serve`: runs the gateway until SIGINT or SIGTERM, then waits for the calls in flight. */
export function addServe(program: Command, terminal: Terminal): void {
  program
    .command("serve")
    .description("run the gateway")
    .option("--port <port>", "default: PORT, else 4000", port)
    .option("--host <address>", "default: HOST, else 127.0.0.1")
    .option("--sandbox", "emulators only, even where vendor keys are set")
    .action(async (flags: ServeFlags, command: Command) => {
      const { config } = openSession(command, terminal);
      const stopped = stopSignal(terminal);
      const { startGateway } = await import("../start/gateway.ts");
      const running = await startGateway(
        {
          ...config,
          port: flags.port ?? config.port,
          host: flags.host ?? config.host,
          mode: flags.sandbox === true ? "sandbox" : config.mode,
        },
        { say: terminal.line },
      );
      if (terminal.json) {
        const { url, world } = running;
        terminal.result({ url, world, home: config.home, pid: process.pid }, () => "");
      }
      await stopped;
      await running.close();
    });
}

/** Resolves at the first signal, also one that comes while the gateway is still starting. */
function stopSignal(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    onStopSignal(() => {
      terminal.line("stopping: waiting for calls in flight (again to stop at once)");
      resolve();
    });
  });
}
